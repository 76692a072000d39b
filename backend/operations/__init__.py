"""The operations: importing this package declares them all."""

from backend.operations import accounts, cloud, console, documented, exports, history, jobs, pictures, trash

__all__ = ["accounts", "cloud", "console", "documented", "exports", "history", "jobs", "pictures", "trash"]
