"""The durable queue. A job is a row; a worker holds it by a lease, and what a dead worker left is taken again."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sqlite_utils import Database

from backend.errors import Conflict, ConsoleError, NotFound
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    Job,
    JobKind,
    JobState,
    MediaFile,
    Page,
    SnapshotStatus,
    TranscodeStatus,
    VideoStatus,
    WarmState,
)
from backend.store import history
from backend.store.database import Connections
from backend.store.rows import read_video, write_files

LEASE_SECONDS = 15.0
MOST_ATTEMPTS = 3

# Lower goes first: a cover does not wait behind an hour of encoding.
PRIORITY = {JobKind.SNAPSHOT: 0, JobKind.PREWARM: 0, JobKind.DEMO: 1, JobKind.TRANSCODE: 2, JobKind.NARROW: 3}

# kind of job -> (column of the video, while it runs, when it is done, when it failed)
STATUS = {
    JobKind.SNAPSHOT: ("snapshot_status", SnapshotStatus.RUNNING, SnapshotStatus.SUCCESS, SnapshotStatus.FAIL),
    JobKind.TRANSCODE: ("transcode_status", TranscodeStatus.RUNNING, TranscodeStatus.SUCCESS, TranscodeStatus.FAIL),
    JobKind.NARROW: (
        "narrow_transcode_status",
        TranscodeStatus.RUNNING,
        TranscodeStatus.SUCCESS,
        TranscodeStatus.FAIL,
    ),
}

CLAIM = """
    update jobs set state = 'running', owner = :owner, lease_until = :until, attempts = attempts + 1,
        started = coalesce(started, :now), progress = 0, reference = ''
    where job_id = (
        select job_id from jobs
        where kind in (select value from json_each(:kinds))
          and (state = 'queued' or (state = 'running' and lease_until < :exact))
        order by priority, created, job_id limit 1
    )
    returning *
"""


def enqueue(
    db: Database, kind: JobKind, *, now: int, video_id: str = "", payload: dict[str, Any] | None = None
) -> str | None:
    """Queue a job inside the caller's transaction and mark the video; None when one waits or runs already."""
    job_id = uuid.uuid4().hex
    made = db.execute(
        "insert or ignore into jobs (job_id, kind, state, video_id, priority, created, payload) "
        "values (?, ?, 'queued', ?, ?, ?, ?)",
        [job_id, kind, video_id, PRIORITY[kind], now, json.dumps(payload or {}, ensure_ascii=False)],
    ).rowcount
    if not made:
        return None
    if video_id:
        # What failed before is answered by this one; the history keeps the story.
        db.execute(
            "delete from jobs where video_id = ? and kind = ? and state in ('failed', 'cancelled')", [video_id, kind]
        )
    if kind in STATUS:
        column, running, _, _ = STATUS[kind]
        _set_status(db, video_id, column, running)
    for position, url in enumerate((payload or {}).get("urls", ())):
        db.execute(
            "insert into prewarmed (job_id, position, url, state) values (?, ?, ?, ?)",
            [job_id, position, url, WarmState.WAITING],
        )
    return job_id


def enqueue_urls(db: Database, urls: list[str], *, now: int) -> str | None:
    """Queue a prewarm inside the caller's transaction; None when the very same batch waits or runs already."""
    payload = json.dumps({"urls": urls}, ensure_ascii=False)
    sql = "select 1 from jobs where kind = 'prewarm' and state in ('queued', 'running') and payload = ?"
    if db.execute(sql, [payload]).fetchone():
        return None
    return enqueue(db, JobKind.PREWARM, now=now, payload={"urls": urls})


def cancel_all(db: Database, video_id: str, *, now: int) -> None:
    """Cancel what waits or runs for a video that goes, and forget what failed, inside the caller's transaction.

    The worker notices at its next beat.
    """
    db.execute("delete from jobs where video_id = ? and state = 'failed'", [video_id])
    db.execute(
        "update jobs set state = 'cancelled', finished = ? where video_id = ? and state in ('queued', 'running')",
        [now, video_id],
    )


