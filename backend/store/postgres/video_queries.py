"""Queries for video lists: exact totals and the row keys of one page.

PostgreSQL's planner is not trusted with `order by … limit`: given a common word, it may walk the table by key and work
out the signs of each title. So there are two ways to read a page, chosen by the total, which is known: to walk by key,
comparing texts, until the page is full; or to gather all matches by an index and take the page of them. Without words,
totals and distant pages come from the counters, as in SQLite. A page is counted from the nearer end.
"""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Any

import msgspec
from msgspec.structs import replace

from backend.model import CensorStatus, RowVersion, Sort, TranscodeStatus, VideoFilter
from backend.model.technical_flags import NONE
from backend.store.folding import fold, split_tags
from backend.store.postgres.database import Database
from backend.store.postgres.search_words import has_signs
from backend.store.row_keys import SPAN_BITS
from backend.store.video_conditions import RANGES, Columns, Conditions, bounds, conditions, stored

NEAR = 200  # up to this many rows, skipping is faster than counting
FEW = 1_000  # up to this many matches, gathering is fast enough not to compare it
GATHERED, SORTED, WALKED = 0.8, 3.0, 0.4  # µs a row: of an index, sorted by a column of `videos`, walked and compared
LOOK_AHEAD = 50  # rows per wanted one that `keys_before` walks, before it gathers
SORT_COLUMNS = {"duration": "v.duration", "size": "v.size", "title": "left(v.title_folded, 500)"}
BY_NAME = "v.user_id in (select w.user_id from users w where {found} and instr(w.user_name_folded, :user_name) > 0)"
ENDED = ("fail", "onTranscode")  # states that few videos have: there are indexes of these
FEATURED = "v.seq in (select w.seq from feed f join videos w using (video_id))"


class Listing(msgspec.Struct, frozen=True, eq=False):
    """A searchable list: its table, the narrow copy that words are found in, how marks are joined to keys `k`, and the
    columns it is filtered by.
    """

    table: str
    narrow: str
    marks: str
    columns: Columns


VIDEOS = Listing("videos", "finding", "join videos v using (seq)", Columns(user_name=""))
FEED = Listing("feed", "feed", "join feed f using (seq) join videos v on v.video_id = f.video_id", Columns())


class Plan(msgspec.Struct, frozen=True):
    """Where matching rows `v` are read from.

    `walking` are the conditions as comparisons, `indexed` those that an index answers besides. `selective` means that
    an index finds the matches without walking, `counted` that counters have the total.
    """

    listing: Listing
    table: str
    walking: Conditions
    indexed: tuple[str, ...]
    first: int | None
    after: int | None
    selective: bool = False
    counted: bool = False

    def where(self, *, gather: bool) -> Conditions:
        """Return the conditions, also of the key: those to walk with, or to gather with."""
        terms = [*self.walking.terms, *(self.indexed if gather else ())]
        return Conditions(terms, self.walking.values).within("v.seq", self.first, self.after)

    def count(self, db: Database) -> int:
        """Return the number of matching rows."""
        where = self.where(gather=True)
        return _number(db, f"select count(*) from {self.table} v {where.sql}", where.values)


def find(
    db: Database, listing: Listing, wanted: VideoFilter, sort: Sort, index: int, size: int, total: int
) -> list[RowVersion]:
    """Return the marks of page `index` (from 1) of the `total` matching rows, in order."""
    column, down = SORT_COLUMNS.get(sort.removeprefix("-"), ""), sort.startswith("-")
    skip = (index - 1) * size
    size = min(size, total - skip)
    if size <= 0:
        return []
    if skip > total - skip - size:
        return _page(db, listing, wanted, column, not down, total, total - skip - size, size)[::-1]
    return _page(db, listing, wanted, column, down, total, skip, size)


