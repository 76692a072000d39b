"""Keeping an installation healthy: backups, the lock on its data, the doctor."""
