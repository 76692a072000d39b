"""Counts for the overview."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from backend.model import CensorStatus
from backend.store.database import Connections

DAYS = 30
SECONDS_A_DAY = 86_400
NARROW_BYTES = """
    select coalesce(sum(narrow.size), 0), coalesce(sum(plain.size), 0)
    from files narrow join files plain using (video_id, width, height)
    where plain.kind = 'common' and narrow.kind = 'narrow'
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """How the catalogue stands: `by_day` counts new videos and recommendations of the last 30 days, oldest first."""

    videos: int
    recommended: int
    bytes: int
    seconds: float
    by_censor_status: dict[CensorStatus, int]
    failed_transcodes: int
    running_transcodes: int
    narrow_bytes: int  # of the narrow-band renditions
    narrow_bytes_plain: int  # of the plain renditions of the same videos and sizes
    by_day: tuple[tuple[int, int, int], ...]  # first second of the day, uploaded, recommended


class Statistics:
    """Counts over the whole catalogue."""

    def __init__(self, connections: Connections, clock: Callable[[], float]) -> None:
        self._connections = connections
        self._clock = clock

    def count_everything(self, day_starts: list[int]) -> Counts:
        """Return the counts; `day_starts` are the first seconds of the days to count, oldest first."""
        with self._connections.reading() as db:
            videos, size, seconds = db.execute(
                "select count(*), coalesce(sum(size), 0), coalesce(sum(duration), 0) from videos"
            ).fetchone()
            recommended = db.execute("select count(*) from recommendations").fetchone()[0]
            states = dict(db.execute("select censor_status, count(*) from videos group by censor_status").fetchall())
            failed, running = db.execute(
                "select coalesce(sum('fail' in (transcode_status, narrow_transcode_status)), 0), "
                "coalesce(sum('onTranscode' in (transcode_status, narrow_transcode_status)), 0) from videos"
            ).fetchone()
            narrow, plain = db.execute(NARROW_BYTES).fetchone()
            ends = [*day_starts[1:], int(self._clock()) + SECONDS_A_DAY]
            by_day = tuple(
                (
                    start,
                    db.execute(
                        "select count(*) from videos where seq >= ? << 20 and seq < ? << 20", [start, end]
                    ).fetchone()[0],
                    db.execute(
                        "select count(*) from recommendations where seq >= ? << 20 and seq < ? << 20", [start, end]
                    ).fetchone()[0],
                )
                for start, end in zip(day_starts, ends, strict=True)
            )
        return Counts(
            videos=videos,
            recommended=recommended,
            bytes=size,
            seconds=seconds,
            by_censor_status={status: states.get(status.value, 0) for status in CensorStatus},
            failed_transcodes=failed,
            running_transcodes=running,
            narrow_bytes=narrow,
            narrow_bytes_plain=plain,
            by_day=by_day,
        )
