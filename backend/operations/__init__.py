"""The operations: importing this package declares them all."""

from backend.operations import accounts, console, documented, history, jobs

__all__ = ["accounts", "console", "documented", "history", "jobs"]
