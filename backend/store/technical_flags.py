"""Technical flags of videos, and the jobs that measure them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from backend.model import Actor, Job, JobKind, JobState, TranscodeStatus
from backend.model.technical_flags import Measurement
from backend.store import history
from backend.store.engine import Engine
from backend.store.job_rows import enqueue, job_of, read_complete

# Made at import: msgspec crashes if two threads resolve a type at the same time.
MEASUREMENT = msgspec.json.Decoder(Measurement)

# Up to this short side (pixels) decoding is so cheap that a source is checked at once. Larger ones wait for their
# rendition, which reviewers wait for as well, because most browsers cannot play them before.
CHEAP_SIDE = 540

JOB = f"select * from jobs where video_id = ? and kind = '{JobKind.FLAGS}' order by created desc, job_id desc limit 1"


@dataclass(frozen=True, slots=True)
class Checked:
    """What was measured (None: nothing yet) and when (Unix time), and the last job."""

    measured: Measurement | None
    at: float
    job: Job | None


class TechnicalFlags:
    """Queries and changes of technical flags."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine, self._clock = engine, clock

    def find(self, video_id: str) -> Checked:
        """Return what is known of a video; the job only if it has not succeeded."""
        with self._engine.reading() as db:
            row = db.execute("select checked, body from technical_flags where video_id = ?", [video_id]).fetchone()
            job = next((job_of(job) for job in db.query(JOB, [video_id])), None)
        pending = job if job is not None and job.state is not JobState.DONE else None
        return Checked(MEASUREMENT.decode(row[1]) if row else None, row[0] if row else 0.0, pending)

    def keep(self, video_id: str, measured: Measurement) -> None:
        """Store what was measured, unless the video was deleted meanwhile."""
        with self._engine.writing() as db:
            sql = "update videos set flags = ? where video_id = ?"
            if db.execute(sql, [measured.words, video_id]).rowcount:
                db.execute(
                    "insert into technical_flags (video_id, checked, body) values (?, ?, ?) "
                    "on conflict (video_id) do update set checked = excluded.checked, body = excluded.body",
                    [video_id, self._clock(), msgspec.json.encode(measured).decode()],
                )

    def queue_first(self, video_id: str, *, has_rendition: bool) -> bool:
        """Queue the first check of a video, unless a rendition that is cheaper to decode is being made."""
        sql = (
            "select 1 from videos where video_id = ? and flags = '' and (? = 1 "
            f"or width <= {CHEAP_SIDE} or height <= {CHEAP_SIDE} or transcode_status <> '{TranscodeStatus.RUNNING}')"
        )
        with self._engine.writing() as db:
            if not db.execute(sql, [video_id, int(has_rendition)]).fetchone():
                return False
            return enqueue(db, JobKind.FLAGS, now=int(self._clock()), video_id=video_id) is not None

    def queue(self, video_id: str, action: str, actor: Actor) -> bool:
        """Queue a check for a person; False if one is queued or running.

        Raises NotFound, and Conflict while the upload is unfinished.
        """
        now = int(self._clock())
        with self._engine.writing() as db:
            read_complete(db, video_id)
            if enqueue(db, JobKind.FLAGS, now=now, video_id=video_id) is None:
                return False
            after = {"kind": JobKind.FLAGS}
            history.append(db, at=now, actor=actor, action=action, target=video_id, after=after)
            return True
