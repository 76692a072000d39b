"""Maps SQLite errors to StoreError."""

from __future__ import annotations

import sqlite3

from backend.store.errors import Reason, StoreError

REASONS = {
    "BUSY": Reason.BUSY,
    "LOCKED": Reason.BUSY,
    "PROTOCOL": Reason.BUSY,
    "FULL": Reason.FULL,
    "READONLY": Reason.READ_ONLY,
    "IOERR": Reason.UNREACHABLE,
    "CANTOPEN": Reason.UNREACHABLE,
    "CORRUPT": Reason.DAMAGED,
    "NOTADB": Reason.DAMAGED,
}


def store_error(text: str, error: sqlite3.Error | OSError) -> StoreError:
    """Return the StoreError for an SQLite error, to be raised from it."""
    name: str = getattr(error, "sqlite_errorname", "")
    return StoreError(text, REASONS.get(name.removeprefix("SQLITE_").partition("_")[0], Reason.OTHER))
