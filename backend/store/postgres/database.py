"""PostgreSQL implementation of `backend.store.engine.Database`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, cast

import psycopg
from psycopg import RawCursor
from psycopg.adapt import AdaptersMap, Loader
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from backend.store.engine import Rows
from backend.store.postgres.clock import Clock

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]
Row: TypeAlias = tuple[Any, ...]
Connection: TypeAlias = psycopg.Connection[Row]

# Strings, comments and casts are left as they are.
TOKEN = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::|\?|:([A-Za-z_]\w*)|present_second\(\)")
PRESENT = "present_second()"
# What returns all columns is not prepared, since an upgrade by another process may add columns, and PostgreSQL refuses
# to execute such a statement with others than before.
ALL_COLUMNS = re.compile(r"\b(?:select|returning)\s+(?:\w+\.)?\*", re.IGNORECASE)


class Statement(NamedTuple):
    """A statement with numbered placeholders; `names` are those of its values, None if they have none."""

    sql: str
    names: tuple[str, ...] | None
    is_timed: bool  # the last value is the present second
    is_prepared: bool | None  # None: after it was executed a few times


@lru_cache(2000)
def translate(sql: str) -> Statement:
    """Number the placeholders `?` or `:name` of a statement, and the present second."""
    count, is_timed = 0, False
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        nonlocal count, is_timed
        what, name = found[0], found[1]
        if what == "?":
            count += 1
            return f"${count}"
        if name is not None:
            if name not in names:
                names.append(name)
            return f"${names.index(name) + 1}"
        is_timed = is_timed or what == PRESENT
        return what

    text = TOKEN.sub(number, sql)
    if count and names:
        raise ValueError(f"a statement has placeholders of two kinds: {sql}")
    if is_timed:
        text = text.replace(PRESENT, f"${count + len(names) + 1}::bigint")
    return Statement(text, tuple(names) if names else None, is_timed, False if ALL_COLUMNS.search(sql) else None)


class BoolDumper(Int8Dumper):
    """Sends a bool as SQLite stores it."""

    def dump(self, obj: Any) -> bytes:
        return b"1" if obj else b"0"


class NumberLoader(Loader):
    """Reads a sum as SQLite returns it: PostgreSQL adds up bigints to a numeric."""

    def load(self, data: bytes | bytearray | memoryview) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


def adapt(adapters: AdaptersMap) -> None:
    """Send and read values by the few types that the schema has."""
    adapters.register_dumper(bool, BoolDumper)
    adapters.register_dumper(int, Int8Dumper)
    adapters.register_dumper(str, StrDumper)
    adapters.register_loader("numeric", NumberLoader)


def run(connection: PGconn, command: bytes) -> bytes:
    """Execute a command without values, such as `begin`, and return what it did. Raises psycopg.Error."""
    result = connection.exec_(command)
    if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
        raise psycopg.errors.error_from_result(result)
    return result.command_status or b""


class Database:
    """A connection inside a transaction; `conn` gives access to psycopg's own API."""

    __slots__ = ("_clock", "conn")

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.conn = connection
        self._clock = clock

    def execute(self, sql: str, values: Values = (), /) -> Rows:
        return self._execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Values], /) -> None:
        statement = translate(sql)
        cursor: Any = self.conn.cursor()
        cursor.executemany(statement.sql, [self._values(statement, values) for values in rows])

    def query(self, sql: str, values: Values = ()) -> Iterator[dict[str, Any]]:
        """Execute a statement immediately and return its rows as dictionaries."""
        cursor = self._execute(sql, values)
        if cursor.description is None:
            return iter(())
        names = [column.name for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor.fetchall())

    def fetch(self, sql: str, values: Values = ()) -> list[Row]:
        """Return the rows of a read-only statement."""
        return self.execute(sql, values).fetchall()

    @contextmanager
    def by_index(self) -> Iterator[None]:
        """See `backend.store.engine.Database`. An error within undoes this too, with the change."""
        self.execute("set local enable_sort = off")
        yield
        self.execute("set local enable_sort = on")

    def _execute(self, sql: str, values: Values) -> RawCursor[Row]:
        statement = translate(sql)
        given = self._values(statement, values) or None
        cursor: Any = self.conn.execute(statement.sql, given, prepare=statement.is_prepared)
        return cursor  # type: ignore[no-any-return]

    def _values(self, statement: Statement, values: Values) -> Sequence[Any]:
        if statement.names is not None:
            given = cast(Mapping[str, Any], values)
            values = [given[name] for name in statement.names]
        elif isinstance(values, Mapping):
            values = ()  # SQLite takes values that a statement does not ask for, too
        if statement.is_timed:
            return [*values, int(self._clock())]
        return values
