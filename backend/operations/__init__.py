"""The operations: importing this package declares them all."""

from backend.operations import accounts, console, documented, exports, history, jobs, pictures

__all__ = ["accounts", "console", "documented", "exports", "history", "jobs", "pictures"]
