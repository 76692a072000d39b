"""The operations: importing this package declares them all."""

from backend.operations import accounts, console, covers, documented, drift, exports, history, jobs, trash

__all__ = ["accounts", "console", "covers", "documented", "drift", "exports", "history", "jobs", "trash"]