def count(db: Database, listing: Listing, wanted: VideoFilter) -> int:
    """Return the number of matching rows."""
    if wanted.at is not None and wanted.recommended is False:  # nearly all: the others are counted instead
        every = replace(wanted, recommended=None, at=None)
        return count(db, listing, every) - count(db, listing, replace(wanted, recommended=True))
    plan = plan_for(listing, wanted)
    first, after = bounds(wanted)
    if not plan.counted or (wanted.cate_id is not None and (first, after) != (None, None)):
        return plan.count(db)
    if first is None and after is None:
        return _total(db, listing, wanted)
    return _count_spans(db, plan, wanted, first, after)


def count_by(db: Database, wanted: VideoFilter, column: str, most: int = -1) -> list[tuple[Any, int]]:
    """Count matching videos by `cate_id` or `user_id`, largest first."""
    plan = plan_for(VIDEOS, wanted)
    where, number, table = plan.where(gather=True), "count(*)", plan.table
    if column == "cate_id" and plan.counted and bounds(wanted) == (None, None):
        number, table = "sum(v.number)", "videos_per_category"
    limit = f"limit {most}" if most >= 0 else ""
    sql = (
        f"select v.{column}, {number} as total from {table} v {where.sql} "
        f"group by v.{column} having {number} > 0 order by total desc, v.{column} {limit}"
    )
    return db.execute(sql, where.values).fetchall()


def keys_before(db: Database, listing: Listing, wanted: VideoFilter, before: int | None, limit: int) -> list[int]:
    """Return the keys of the newest matching rows older than the key `before`."""
    plan = plan_for(listing, wanted)
    if before is not None:
        plan = replace(plan, after=before)
    if plan.selective:
        keys = _look_ahead(db, plan, limit)
        return keys if len(keys) == limit else _gather_keys(db, plan, limit)
    where = plan.where(gather=False)
    sql = f"select v.seq from {plan.table} v {where.sql} order by v.seq desc limit {limit}"
    return [key for (key,) in db.execute(sql, where.values)]


def keys_in_order(db: Database, listing: Listing, wanted: VideoFilter, sort: Sort) -> array[int]:
    """Return the keys of all matching rows, in order: 8 MB for a million, and as much while they are read."""
    plan = plan_for(listing, wanted)
    where, direction = plan.where(gather=True), "desc" if sort.startswith("-") else "asc"
    column = SORT_COLUMNS.get(sort.removeprefix("-"), "")
    order = f"{f'{column} {direction}, ' if column else ''}v.seq {direction}"
    inner = f"select v.seq from {plan.table} v {where.sql}"
    if column and plan.table != listing.table:
        inner = f"select v.seq from {listing.table} v where v.seq in ({inner})"
    # One value instead of a million rows. Numbers are sent with the highest byte first.
    keys = inner.replace("select v.seq", f"select string_agg(int8send(v.seq), ''::bytea order by {order})", 1)
    found = array("q", (db.execute(keys, where.values).fetchone() or (None,))[0] or b"")
    found.byteswap()
    return found


@lru_cache(128)
def plan_for(listing: Listing, wanted: VideoFilter) -> Plan:
    """Return where the rows that match a filter are read from."""
    where = conditions(wanted, listing.columns)
    words = _words(listing, wanted, where)
    states = (wanted.transcode_status, wanted.narrow_transcode_status)
    recommended = stored(wanted).recommended
    few = bool(wanted.video_id or wanted.min_reports is not None)
    # The indexes of `videos` for these find fewer rows than words do, or have what ranges ask for.
    in_table = few or bool(wanted.user_id) or is_ranged(wanted)
    indexed = [] if in_table and listing is VIDEOS else words
    if listing is VIDEOS and recommended:
        indexed.append(FEATURED)
    ended = [state for state in ENDED if state in states] if listing is VIDEOS and not words else []
    indexed += [f"'{state}' in (v.transcode_status, v.narrow_transcode_status)" for state in ended]
    told = bool(words or wanted.flag or recommended is not None or states != (None, None))
    table = listing.table if in_table or ended or not told else listing.narrow
    by_name = bool(fold(wanted.user_name))
    return Plan(
        listing, table, _pinned(where), tuple(indexed), *bounds(wanted), selective=bool(indexed) or few or by_name,
        counted=not (told or in_table or by_name or wanted.at is not None),
    )  # fmt: skip


