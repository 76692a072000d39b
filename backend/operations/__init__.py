"""The operations: importing this package declares them all."""

from backend.operations import cloud, console, documented, jobs

__all__ = ["cloud", "console", "documented", "jobs"]
