"""What a database offers to the rooms of the store: the one place where SQLite and others may differ.

The rooms (`backend/store/*.py`) hold SQL that every engine takes, and know nothing else of it. An engine has what it
alone can do: connections, transactions, schema, the search for videos, whole lists as files.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import Mark, Sort, VideoFilter

T = TypeVar("T")
UNKNOWN = -1  # no version
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


Progress: TypeAlias = Callable[[int, int], None]  # rows done, rows in all
Piece: TypeAlias = tuple[int, Any]  # of a file: how many rows, and the rows


def say_nothing(done: int, total: int) -> None:
    """Tell nobody."""


class Rows(Protocol):
    """What a statement found or changed."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection inside a transaction. Values stand in SQL as `?`, or as `:name`."""

    def execute(self, sql: str, values: Values = (), /) -> Rows: ...
    def executemany(self, sql: str, rows: Iterable[Values], /) -> Any: ...

    def query(self, sql: str, values: Values = ()) -> Iterator[dict[str, Any]]:
        """Execute a statement at once, and return its rows as dictionaries."""
        ...

    def fetch(self, sql: str, values: Values = ()) -> list[Any]:
        """Return the rows of a statement that only reads, whatever other programs wrote into its texts."""
        ...


class Queries(Protocol):
    """Which videos a list shows. VIDEOS and FEED are the two lists, and are not looked into."""

    VIDEOS: Any
    FEED: Any

    def count(self, db: Any, listing: Any, wanted: VideoFilter) -> int: ...
    def count_by(self, db: Any, wanted: VideoFilter, column: str, most: int = -1) -> list[tuple[Any, int]]: ...
    def find(
        self, db: Any, listing: Any, wanted: VideoFilter, sort: Sort, index: int, size: int, total: int
    ) -> list[Mark]: ...
    def keys_before(self, db: Any, listing: Any, wanted: VideoFilter, before: int | None, limit: int) -> list[int]: ...
    def keys_in_order(self, db: Any, listing: Any, wanted: VideoFilter, sort: Sort) -> array[int]: ...


class Engine(Protocol):
    """A database with its connections. Everything raises StoreError where it cannot be used."""

    listeners: list[Callable[[], object]]  # are called after every change by this process, in the thread that made it

    @property
    def queries(self) -> Queries: ...

    def reading(self) -> AbstractContextManager[Any]:
        """Give a connection that sees one state of the database, whatever others write meanwhile."""
        ...

    def writing(self, *, bulk: bool = False) -> AbstractContextManager[Any]:
        """Give a connection whose changes are all kept for good, or none; `bulk` where those are many."""
        ...

    def volatile(self) -> AbstractContextManager[Any]:
        """Give a connection whose changes are all kept or none, but not for good: a power cut may forget them.

        It is for what lasts minutes: tries at passwords, and one-time links. It changes no `version`.
        """
        ...

    def remembered(self, db: Any, key: Hashable, find: Callable[[], T]) -> T:
        """Return what `find` finds in the state that `db` sees, without asking it again while nothing changes."""
        ...

    def known(self, key: Hashable, find: Callable[[], T], version: int | None = None) -> T:
        """Return what `find` finds, without asking it again while nothing changes.

        `version` is that of the database, where it was read already.
        """
        ...

    def now(self) -> float:
        """Return the time that leases and ends go by, the same for all processes (seconds since 1970, UTC)."""
        ...

    def version(self) -> int:
        """Return a number that is another one after every change; UNKNOWN where the database does not say."""
        ...

    def pieces(
        self, listing: ExportSource, columns: Sequence[Column], file_format: FileFormat, wanted: VideoFilter,
        zone: ZoneInfo, base_url: str = "", sort: Sort = Sort.NEWEST,
    ) -> Generator[Piece, None, None]:  # fmt: skip
        """Yield all rows that match, in order, some at a time: how many they are, and the rows themselves.

        For CSV and JSON lines they are bytes, for Excel a list of tuples. Each piece is one state of the database; what
        others change meanwhile is seen or not, but no row comes twice. Closing the iterator closes its connections.
        """
        ...

    def size(self) -> int:
        """Return how many bytes it takes, its log included."""
        ...

    def check(self) -> list[str]:
        """Return what the database finds wrong with itself: nothing, where it is sound."""
        ...

    def recount(self) -> list[str]:
        """Return what the search index and the counts have wrong: nothing, where they are what the rows say."""
        ...

    def rebuild(self, tell: Progress = say_nothing) -> None:
        """Make the search index and the counts anew; others cannot write meanwhile."""
        ...

    def settle_import(self) -> None:
        """Make searching quick again after very many videos came in."""
        ...

    def close(self) -> None: ...
