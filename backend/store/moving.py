"""What moving a store to another database takes: the tables, the mark of a move, and copying and comparing rows.

All databases have the same tables and columns, so rows are copied as they are. What is derived from them is made anew
in the target, and what lives for minutes stays behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

import msgspec

from backend.store.engine import Progress

Row: TypeAlias = tuple[Any, ...]
Key: TypeAlias = tuple[Any, ...]

BATCH = 5_000  # rows of a transaction

# Tables that are copied, with their keys, in the order of their foreign keys.
TABLES: dict[str, tuple[str, ...]] = {
    "users": ("user_id",),
    "categories": ("cate_id",),
    "videos": ("seq",),
    "files": ("video_id", "kind", "position"),
    "jobs": ("job_id",),
    "prewarmed": ("job_id", "position"),
    "accounts": ("account_id",),
    "company_accounts": ("issuer", "subject"),
    "sessions": ("token_hash",),
    "history": ("id",),
    "history_head": ("one",),
    "trash": ("id",),
    "slots": ("slot",),
    "recommendations": ("seq",),
    "lineups": ("slot", "revision"),
    "lineup_entries": ("slot", "video_id", "since"),
    "specials": ("special_id",),
    "special_entries": ("special_id", "video_id"),
    "programme_ticks": ("id",),
    "review_desks": ("key_hash",),
    "review_leases": ("video_id",),
    "review_decisions": ("lease_key",),
    "review_skips": ("video_id", "account"),
    "review_opinions": ("video_id", "account"),
    "review_reasons": ("code",),
    "review_preferences": ("account_id",),
    "review_queues": ("code",),
    "review_waiting": ("seq",),
    "review_sampling": ("id",),
    "review_draws": ("draw_id",),
    "review_hints": ("lease_key",),
    "fingerprints": ("clip",),
    "fingerprint_bands": ("value", "clip"),
    "fingerprint_queue": ("number",),
    "similar_clips": ("video_id", "other_id"),
    "technical_flags": ("video_id",),
    "video_reports": ("report_id",),
    "feed_keys": ("id",),
    "webhooks": ("webhook_id",),
    "webhook_deliveries": ("delivery_id",),
    "webhook_attempts": ("attempt_id",),
    "warm_urls": ("url", "region"),
    "warm_checks": ("host", "kind"),
    "cloud_jobs": ("cloud_id",),
    "cloud_intents": ("action", "target"),
    "cloud_events": ("id",),
    "cloud_pushes": ("id",),
    "cloud_drift": ("video_id", "what"),
    "cloud_seen": ("video_id",),
    "cloud_places": ("name",),
    "cloud_usage": ("day", "figure"),
    "cloud_plays": ("day", "video_id"),
    "cloud_usage_sources": ("source",),
    "cloud_reviews": ("video_id",),
    "cloud_files": ("video_id",),
    "figure_counts": ("series", "span", "slot", "key", "part"),
    "figure_user_counts": ("series", "slot", "key"),
    "figure_moves": ("video_id",),
    "figure_bounds": ("low",),
    "views": ("view_id",),
    "list_columns": ("account_id", "page"),
    "default_views": ("account_id", "page"),
    "bulks": ("bulk_id",),
    "bulk_items": ("bulk_id", "place"),
    "sheets": ("sheet_id",),
    "sheet_rows": ("sheet_id", "place"),
    "feed_hours": ("hour", "slot"),
    "feed_versions": ("version",),
    "feed_batches": ("batch",),
    "feed_figures": ("hour", "slot", "video_id", "place", "revision"),
}
# Made anew from the rows, or empty between transactions.
DERIVED = (
    "feed", "videos_per_span", "videos_per_category", "feed_per_span", "feed_per_category", "sums", "job_counts",
    "review_per_queue", "review_unsorted", "figure_changes",
)  # fmt: skip
# Of the last minutes alone: failed sign-ins, and links that serve once.
VOLATILE = ("attempts", "tickets")
# What a new console begins with.
FIRST = (
    "history_head", "slots", "lineups", "review_reasons", "review_queues", "review_sampling", "figure_bounds",
)  # fmt: skip

MARK = "moves"  # the table of the mark; not there in a database that is not moved
MARK_COLUMNS = ("token", "is_source", "other", "begun", "ended", "later")
# How either engine makes it
MARK_TABLE = f"""
    create table {MARK} (
        token text not null, is_source bigint not null, other text not null, begun double precision not null,
        ended double precision not null, later text not null
    )
