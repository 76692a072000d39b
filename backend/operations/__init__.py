"""The operations: importing this package declares them all."""

from backend.operations import console, documented, jobs

__all__ = ["console", "documented", "jobs"]
