"""Sets of names that may be larger than memory, in a file that SQLite deletes by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager

CACHED_KB = 16_000
TABLES = """
    create table names (name text primary key) strict, without rowid;
    create table expected (owner text not null, name text not null) strict;
    create table found (owner text not null, name text not null) strict;
"""
# Each side is sorted and then read once, in order: no index is built, and no more memory is taken for more rows.
MISSING = """
    select owner, name from expected where name <> '' except select owner, name from found order by owner, name
"""
UNKNOWN = "select owner from found except select owner from expected order by owner"
KNOWN = "select count(*) from (select owner from found intersect select owner from expected order by owner)"


class ScratchNames:
    """Names that were seen, and files of owners that are expected and found."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add(self, name: str) -> bool:
        """Note a name, and return whether it is new."""
        return self._connection.execute("insert or ignore into names values (?)", [name]).rowcount == 1

    def expect(self, files: Iterable[tuple[str, str]]) -> None:
        """Note files (owner, name) that there should be. An owner without files has one of an empty name."""
        self._connection.executemany("insert into expected values (?, ?)", files)

    def find(self, files: Iterable[tuple[str, str]]) -> None:
        """Note files (owner, name) that there are."""
        self._connection.executemany("insert into found values (?, ?)", files)

    def missing(self) -> Iterator[tuple[str, str]]:
        """Yield the files that are expected and were not found, in order."""
        return iter(self._connection.execute(MISSING))

    def unknown_owners(self) -> Iterator[str]:
        """Yield the owners of files of whom none is expected, in order."""
        return (owner for (owner,) in self._connection.execute(UNKNOWN))

    def count_known_owners(self) -> int:
        """Return how many owners of files are expected."""
        count: int = self._connection.execute(KNOWN).fetchone()[0]
        return count


@contextmanager
def open_scratch() -> Iterator[ScratchNames]:
    """Open empty sets. Their file is in the folder for temporary files, `TMPDIR`."""
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        for sql in (f"pragma cache_size = -{CACHED_KB}", "pragma temp_store = file", "pragma journal_mode = off"):
            connection.execute(sql)
        connection.executescript(TABLES)
        connection.execute("begin")
        yield ScratchNames(connection)
