"""Figures of the app's feed: hourly sums of what phones report, and which batches were counted.

Batches that arrive while one is being committed share the next commit, and thus one disk sync.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b

from backend.model.feed import FigureKey, Figures
from backend.model.feed_statistics import FigureGroup, Group
from backend.store.engine import Database, Engine

BATCH_SECONDS = 48 * 3600.0  # a batch counts once within this time
FIGURE_DAYS = 400
PRUNE_SECONDS, MAX_PRUNED = 600.0, 20_000  # rows at a time, since phones wait

COUNTED = "insert into feed_batches (batch, received) values (?, ?) on conflict do nothing"
ADD = """
    insert into feed_figures (
        hour, slot, video_id, place, revision, impressions, plays, completes, skips, watched_ms, played_ms
    ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (hour, slot, video_id, place, revision) do update set
        impressions = feed_figures.impressions + excluded.impressions, plays = feed_figures.plays + excluded.plays,
        completes = feed_figures.completes + excluded.completes, skips = feed_figures.skips + excluded.skips,
        watched_ms = feed_figures.watched_ms + excluded.watched_ms,
        played_ms = feed_figures.played_ms + excluded.played_ms
"""
ADD_HOUR = """
    insert into feed_hours (hour, slot, impressions, plays, completes) values (?, ?, ?, ?, ?)
    on conflict (hour, slot) do update set
        impressions = feed_hours.impressions + excluded.impressions, plays = feed_hours.plays + excluded.plays,
        completes = feed_hours.completes + excluded.completes
"""
FIND_HOURS = """
    select hour, cast(sum(impressions) as bigint), cast(sum(plays) as bigint), cast(sum(completes) as bigint)
    from feed_hours where hour between :first and :last group by hour order by hour
"""
OLD_BATCHES = """
    delete from feed_batches where batch in (select batch from feed_batches where received < ? limit ?)
"""
OLD_FIGURES = """
    delete from feed_figures where (hour, slot, video_id, place, revision) in (
        select hour, slot, video_id, place, revision from feed_figures where hour < ? limit ?
    )
"""

FIND = """
    select {group}, place, sum(impressions), sum(plays), sum(completes), sum(skips), sum(watched_ms), sum(played_ms)
    from feed_figures
    where hour between :first and :last and slot = :slot and (:video_id = '' or video_id = :video_id)
    group by {group}, place
"""
COLUMNS = {FigureGroup.CLIP: "video_id"}  # others have the name of the group


class Waiting:
    """A batch that waits for its commit, and how that ended."""

    __slots__ = ("batch", "error", "is_done", "is_new", "sums")

    def __init__(self, batch: str, sums: Mapping[FigureKey, Figures]) -> None:
        self.batch, self.sums = batch, sums
        self.is_new = self.is_done = False
        self.error: Exception | None = None


class FeedFigures:
    """Adds to the figures, and reads them."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock
        self._guard, self._committing = threading.Lock(), threading.Lock()
        self._waiting: list[Waiting] = []
        self._pruned = 0.0

    def record(self, batch: str, sums: Mapping[FigureKey, Figures]) -> bool:
        """Add the sums of a batch durably; False if it was counted before. Raises StoreError."""
        own = Waiting(batch, sums)
        with self._guard:
            self._waiting.append(own)
        with self._committing:
            if not own.is_done:
                with self._guard:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if own.error is not None:
            raise own.error
        return own.is_new

    def find(
        self, by: FigureGroup, slot: str, first: int, last: int, video_id: str = ""
    ) -> list[tuple[Group, int, Figures]]:
        """Return group, place and sums of these hours since 1970 (UTC), of one video or of all. Raises StoreError."""
        sql = FIND.format(group=COLUMNS.get(by, by.value))
        values = {"first": first, "last": last, "slot": slot, "video_id": video_id}
        with self._engine.feed_reading() as db:
            return [(row[0], row[1], Figures(*row[2:])) for row in db.execute(sql, values).fetchall()]

    def find_hours(self, first: int, last: int) -> list[tuple[int, int, int, int]]:
        """Return hour since 1970 (UTC), impressions, playbacks not skipped, and complete ones. Raises StoreError."""
        with self._engine.feed_reading() as db:
            rows = db.execute(FIND_HOURS, {"first": first, "last": last}).fetchall()
        return [(hour, impressions, plays + completes, completes) for hour, impressions, plays, completes in rows]

    def _commit(self, group: list[Waiting]) -> None:
        try:
            with self._engine.feed_writing() as db:
                self._write(db, group)
        except Exception as error:  # each member must be told that its batch was not counted
            for one in group:
                one.error = error
        finally:
            for one in group:
                one.is_done = True

    def _write(self, db: Database, group: list[Waiting]) -> None:
        now = self._clock()
        for one in group:
            counted = db.execute(COUNTED, [blake2b(one.batch.encode(), digest_size=16).digest(), now])
            one.is_new = counted.rowcount == 1
        sums = _merged([one.sums for one in group if one.is_new])
        db.executemany(ADD, [(*key, *figures) for key, figures in sums.items()])
        db.executemany(ADD_HOUR, [(*key, *sums) for key, sums in sorted(_by_hour(sums).items())])
        if not 0 <= now - self._pruned < PRUNE_SECONDS:
            self._pruned = now
            db.execute(OLD_BATCHES, [now - BATCH_SECONDS, MAX_PRUNED])
            db.execute(OLD_FIGURES, [int(now // 3600) - FIGURE_DAYS * 24, MAX_PRUNED])


def _merged(parts: list[Mapping[FigureKey, Figures]]) -> dict[FigureKey, list[int]]:
    """Add up the sums of several batches, which costs less than updating their rows one after the other."""
    merged: dict[FigureKey, list[int]] = {}
    for sums in parts:
        for key, one in sums.items():
            row = merged.get(key)
            if row is None:
                merged[key] = [one.impressions, one.plays, one.completes, one.skips, one.watched_ms, one.played_ms]
                continue
            row[0] += one.impressions
            row[1] += one.plays
            row[2] += one.completes
            row[3] += one.skips
            row[4] += one.watched_ms
            row[5] += one.played_ms
    return merged


def _by_hour(sums: Mapping[FigureKey, Sequence[int]]) -> dict[tuple[int, str], list[int]]:
    """Return impressions, plays and completes by hour and slot."""
    hours: dict[tuple[int, str], list[int]] = {}
    for (hour, slot, *_), (impressions, plays, completes, *_) in sums.items():
        row = hours.setdefault((hour, slot), [0, 0, 0])
        row[0] += impressions
        row[1] += plays
        row[2] += completes
    return hours
