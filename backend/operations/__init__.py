"""The operations: importing this package declares them all."""

from backend.operations import console, documented, exports, jobs, pictures

__all__ = ["console", "documented", "exports", "jobs", "pictures"]