def _words(listing: Listing, wanted: VideoFilter, where: Conditions) -> list[str]:
    """Return the conditions of a filter by words that the indexes of words answer, and add what else they need."""
    found = []
    if title := fold(wanted.title):
        found.append(has_signs("v.title_folded", title))
    if tags := split_tags(wanted.tags):
        where.values.update({f"label{number}": tag for number, tag in enumerate(tags)})
        labels = ", ".join(f":label{number}" for number in range(len(tags)))
        found.append(f"v.tags_folded <> '' and tag_list(v.tags_folded) @> array[{labels}]")
    if wanted.flag not in ("", NONE):
        found.append(f"v.flags not in ('', '{NONE}')")
    if listing is VIDEOS and (user_name := fold(wanted.user_name)):
        where.add(BY_NAME.format(found=has_signs("w.user_name_folded", user_name)), user_name=user_name)
    return found


def is_ranged(wanted: VideoFilter) -> bool:
    """Return whether the filter limits duration or size."""
    return any(getattr(wanted, name) is not None for name in RANGES)


def _pinned(where: Conditions) -> Conditions:
    """Return conditions with the states as literals, so that the planner knows how frequent each is."""
    states = {name: value for name, value in where.values.items() if isinstance(value, (CensorStatus, TranscodeStatus))}
    found = Conditions([], {name: value for name, value in where.values.items() if name not in states})
    for term in where.terms:
        column, _, name = term.rpartition(" = :")
        found.terms.append(f"{column} = '{states[name].value}'" if name in states else term)
    return found


# Counting


def _number(db: Database, sql: str, values: dict[str, Any]) -> int:
    (number,) = db.execute(sql, values).fetchone() or (0,)
    return int(number)


def _total(db: Database, listing: Listing, wanted: VideoFilter) -> int:
    plain = VideoFilter(censor_status=wanted.censor_status, cate_id=wanted.cate_id)
    where = _pinned(conditions(plain, listing.columns))
    sql = f"select coalesce(sum(v.number), 0) from {listing.table}_per_category v {where.sql}"
    return _number(db, sql, where.values)


def _count_spans(db: Database, plan: Plan, wanted: VideoFilter, first: int | None, after: int | None) -> int:
    """Count a key range: whole spans by their counters, the two partial ones by their rows."""
    low = None if first is None else -(-first >> SPAN_BITS)
    high = None if after is None else after >> SPAN_BITS
    if low is not None and high is not None and low > high:
        return plan.count(db)
    where = plan.walking.within("v.span", low, high)
    number = _number(
        db, f"select coalesce(sum(v.number), 0) from {plan.listing.table}_per_span v {where.sql}", where.values
    )
    if first is not None and low is not None:
        number += replace(plan, first=first, after=low << SPAN_BITS).count(db)
    if after is not None and high is not None:
        number += replace(plan, first=high << SPAN_BITS, after=after).count(db)
    return number


# Pages


def _page(
    db: Database, listing: Listing, wanted: VideoFilter, column: str, down: bool, total: int, skip: int, size: int
) -> list[RowVersion]:
    plan = plan_for(listing, wanted)
    direction = "desc" if down else "asc"
    if column:
        # Titles with a word stand together in the order of titles: the walk may be through all others first.
        passed = 1.0 if wanted.title and column == SORT_COLUMNS["title"] else (skip + size) / total
        gather = total <= FEW or SORTED * total < WALKED * _rows(db, listing) * passed
        if not gather and listing is VIDEOS:
            plan = replace(plan, table=listing.table)
        return _marks(db, plan, column, direction, skip, size, gather=gather)
    if plan.counted and wanted.cate_id is None and skip > NEAR:
        plan, skip = _nearer(db, plan, wanted, down, skip)
    gather = plan.selective and (total <= FEW or GATHERED * total < WALKED * _rows(db, listing) * (skip + size) / total)
    return _marks(db, plan, "", direction, skip, size, gather=gather)


