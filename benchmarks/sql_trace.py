"""What our store tells SQLite, noted, so that bare sqlite3 can be told the very same."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from backend.store import Store, open_store

Statement: TypeAlias = tuple[str, Any]  # SQL and its values


@contextmanager
def traced_store(path: Path) -> Iterator[tuple[Store, list[Statement]]]:
    """Give a store whose statements are noted, but for pragmas; what opening takes is not among them."""
    seen: list[Statement] = []

    class Noting(sqlite3.Connection):
        def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
            if not sql.startswith("pragma"):
                seen.append((sql, values))
            return super().execute(sql, values)

        def executemany(self, sql: str, rows: Iterable[Any]) -> sqlite3.Cursor:
            rows = list(rows)
            seen.extend((sql, row) for row in rows)
            return super().executemany(sql, rows)

    connect = sqlite3.connect
    sqlite3.connect = lambda *given, **named: connect(*given, **named, factory=Noting)  # type: ignore[assignment]
    try:
        store = open_store(path.parent)
        seen.clear()
        yield store, seen
        store.close()
    finally:
        sqlite3.connect = connect
