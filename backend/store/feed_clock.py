"""What begins and ends by the clock, so that no cached answer outlives it, and filters that depend on it."""

from __future__ import annotations

from bisect import bisect_right

import msgspec
from msgspec.structs import replace

from backend.model import VideoFilter
from backend.model.programme import FEED, EntryState, Rules
from backend.store.engine import Database
from backend.store.row_keys import first_key

STARTS = "select distinct recommended from recommendations where seq >= ? {slot} order by 1"
ENDS = "select distinct ends from recommendations where ends > ? {slot} order by 1"
SPECIALS = """
    select starts from specials where starts > :now union select ends from specials where ends > :now order by 1
"""
LAST = """
    select max(at) from (
        select recommended as at from recommendations
            where seq = (select max(seq) from recommendations where seq < :next)
        union all select max(ends) from recommendations where ends <= :now
        union all select max(starts) from specials where starts <= :now
        union all select max(ends) from specials where ends <= :now
    ) passed
"""
decode_rules = msgspec.json.Decoder(Rules).decode
OF_FEED = f"and slot = '{FEED}'"
LAST_END = f"select max(ends) from recommendations where ends <= ? {OF_FEED}"


class FeedClock(msgspec.Struct, frozen=True):
    """Instants to come, in order, and the last ones passed, as of when they were read.

    `boundaries` are those of all slots; `starts` and `ends` those of the documented slot. `unplayed`: its rules hide
    entries without a rendition, and it has some.
    """

    boundaries: list[int]
    last: int
    starts: list[int]
    ends: list[int]
    last_end: int
    unplayed: bool

    def boundary(self, now: int) -> int:
        """Return the last instant at which anything began or ended; 0 if there was none."""
        return _last(self.boundaries, now, self.last)

    def end(self, now: int) -> int:
        """Return the last instant at which an entry of the documented slot ended; 0 if there was none."""
        return _last(self.ends, now, self.last_end)

    def settle(self, wanted: VideoFilter, now: int, *, of_feed: bool) -> VideoFilter:
        """Return a filter by state or recommendation as one of the stored values at the last boundary.

        Where nothing is scheduled, has ended or is hidden, it is the plain filter, which is answered fastest.
        """
        at = self.boundary(now)
        if not of_feed:
            timed = wanted.recommended is not None and self.end(now)
            return replace(wanted, at=at) if timed else wanted
        if wanted.state is EntryState.SCHEDULED:
            start = now + 1 if wanted.start is None else max(wanted.start, now + 1)
            return replace(wanted, state=None, start=start)
        if wanted.state is EntryState.LIVE:
            to_come = bool(self.starts) and self.starts[-1] > now
            if not (to_come or self.end(now) or self.unplayed):
                return replace(wanted, state=None)
        return wanted if wanted.state is None else replace(wanted, at=at, playing=self.unplayed)


def read_clock(db: Database, now: int) -> FeedClock:
    """Read the instants to come."""
    after = {"now": now, "next": first_key(now + 1)}
    first, second = [after["next"]], [now]
    starts, all_starts = (_column(db, STARTS.format(slot=slot), first) for slot in (OF_FEED, ""))
    ends, all_ends = (_column(db, ENDS.format(slot=slot), second) for slot in (OF_FEED, ""))
    boundaries = sorted({*all_starts, *all_ends, *(row[0] for row in db.execute(SPECIALS, {"now": now}))})
    unplayed = read_rules(db, FEED).needs_rendition and bool(
        db.execute("select exists (select 1 from feed where plays = 0)").fetchone()[0]
    )
    last, last_end = db.execute(LAST, after).fetchone()[0], db.execute(LAST_END, second).fetchone()[0]
    return FeedClock(boundaries, last or 0, starts, ends, last_end or 0, unplayed)


def read_rules(db: Database, slot: str) -> Rules:
    """Return the rules of a slot; those of an unknown one are the usual ones."""
    row = db.execute("select rules from slots where slot = ?", [slot]).fetchone()
    return decode_rules(row[0]) if row else Rules()


def _column(db: Database, sql: str, values: list[int]) -> list[int]:
    return [row[0] for row in db.execute(sql, values)]


def _last(instants: list[int], now: int, before: int) -> int:
    passed = bisect_right(instants, now)
    return instants[passed - 1] if passed else before
