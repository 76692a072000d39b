"""The operations: importing this package declares them all."""

from backend.operations import console, documented, jobs, pictures

__all__ = ["console", "documented", "jobs", "pictures"]
