"""Operation of an installation: backups, the data lock, and the doctor."""