"""
UNFINISHED_SOURCE = (
    "{name} is being moved to {other}, and that is not finished. Go on with the same command, python -m backend "
    "migrate --to …, or use it as before after: python -m backend migrate --cancel"
)
UNFINISHED_TARGET = (
    "{name} is a copy of {other} that is not finished. Go on with the command that began it, python -m "
    "backend migrate --to …, or delete it."
)
MOVED = (
    "What was in {name} was moved to {other} on {day}, and is not used here any more. Set QU_DATABASE or QU_DATA to "
    "that place. To use this one again, without what was changed there: python -m backend migrate --cancel"
)


@dataclass(frozen=True, slots=True)
class Mark:
    """What is noted in both databases of a move, so that neither is used by mistake and an interrupted one goes on."""

    token: str  # the same in both
    is_source: bool
    other: str  # how the other database is named to the operator
    begun: float  # seconds since 1970 (UTC)
    ended: float = 0.0  # 0: not yet
    later: tuple[str, ...] = ()  # statements that make indexes and triggers again, which only slow copying down

    def refusal(self, name: str) -> str:
        """Return why the database must not be used, and what to do."""
        text = UNFINISHED_TARGET if not self.is_source else MOVED if self.ended else UNFINISHED_SOURCE
        day = f"{datetime.fromtimestamp(self.ended or self.begun, UTC):%Y-%m-%d %H:%M} (UTC)"
        return text.format(name=name, other=self.other, day=day)

    def row(self) -> Row:
        later = msgspec.json.encode(self.later).decode()
        return self.token, int(self.is_source), self.other, self.begun, self.ended, later

    @classmethod
    def of(cls, row: Row) -> Mark:
        token, is_source, other, begun, ended, later = row
        return cls(token, bool(is_source), other, begun, ended, tuple(LATER.decode(later)))


LATER = msgspec.json.Decoder(list[str])


class Tables(Protocol):
    """The tables of a database, for moving. All methods raise StoreError if the database is unavailable."""

    name: str  # for the operator

    def problem(self) -> str:
        """Return why it cannot be moved from or to; empty if it has the schema of this version."""
        ...

    def is_new(self) -> bool:
        """Return whether there is only what a new console begins with."""
        ...

    def read_mark(self) -> Mark | None: ...
    def write_mark(self, mark: Mark | None) -> None: ...

    def columns(self, table: str) -> list[str]: ...
    def count(self, table: str) -> int: ...
    def last_key(self, table: str) -> Key | None: ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Read all rows in the block from one state."""
        ...

    def rows(self, table: str, columns: Sequence[str], after: Key | None = None) -> Iterator[list[Row]]:
        """Yield the rows behind a key in the order of the key, in batches."""
        ...

    def find_strange_text(self, table: str, columns: Sequence[str]) -> list[str]:
        """Return where texts are that are not text, or have characters that not every database takes."""
        ...

    def begin_filling(self, mark: Mark) -> None:
        """Delete what a new console begins with, and leave out indexes and triggers until `finish_filling`."""
        ...

    def write(self, table: str, columns: Sequence[str], rows: list[Row]) -> None: ...

    def finish_filling(self, numbers: dict[str, int], tell: Progress) -> None:
        """Make indexes, triggers and derived data, and set the last number given to a row of each table."""
        ...

    def last_numbers(self) -> dict[str, int]:
        """Return the last number that was given to a row, of tables that never give one twice."""
        ...

    def close(self) -> None: ...


@dataclass(slots=True)
class RowSum:
    """The number of rows, and a sum of their hashes, which does not depend on the order."""

    count: int = 0
    total: int = 0
    may_have_nul: bool = False  # in a text

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            encoded = ENCODER.encode(row)
            self.may_have_nul = self.may_have_nul or NUL in encoded
            self.count += 1
            # SQLite has no negative zero
            self.total += int.from_bytes(blake2b(encoded.replace(b"-0.0", b"0.0"), digest_size=16).digest(), "big")
        self.total &= MASK


ENCODER = msgspec.json.Encoder()
NUL = rb"\u0000"
MASK = (1 << 128) - 1


def sum_rows(tables: Tables, table: str, columns: Sequence[str], tell: Callable[[int], None]) -> RowSum:
    """Read a table; `tell` is told the number of rows so far."""
    found = RowSum()
    for rows in tables.rows(table, columns):
        found.add(rows)
        tell(found.count)
    return found


def copy_rows(
    source: Tables, target: Tables, table: str, columns: Sequence[str], tell: Callable[[int], None]
) -> RowSum:
    """Copy the rows that the target does not have yet, and return what was copied."""
    copied = RowSum()
    for rows in source.rows(table, columns, target.last_key(table)):
        target.write(table, columns, rows)
        copied.add(rows)
        tell(copied.count)
    return copied