def _rows(db: Database, listing: Listing) -> int:
    return _total(db, listing, VideoFilter())


def _marks(
    db: Database, plan: Plan, column: str, direction: str, skip: int, size: int, *, gather: bool
) -> list[RowVersion]:
    """Return the marks of one page, in order."""
    where, listing = plan.where(gather=gather), plan.listing
    order = f"{f'{column} {direction}, ' if column else ''}v.seq {direction}"
    page = f"order by {order} limit {size} offset {skip}"
    if plan.table == "videos" and not gather and skip <= NEAR:
        sql = f"select v.seq, v.media_key, v.version from videos v {where.sql} {page}"
        return db.execute(sql, where.values).fetchall()
    place = f", {column} as place" if column else ""
    if not gather:
        keys = f"select v.seq{place} from {plan.table} v {where.sql} {page}"
        found = ""
    else:
        found = f"with found as materialized (select v.seq from {plan.table} v {where.sql}) "
        joined = f"found join {listing.table} v using (seq)" if column else "found v"
        keys = f"select v.seq{place} from {joined} {page}"
    by = f"order by {f'k.place {direction}, ' if column else ''}k.seq {direction}"
    sql = f"{found}select k.seq, v.media_key, v.version from ({keys}) k {listing.marks} {by}"
    return db.execute(sql, where.values).fetchall()


def _nearer(db: Database, plan: Plan, wanted: VideoFilter, down: bool, skip: int) -> tuple[Plan, int]:
    """Return a plan that starts in the span where a distant page begins, and the number of rows to skip there."""
    first, after = bounds(wanted)
    bound = after if down else first
    where = plan.walking
    if bound is not None:
        edge = bound >> SPAN_BITS if down else -(-bound >> SPAN_BITS)
        cut = (edge << SPAN_BITS, bound) if down else (bound, edge << SPAN_BITS)
        number = replace(plan, first=cut[0], after=cut[1]).count(db)
        if skip < number:
            return plan, skip
        skip -= number
        where = where.within("v.span", None, edge) if down else where.within("v.span", edge, None)
    order = f"order by span {'desc' if down else 'asc'}"
    spans = f"select v.span, sum(v.number) as number from {plan.listing.table}_per_span v {where.sql} group by v.span"
    upto = f"select span, number, sum(number) over ({order}) as upto from ({spans}) spans"
    sql = f"select span, upto - number from ({upto}) counted where upto > :skip {order} limit 1"
    span, before = db.execute(sql, {**where.values, "skip": skip}).fetchone() or (0, 0)
    first, after = (first, (span + 1) << SPAN_BITS) if down else (span << SPAN_BITS, after)
    return replace(plan, first=first, after=after), skip - before


# Keys


def _look_ahead(db: Database, plan: Plan, limit: int) -> list[int]:
    """Return the newest matches among the next rows by key: all that are wanted, if matches are frequent."""
    near = Conditions().within("v.seq", plan.first, plan.after)
    rows = f"select * from {plan.table} v {near.sql} order by v.seq desc limit {LOOK_AHEAD * limit}"
    where = plan.walking
    sql = f"select v.seq from ({rows}) v {where.sql} order by v.seq desc limit {limit}"
    return [key for (key,) in db.execute(sql, {**near.values, **where.values})]


def _gather_keys(db: Database, plan: Plan, limit: int) -> list[int]:
    where = plan.where(gather=True)
    sql = (
        f"with found as materialized (select v.seq from {plan.table} v {where.sql}) "
        f"select seq from found order by seq desc limit {limit}"
    )
    return [key for (key,) in db.execute(sql, where.values)]
