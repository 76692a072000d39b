"""Counters for the overview page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.model import SECONDS_A_DAY, CensorStatus, VideoFilter
from backend.model.programme import EntryState
from backend.store.engine import Database, Engine
from backend.store.feed_clock import read_clock

DAYS = 30
FAILED = "select count(*) from videos where 'fail' in (transcode_status, narrow_transcode_status)"
RUNNING = "select count(*) from videos where 'onTranscode' in (transcode_status, narrow_transcode_status)"


@dataclass(frozen=True, slots=True)
class Counts:
    """State of the catalogue; `by_day` counts new videos and recommendations of the last 30 days, oldest first."""

    videos: int
    recommended: int
    bytes: int
    seconds: float
    by_censor_status: dict[CensorStatus, int]
    failed_transcodes: int
    running_transcodes: int
    narrow_bytes: int  # size of the narrow-band renditions
    narrow_bytes_plain: int  # size of the plain renditions of the same videos and resolutions
    by_day: tuple[tuple[int, int, int], ...]  # first second of the day, uploaded, recommended


class Statistics:
    """Counts over the whole catalogue."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def _count_live(self, db: Database) -> int:
        now = int(self._clock())
        live = read_clock(db, now).settle(VideoFilter(state=EntryState.LIVE), now, of_feed=True)
        return self._engine.queries.count(db, self._engine.queries.FEED, live)

    def count_everything(self, day_starts: list[int]) -> Counts:
        """Return the counts; `day_starts` are the first seconds of the days to count, oldest first."""
        ends = [*day_starts[1:], int(self._clock()) + SECONDS_A_DAY]
        days = [VideoFilter(start=start, end=end - 1) for start, end in zip(day_starts, ends, strict=True)]
        queries = self._engine.queries
        with self._engine.reading() as db:
            # SQLite cannot sum beyond 63 bits.
            per_category = db.execute("select number, bytes, microseconds from videos_per_category").fetchall()
            videos, size, microseconds = (sum(row[column] for row in per_category) for column in range(3))
            by_day = tuple(
                (start, queries.count(db, queries.VIDEOS, day), queries.count(db, queries.FEED, day))
                for start, day in zip(day_starts, days, strict=True)
            )
            states = dict(
                db.execute("select censor_status, sum(number) from videos_per_category group by 1").fetchall()
            )
            sums = dict(db.execute("select name, sum(value) from sums group by name").fetchall())
            return Counts(
                videos=videos,
                recommended=self._count_live(db),
                bytes=size,
                seconds=microseconds / 1e6,
                by_censor_status={status: states.get(status.value, 0) for status in CensorStatus},
                failed_transcodes=db.execute(FAILED).fetchone()[0],
                running_transcodes=db.execute(RUNNING).fetchone()[0],
                narrow_bytes=sums["narrow_bytes"],
                narrow_bytes_plain=sums["narrow_bytes_plain"],
                by_day=by_day,
            )
