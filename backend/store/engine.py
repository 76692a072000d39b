"""The interface between the store's modules and a database.

The modules (`backend/store/*.py`) hold SQL that every engine accepts. An engine supplies what is specific to its
database: connections, transactions, schema, video search and bulk export.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

from backend.exports.columns import Column, ExportSource, FileFormat
from backend.model import RowVersion, Sort, VideoFilter

T = TypeVar("T")
UNKNOWN = -1  # no version
Values: TypeAlias = Sequence[Any] | Mapping[str, Any]

# Whether something was committed in the present call, which an error after it must not deny
HAS_WRITTEN: ContextVar[bool] = ContextVar("has_written", default=False)

Progress: TypeAlias = Callable[[int, int], None]  # rows done, total
Piece: TypeAlias = tuple[int, Any]  # rows in the batch, and the batch


def ignore_progress(done: int, total: int) -> None:
    """Report nothing."""


class Rows(Protocol):
    """The result of a statement."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """A connection inside a transaction. SQL placeholders are `?` or `:name`."""

    def execute(self, sql: str, values: Values = (), /) -> Rows: ...
    def executemany(self, sql: str, rows: Iterable[Values], /) -> Any: ...

    def by_index(self) -> AbstractContextManager[None]:
        """Let statements read rows in the order of an index rather than sort all, however few the database expects.

        What it knows of a queue is old when many rows come at once.
        """
        ...

    def query(self, sql: str, values: Values = ()) -> Iterator[dict[str, Any]]:
        """Execute a statement immediately and return its rows as dictionaries."""
        ...

    def fetch(self, sql: str, values: Values = ()) -> list[Any]:
        """Return the rows of a read-only statement, tolerating invalid text written by other programs."""
        ...


class Queries(Protocol):
    """Video list queries. VIDEOS and FEED are opaque handles of the two lists."""

    VIDEOS: Any
    FEED: Any

    def count(self, db: Any, listing: Any, wanted: VideoFilter) -> int: ...
    def count_by(self, db: Any, wanted: VideoFilter, column: str, most: int = -1) -> list[tuple[Any, int]]: ...
    def find(
        self, db: Any, listing: Any, wanted: VideoFilter, sort: Sort, index: int, size: int, total: int
    ) -> list[RowVersion]: ...
    def keys_before(self, db: Any, listing: Any, wanted: VideoFilter, before: int | None, limit: int) -> list[int]: ...
    def keys_in_order(self, db: Any, listing: Any, wanted: VideoFilter, sort: Sort) -> array[int]: ...


class Engine(Protocol):
    """A database and its connections. All methods raise StoreError if the database is unavailable."""

    listeners: list[Callable[[], object]]  # called after every change by this process, in the thread that made it
    place: str  # where the data are, for the operator
    is_local: bool  # whether reads take microseconds and never wait for a network

    @property
    def queries(self) -> Queries: ...

    def reading(self) -> AbstractContextManager[Any]:
        """Open a read transaction: a consistent snapshot, regardless of concurrent writes."""
        ...

    def writing(self, *, bulk: bool = False) -> AbstractContextManager[Any]:
        """Open a durable write transaction; `bulk` if it makes many changes.

        What is derived from the changes is updated before it is committed, also by `review_sorting.sort_changes`.
        """
        ...

    def volatile(self) -> AbstractContextManager[Any]:
        """Open a write transaction without durability: it is atomic, but a power failure may lose it.

        For short-lived state such as sign-in attempts and one-time links. Does not change `version`.
        """
        ...

    def feed_writing(self) -> AbstractContextManager[Any]:
        """Open a durable write transaction on versions and figures of the feed. Does not change `version`."""
        ...

    def feed_reading(self) -> AbstractContextManager[Any]:
        """Open a read transaction on versions and figures of the feed."""
        ...

    def cached_in(self, db: Any, key: Hashable, find: Callable[[], T]) -> T:
        """Return `find()` for the snapshot of `db`, cached until the database changes."""
        ...

    def cached(self, key: Hashable, find: Callable[[], T], version: int | None = None) -> T:
        """Return `find()`, cached until the database changes. Pass `version` if it was read already."""
        ...

    def leading(self, task: str) -> AbstractContextManager[bool]:
        """Yield whether this process may do a task that one of all processes does at a time; if so, no other may until
        the block ends. A task must still bear that two do it: the connection on which it is noted may break.
        """
        ...

    def now(self) -> float:
        """Return the clock for leases and expiry, shared by all processes (seconds since 1970, UTC)."""
        ...

    def version(self) -> int:
        """Return a number that differs after every change; UNKNOWN if it cannot be read."""
        ...

    def export_batches(
        self, listing: ExportSource, columns: Sequence[Column], file_format: FileFormat, wanted: VideoFilter,
        zone: ZoneInfo, base_url: str = "", sort: Sort = Sort.NEWEST,
    ) -> Generator[Piece, None, None]:  # fmt: skip
        """Yield all matching rows in order, in batches of (count, rows).

        Rows are bytes for CSV and JSON Lines, a list of tuples for Excel. Each batch is one snapshot; concurrent
        changes may or may not be included, but no row occurs twice. Closing the iterator closes its connections.
        """
        ...

    def size(self) -> int:
        """Return the size in bytes, including the write-ahead log."""
        ...

    def check(self) -> list[str]:
        """Return errors of the database's integrity check; empty if it is sound."""
        ...

    def diagnose(self) -> list[tuple[bool, str]]:
        """Return findings about a server behind the database: whether each is good, and a text that says what to do."""
        ...

    def recount(self) -> list[str]:
        """Return errors of the search index, the counts and the review queues compared with the rows; empty if they
        agree.
        """
        ...

    def rebuild(self, tell: Progress = ignore_progress) -> None:
        """Rebuild the search index, the counts and the review queues; other writers wait meanwhile."""
        ...

    def optimize_search(self) -> None:
        """Optimize the search index after a bulk import."""
        ...

    def close(self) -> None: ...