class Jobs:
    """Every question about jobs, and every change to one."""

    def __init__(self, connections: Connections, clock: Callable[[], float]) -> None:
        self._connections = connections
        self._clock = clock

    def enqueue_for_video(self, kind: JobKind, video_id: str, action: str, actor: Actor) -> bool:
        """Queue a job for a video. False when one waits or runs already.

        Raises NotFound, and Conflict while the video has no complete source.
        """
        with self._connections.writing() as db:
            video = read_video(db, video_id)
            if video.status in (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL):
                raise Conflict(
                    "The upload of video {video_id} has not finished (status is {status}).",
                    video_id=video_id,
                    status=video.status.value,
                )
            column = STATUS[kind][0]
            before = getattr(video, column)
            if enqueue(db, kind, now=self._now(), video_id=video_id) is None:
                return False
            self._note(db, actor, action, video_id, {column: before}, {column: STATUS[kind][1]})
            return True

    def enqueue_prewarm(self, urls: list[str], actor: Actor) -> bool:
        """Queue a batch of URLs. False when the very same batch waits or runs already."""
        with self._connections.writing() as db:
            job_id = enqueue_urls(db, urls, now=self._now())
            if job_id is not None:
                self._note(db, actor, "pushObjectCache", job_id, {}, {"urls": urls})
            return job_id is not None

    def enqueue_demo(self, clips: Iterable[int]) -> None:
        with self._connections.writing() as db:
            for clip in clips:
                enqueue(db, JobKind.DEMO, now=self._now(), payload={"clip": clip})

    def claim_job(self, kinds: Iterable[JobKind], owner: str) -> Job | None:
        """Take the next job of these kinds, or one whose worker is gone. One statement: nobody else gets it."""
        exact = self._clock()
        values = {
            "owner": owner,
            "until": exact + LEASE_SECONDS,
            "exact": exact,
            "now": int(exact),
            "kinds": json.dumps([kind.value for kind in kinds]),
        }
        with self._connections.writing() as db:
            while row := next(iter(db.query(CLAIM, values)), None):
                job = _job(row)
                if job.attempts <= MOST_ATTEMPTS:
                    return job
                reason = ConsoleError(
                    "It was started {count} times, and its worker died each time.", count=MOST_ATTEMPTS
                )
                _finish(db, job, self._now(), JobState.FAILED, reason)
            return None

    def renew_lease(self, job: Job, owner: str, reference: str, progress: float, facts: dict[str, Any]) -> bool:
        """Keep a job and note how far it is. False when it is no longer this owner's: stop working on it."""
        with self._connections.writing() as db:
            kept = db.execute(
                "update jobs set lease_until = ?, progress = ?, reference = ? "
                "where job_id = ? and owner = ? and state = 'running'",
                [self._clock() + LEASE_SECONDS, progress, reference, job.job_id, owner],
            ).rowcount
            if kept:
                _write_warmed(db, job.job_id, facts)
            return bool(kept)

    def give_back(self, job: Job, owner: str) -> None:
        """Return a job to the queue unharmed, as a worker does that is asked to stop."""
        with self._connections.writing() as db:
            db.execute(
                "update jobs set state = 'queued', owner = '', lease_until = 0, progress = 0, attempts = attempts - 1 "
                "where job_id = ? and owner = ? and state = 'running'",
                [job.job_id, owner],
            )

    def settle_done(self, job: Job, owner: str, files: tuple[MediaFile, ...], facts: dict[str, Any]) -> bool:
        """Record a job's end, the video's files and its status together. False when the job was not ours any more."""
        with self._connections.writing() as db:
            if not _owned(db, job, owner):
                return False
            write_files(db, job.video_id, files)
            _write_warmed(db, job.job_id, facts)
            _finish(db, job, self._now(), JobState.DONE)
            return True

    def settle_failed(
        self, job: Job, owner: str, reason: ConsoleError, detail: str = "", facts: dict[str, Any] | None = None
    ) -> bool:
        """Record why a job failed, and the video's status with it."""
        with self._connections.writing() as db:
            if not _owned(db, job, owner):
                return False
            _write_warmed(db, job.job_id, facts or {})
            _finish(db, job, self._now(), JobState.FAILED, reason, detail)
            return True

    def retry_job(self, job_id: str, actor: Actor) -> None:
        """Put a failed or cancelled job back into the queue. Raises NotFound and Conflict."""
        with self._connections.writing() as db:
            job = _get(db, job_id)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                raise Conflict(
                    "Job {job_id} is {state}; only a failed job can be tried again.", job_id=job_id, state=job.state
                )
            if job.video_id:
                read_video(db, job.video_id)
            new = enqueue(db, job.kind, now=self._now(), video_id=job.video_id, payload=job.payload)
            if new is not None:
                db.execute("delete from jobs where job_id = ?", [job_id])
            self._note(db, actor, "retryJob", job.video_id or job_id, {"state": job.state}, {"state": JobState.QUEUED})

    def get_job(self, job_id: str) -> Job:
        """Return one job. Raises NotFound."""
        with self._connections.reading() as db:
            return _get(db, job_id)

    def find_jobs(
        self,
        *,
        video_id: str = "",
        kind: JobKind | None = None,
        state: JobState | None = None,
        index: int = 1,
        size: int = 20,
    ) -> Page[Job]:
        """Return one page of jobs, newest first, and how many match."""
        wanted = {"video_id": video_id, "kind": kind, "state": state}
        terms = [f"{name} = :{name}" for name, value in wanted.items() if value]
        where = "where " + " and ".join(terms) if terms else ""
        values = {name: value for name, value in wanted.items() if value}
        with self._connections.reading() as db:
            total = db.execute(f"select count(*) from jobs {where}", values).fetchone()[0]
            page = {**values, "limit": size, "offset": (index - 1) * size}
            sql = f"select * from jobs {where} order by created desc, job_id limit :limit offset :offset"
            return Page(total, tuple(_job(row) for row in db.query(sql, page)))

    def warmed_urls(self, job_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the URLs of these prewarm jobs with their states, in the order they were given."""
        ids = list(job_ids)
        found: dict[str, list[dict[str, Any]]] = {job_id: [] for job_id in ids}
        marks = ", ".join("?" * len(ids))
        with self._connections.reading() as db:
            sql = f"select * from prewarmed where job_id in ({marks}) order by job_id, position"
            for row in db.query(sql, ids):
                found[row["job_id"]].append({key: row[key] for key in ("url", "state", "detail")})
        return found

    def count_jobs(self) -> dict[tuple[JobKind, JobState], int]:
        """Return how many jobs there are of each kind and state."""
        with self._connections.reading() as db:
            rows = db.execute("select kind, state, count(*) from jobs group by kind, state").fetchall()
        return {(JobKind(kind), JobState(state)): count for kind, state, count in rows}

    def _now(self) -> int:
        return int(self._clock())

    def _note(
        self, db: Database, actor: Actor, action: str, target: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        history.append(db, at=self._now(), actor=actor, action=action, target=target, before=before, after=after)


WORKER = Actor("worker", "worker")


def _finish(
    db: Database, job: Job, now: int, state: JobState, reason: ConsoleError | None = None, detail: str = ""
) -> None:
    db.execute(
        "update jobs set state = ?, finished = ?, progress = ?, error = ?, detail = ? where job_id = ?",
        [
            state,
            now,
            1.0 if state is JobState.DONE else job.progress,
            reason.pack() if reason else "",
            detail,
            job.job_id,
        ],
    )
    if job.kind not in STATUS or not job.video_id:
        return
    column, running, success, fail = STATUS[job.kind]
    new = success if state is JobState.DONE else fail
    _set_status(db, job.video_id, column, new)
    if job.kind is JobKind.TRANSCODE:
        _set_media_status(db, job.video_id, failed=state is JobState.FAILED)
    history.append(
        db, at=now, actor=WORKER, action=job.kind, target=job.video_id, before={column: running}, after={column: new}
    )


def _set_status(db: Database, video_id: str, column: str, value: str) -> None:
    db.execute(f"update videos set {column} = ? where video_id = ?", [value, video_id])
    if column in ("transcode_status", "snapshot_status"):
        # From here on the entry follows the catalogue again, whatever the recommendation was made with.
        db.execute(f"update recommendations set {column} = null where video_id = ?", [video_id])


def _set_media_status(db: Database, video_id: str, failed: bool) -> None:
    """Let VOD's status say TranscodeFail while there is nothing to play, and what the review says otherwise."""
    video = read_video(db, video_id)
    if failed and not video.files_of(FileKind.COMMON) and video.status is not VideoStatus.BLOCKED:
        status = VideoStatus.TRANSCODE_FAIL
    elif not failed and video.status is VideoStatus.TRANSCODE_FAIL:
        by_review = {CensorStatus.SUCCESS: VideoStatus.NORMAL, CensorStatus.FAIL: VideoStatus.BLOCKED}
        status = by_review.get(video.censor_status, VideoStatus.CHECKING)
    else:
        return
    db.execute("update videos set status = ? where video_id = ?", [status, video_id])


def _write_warmed(db: Database, job_id: str, facts: dict[str, Any]) -> None:
    for position, (state, detail) in facts.get("warmed", {}).items():
        db.execute(
            "update prewarmed set state = ?, detail = ? where job_id = ? and position = ?",
            [state, detail, job_id, position],
        )


def _owned(db: Database, job: Job, owner: str) -> bool:
    sql = "select 1 from jobs where job_id = ? and owner = ? and state = 'running'"
    return db.execute(sql, [job.job_id, owner]).fetchone() is not None


def _get(db: Database, job_id: str) -> Job:
    row = next(iter(db.query("select * from jobs where job_id = ?", [job_id])), None)
    if row is None:
        raise NotFound("There is no job {job_id}.", job_id=job_id)
    return _job(row)


def _job(row: dict[str, Any]) -> Job:
    job = Job(
        job_id=row["job_id"],
        kind=JobKind(row["kind"]),
        state=JobState(row["state"]),
        created=row["created"],
        video_id=row["video_id"],
        attempts=row["attempts"],
        progress=row["progress"],
        reference=row["reference"],
        started=row["started"],
        finished=row["finished"],
        error=row["error"],
        detail=row["detail"],
    )
    return replace(job, payload=json.loads(row["payload"]))
