"""Queries for video lists: exact totals and the row keys of one page, in milliseconds among a million rows.

There are four query plans. Indexed columns (status, user, category, dates) use their index; titles, user names and
combinations without an index use the search index; a videoId matches at most one row; reported videos are few. Totals
by status and category come from counters, which also locate distant pages. A page is counted from the nearer end.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from backend.model import CensorStatus, RowVersion, Sort, VideoFilter
from backend.store.folding import fold, split_tags
from backend.store.row_keys import SPAN_BITS
from backend.store.sqlite.database import Database
from backend.store.sqlite.search_words import EXACT, MAX_PHRASE, match_words
from backend.store.video_conditions import (
    RANGES,
    REPORTED,
    Columns,
    Conditions,
    add_clock,
    bounds,
    conditions,
    stored,
)  # fmt: skip

NEAR = 200  # up to this many rows, skipping is faster than counting
FEW = 5_000  # up to this many rows, sorting is faster than following the column's index
EVERY_STATUS = ", ".join(f"'{status}'" for status in CensorStatus)
SORT_COLUMNS = {"duration": "duration", "size": "size", "title": "title_folded"}


class Listing(msgspec.Struct, frozen=True, eq=False):
    """A searchable list: its table, the table joined with user names, and its filter columns."""

    table: str
    joined: str
    version_join: str  # joins the columns of a RowVersion
    columns: Columns


VIDEOS = Listing(
    "videos",
    "videos v join users u using (user_id)",
    "cross join videos using (seq)",
    Columns(user_name="u.user_name_folded"),
)
FEED = Listing(
    "feed",
    "feed v",
    "cross join feed using (seq) cross join (select video_id, media_key, version from videos) using (video_id)",
    Columns(),
)


class QueryPlan(msgspec.Struct, frozen=True):
    """Where matching rows are read from: key column, source, conditions, and the key range from `first` up to,
    excluding, `after`. `counted` means that counters have the total. Given two ranges of a key, SQLite uses one and
    compares every row with the other, so there is only ever one.
    """

    listing: Listing
    key: str
    source: str
    conditions: Conditions
    first: int | None
    after: int | None
    counted: bool = False

    @property
    def where(self) -> Conditions:
        return self.conditions.within(self.key, self.first, self.after)

    def count(self, db: Database) -> int:
        """Return the number of matching rows."""
        where = self.where
        number: int = db.execute(f"select count(*) from {self.source} {where.sql}", where.values).fetchone()[0]
        return number

    def keys(self, db: Database, limit: int) -> list[int]:
        """Return the keys of matching rows, newest first."""
        where = self.where
        sql = f"select {self.key} from {self.source} {where.sql} order by {self.key} desc limit {limit}"
        return [key for (key,) in db.execute(sql, where.values)]

    def row_versions(self, db: Database, down: bool, limit: int, skip: int, order: str = "") -> list[RowVersion]:
        """Return the marks of matching rows in order, after skipping some."""
        where, direction = self.where, "desc" if down else "asc"
        if self.listing is VIDEOS and self.key == "v.seq" and skip <= NEAR:
            # The marks are in the same rows, and few rows are skipped.
            by = f"order by {f'{order} {direction}, ' if order else ''}v.seq {direction}"
            sql = (
                f"select v.seq, v.media_key, v.version from {self.source} {where.sql} {by} limit {limit} offset {skip}"
            )
            return db.conn.execute(sql, where.values).fetchall()
        place, by = (f"{order} as place, ", f"place {direction}, ") if order else ("", "")
        by = f"order by {by}seq {direction}"
        found = f"select {place}{self.key} as seq from {self.source} {where.sql} {by} limit {limit} offset {skip}"
        # Marks are joined after the limit, so that skipped rows are not looked up.
        sql = f"select seq, media_key, version from ({found}) {self.listing.version_join} {by if order else ''}"
        rows = db.conn.execute(sql, where.values).fetchall()
        return rows if order else sorted(rows, reverse=down)


def find(
    db: Database, listing: Listing, wanted: VideoFilter, sort: Sort, index: int, size: int, total: int
) -> list[RowVersion]:
    """Return the marks of page `index` (from 1) of the `total` matching rows, in order."""
    column = SORT_COLUMNS.get(sort.removeprefix("-"))
    skip = (index - 1) * size
    # For a distant page, sorting many more rows is faster than reading all rows before it.
    weight = total if min(skip, total - skip) <= FEW else total // 20
    plan = _plan_for(listing, wanted, few=weight <= FEW)
    return _page(db, plan, wanted, column, sort.startswith("-"), total, skip, size)


def count(db: Database, listing: Listing, wanted: VideoFilter) -> int:
    """Return the number of matching rows."""
    if wanted.at is not None and wanted.recommended is False:  # nearly all: the others are counted instead
        every = replace(wanted, recommended=None, at=None)
        return count(db, listing, every) - count(db, listing, replace(wanted, recommended=True))
    return _count(db, _plan_for(listing, wanted), wanted)


def count_by(db: Database, wanted: VideoFilter, column: str, most: int = -1) -> list[tuple[Any, int]]:
    """Count matching videos by `cate_id` or `user_id`, largest first."""
    plan = _plan_for(VIDEOS, wanted)
    undated = bounds(wanted) == (None, None)
    if column == "cate_id" and plan.counted and undated:
        number, source, where = "sum(number)", "videos_per_category v", plan.where
    elif (plan.counted or _count(db, plan, wanted) > FEW) and (
        wanted.min_reports is None
        and wanted == replace(wanted, video_id="", title="", user_name="", tags="", flag="", user_id="", cate_id=None)
    ):
        index = "videos_by_category" if column == "cate_id" else "videos_by_user"
        where = conditions(wanted, VIDEOS.columns).within("v.seq", *bounds(wanted))
        number, source = "count(*)", f"videos v indexed by {index}"
    elif plan.key == "v.seq":
        number, source, where = "count(*)", plan.source, plan.where
    else:
        number, source, where = (
            "count(*)",
            f"(select {plan.key} as seq from {plan.source} {plan.where.sql}) found cross join videos v using (seq)",
            Conditions([], plan.where.values),
        )
    sql = (
        f"select v.{column}, {number} as total from {source} {where.sql} "
        f"group by v.{column} having total > 0 order by total desc, v.{column} limit {most}"
    )
    return db.execute(sql, where.values).fetchall()


def keys_before(db: Database, listing: Listing, wanted: VideoFilter, before: int | None, limit: int) -> list[int]:
    """Return the keys of the newest matching rows older than the key `before`."""
    plan = _plan_for(listing, wanted, few=False)
    if before is not None:
        plan = replace(plan, after=before)
    return plan.keys(db, limit)


def keys_in_order(db: Database, listing: Listing, wanted: VideoFilter, sort: Sort) -> array[int]:
    """Return the keys of all matching rows, in order: 8 MB for a million."""
    plan = _plan_for(listing, wanted)
    inner, direction = plan.where, "desc" if sort.startswith("-") else "asc"
    column = SORT_COLUMNS.get(sort.removeprefix("-"))
    by = f"v.{column} {direction}, v.seq {direction}" if column else f"v.seq {direction}"
    sql = (
        f"select v.seq from {listing.table} v where v.seq in (select {plan.key} from {plan.source} {inner.sql}) "
        f"order by {by}"
    )
    return array("q", (key for (key,) in db.execute(sql, inner.values)))


@lru_cache(128)
def _plan_for(listing: Listing, wanted: VideoFilter, *, few: bool = True) -> QueryPlan:
    """Return the fastest plan; with many rows in a range, the time index is scanned instead of sorting."""
    if wanted.video_id:
        return QueryPlan(listing, "v.seq", listing.joined, conditions(wanted, listing.columns), *bounds(wanted))
    if wanted.min_reports is not None:
        reported = f"({REPORTED}) reported cross join {listing.joined.replace(' v', ' v using (video_id)', 1)}"
        return QueryPlan(listing, "v.seq", reported, conditions(wanted, listing.columns), *bounds(wanted))
    title, user_name, tags = fold(wanted.title), fold(wanted.user_name), split_tags(wanted.tags)
    worded = title or user_name or tags or wanted.flag
    recommended = stored(wanted).recommended
    stated = (wanted.transcode_status, wanted.narrow_transcode_status, recommended) != (None, None, None)
    ranged = listing is VIDEOS and is_ranged(wanted)  # the indexes for ranges cover the other columns
    if worded or (not ranged and (stated or (wanted.user_id and wanted.cate_id is not None))):
        return _by_words(listing, wanted, title, user_name, tags)
    return _by_index(listing, wanted, ranged, few)


def _count(db: Database, plan: QueryPlan, wanted: VideoFilter) -> int:
    if not plan.counted:
        return plan.count(db)
    first, after = bounds(wanted)
    if first is None and after is None:
        return _total(db, plan.listing, wanted)
    if wanted.cate_id is not None:
        return plan.count(db)
    return _count_spans(db, plan, wanted, first, after)


def _by_words(listing: Listing, wanted: VideoFilter, title: str, user_name: str, tags: tuple[str, ...]) -> QueryPlan:
    recommended = stored(wanted).recommended
    flag = None if recommended is None else int(recommended)
    told = replace(wanted, recommended=flag, user_id=wanted.user_id or None)
    exact = (getattr(told, name) for name in EXACT)
    words = match_words(title[:MAX_PHRASE], user_name[:MAX_PHRASE], tags, wanted.flag, *exact)
    table = f"{listing.table}_words"
    if max(len(title), len(user_name)) <= MAX_PHRASE and not is_ranged(wanted):
        where = Conditions([f"{table} match :words"], {"words": words})
        add_clock(where, wanted, "rowid")
        return QueryPlan(listing, "rowid", table, where, *bounds(wanted))
    where = conditions(wanted, listing.columns)
    where.add(f"{table} match :words and v.seq = {table}.rowid", words=words)
    return QueryPlan(listing, f"{table}.rowid", f"{table} cross join {listing.joined}", where, *bounds(wanted))


def _by_index(listing: Listing, wanted: VideoFilter, ranged: bool, few: bool) -> QueryPlan:
    name = "user" if wanted.user_id else "category" if wanted.cate_id is not None else ""
    if ranged and not name and few:
        name = "size" if wanted.min_duration is wanted.max_duration is None else "duration"
    elif wanted.censor_status and not ranged:
        name = name or "censor_status"
    source = f"{listing.table} v {f'indexed by {listing.table}_by_{name}' if name else 'not indexed'}"
    where = conditions(wanted, listing.columns)
    counted = not (wanted.user_id or is_ranged(wanted) or wanted.at is not None)
    return QueryPlan(listing, "v.seq", source, where, *bounds(wanted), counted=counted)


def is_ranged(wanted: VideoFilter) -> bool:
    """Return whether the filter limits duration or size."""
    return any(getattr(wanted, name) is not None for name in RANGES)


# Counting


def _total(db: Database, listing: Listing, wanted: VideoFilter) -> int:
    where = conditions(VideoFilter(censor_status=wanted.censor_status, cate_id=wanted.cate_id), listing.columns)
    sql = f"select coalesce(sum(number), 0) from {listing.table}_per_category v {where.sql}"
    number: int = db.execute(sql, where.values).fetchone()[0]
    return number


def _count_spans(db: Database, plan: QueryPlan, wanted: VideoFilter, first: int | None, after: int | None) -> int:
    """Count a key range: whole spans by their counters, the two partial ones by their rows."""
    low = None if first is None else -(-first >> SPAN_BITS)
    high = None if after is None else after >> SPAN_BITS
    if low is not None and high is not None and low > high:
        return _cut(plan, first, after).count(db)
    where = _status(wanted).within("span", low, high)
    sql = f"select coalesce(sum(number), 0) from {plan.listing.table}_per_span {where.sql}"
    number: int = db.execute(sql, where.values).fetchone()[0]
    if first is not None and low is not None:
        number += _cut(plan, first, low << SPAN_BITS).count(db)
    if after is not None and high is not None:
        number += _cut(plan, high << SPAN_BITS, after).count(db)
    return number


def _cut(plan: QueryPlan, first: int | None, after: int | None) -> QueryPlan:
    """Return a plan that counts the rows of a partial span from the index alone, whatever their status."""
    where = Conditions()
    if "censor_status" in plan.conditions.values:
        where.add("v.censor_status = :censor_status", censor_status=plan.conditions.values["censor_status"])
    else:
        where.add(f"v.censor_status in ({EVERY_STATUS})")
    table = plan.listing.table
    return QueryPlan(plan.listing, "v.seq", f"{table} v indexed by {table}_by_censor_status", where, first, after)


def _status(wanted: VideoFilter) -> Conditions:
    where = Conditions()
    if wanted.censor_status:
        where.add("censor_status = :censor_status", censor_status=wanted.censor_status.value)
    return where


# Pages


def _page(
    db: Database, plan: QueryPlan, wanted: VideoFilter, column: str | None, down: bool, total: int, skip: int, size: int
) -> list[RowVersion]:
    size = min(size, total - skip)
    if size <= 0:
        return []
    if skip > total - skip - size:
        return _page_from(db, plan, wanted, column, not down, total, total - skip - size, size)[::-1]
    return _page_from(db, plan, wanted, column, down, total, skip, size)


def _page_from(
    db: Database, plan: QueryPlan, wanted: VideoFilter, column: str | None, down: bool, total: int, skip: int, size: int
) -> list[RowVersion]:
    if column:
        return _sorted(db, plan, wanted, column, down, total, skip, size)
    if plan.counted and wanted.cate_id is None and skip > NEAR:
        plan, skip = _nearer(db, plan, wanted, down, skip)
    return plan.row_versions(db, down, size, skip)


def _nearer(db: Database, plan: QueryPlan, wanted: VideoFilter, down: bool, skip: int) -> tuple[QueryPlan, int]:
    """Return a plan that starts in the span where a distant page begins, and the number of rows to skip there."""
    first, after = bounds(wanted)
    bound = after if down else first
    where, edge = _status(wanted), None
    if bound is not None:
        edge = bound >> SPAN_BITS if down else -(-bound >> SPAN_BITS)
        cut = (edge << SPAN_BITS, bound) if down else (bound, edge << SPAN_BITS)
        number = _cut(plan, *cut).count(db)
        if skip < number:
            return plan, skip
        skip -= number
        where = where.within("span", None, edge) if down else where.within("span", edge, None)
    sql = (
        f"select span, sum(number) from {plan.listing.table}_per_span {where.sql} "
        f"group by span order by span {'desc' if down else 'asc'}"
    )
    for span, number in db.execute(sql, where.values):
        if skip < number:
            first, after = (first, (span + 1) << SPAN_BITS) if down else (span << SPAN_BITS, after)
            return replace(plan, first=first, after=after), skip
        skip -= number
    raise AssertionError("the total was larger than the sum of its parts")


def _sorted(
    db: Database, plan: QueryPlan, wanted: VideoFilter, column: str, down: bool, total: int, skip: int, size: int
) -> list[RowVersion]:
    """Return one page sorted by a column: few rows are sorted; for many, the column's index is scanned."""
    listing = plan.listing
    if total > FEW and listing is VIDEOS:
        source = listing.joined if wanted.user_name else f"{listing.table} v"
        source = source.replace("videos v", f"videos v indexed by videos_by_{column.removesuffix('_folded')}")
        walk = QueryPlan(listing, "v.seq", source, conditions(wanted, listing.columns), *bounds(wanted))
        return walk.row_versions(db, down, size, skip, f"v.{column}")
    inner = plan.where
    where = Conditions([f"v.seq in (select {plan.key} from {plan.source} {inner.sql})"], inner.values)
    return QueryPlan(listing, "v.seq", f"{listing.table} v", where, None, None).row_versions(
        db, down, size, skip, f"v.{column}"
    )
