"""The operations: importing this package declares them all."""

from backend.operations import (
    accounts,
    categories,
    cloud_uploads,
    console,
    covers,
    documented,
    drift,
    exports,
    history,
    jobs,
    reviews,
    trash,
)

__all__ = [
    "accounts",
    "categories",
    "cloud_uploads",
    "console",
    "covers",
    "documented",
    "drift",
    "exports",
    "history",
    "jobs",
    "reviews",
    "trash",
]
