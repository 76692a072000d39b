"""The operations: importing this package declares them all."""

from backend.operations import console, documented

__all__ = ["console", "documented"]
