"""Changes to job rows, inside the caller's transaction."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

from backend.errors import ConsoleError, NotFound, TooMany
from backend.model import (
    Actor,
    CensorStatus,
    FileKind,
    Job,
    JobKind,
    JobState,
    SnapshotStatus,
    TranscodeStatus,
    Video,
    VideoStatus,
)
from backend.model.pull import PullSource
from backend.store import history, warm_rows
from backend.store.engine import Database
from backend.store.review_queue import follow_status
from backend.store.rows import check_whole, read_object, read_video

# Lower runs first: a cover does not wait behind an hour of encoding.
PRIORITY = {
    JobKind.UPLOAD: 0,
    JobKind.PULL: 0,
    JobKind.SNAPSHOT: 0,
    JobKind.COVER: 0,
    JobKind.PREWARM: 0,
    JobKind.FLAGS: 1,
    JobKind.BULK: 1,
    JobKind.DEMO: 1,
    JobKind.TRANSCODE: 2,
    JobKind.NARROW: 3,
}

# kind -> (status column of the video, value while running, when done, when failed)
STATUS: dict[JobKind, tuple[str, str, str, str]] = {
    JobKind.UPLOAD: ("status", VideoStatus.UPLOADING, VideoStatus.UPLOAD_SUCC, VideoStatus.UPLOAD_FAIL),
    JobKind.SNAPSHOT: ("snapshot_status", SnapshotStatus.RUNNING, SnapshotStatus.SUCCESS, SnapshotStatus.FAIL),
    JobKind.TRANSCODE: ("transcode_status", TranscodeStatus.RUNNING, TranscodeStatus.SUCCESS, TranscodeStatus.FAIL),
    JobKind.NARROW: (
        "narrow_transcode_status",
        TranscodeStatus.RUNNING,
        TranscodeStatus.SUCCESS,
        TranscodeStatus.FAIL,
    ),
}

TRANSCODES = (JobKind.TRANSCODE, JobKind.NARROW)
MADE_BY = {
    JobKind.SNAPSHOT: (FileKind.COVER,),
    JobKind.TRANSCODE: (FileKind.COMMON,),
    JobKind.NARROW: (FileKind.NARROW,),
}

# What `job_of` reads. Named, since PostgreSQL does not prepare a statement that returns all columns.
JOB_COLUMNS = (
    "job_id, kind, state, created, video_id, attempts, progress, reference, started, finished, error, detail, payload, "
    "result"
)

WORKER = Actor("worker", "worker")
MAX_PULLS_OF_ONE, MAX_PULLS = 200, 1000  # queued or running, per account and in total
PENDING = "select payload from jobs where kind = ? and state in ('queued', 'running')"
W = TypeVar("W", bound=StrEnum)


def enqueue(
    db: Database, kind: JobKind, *, now: int, video_id: str = "", payload: dict[str, Any] | None = None,
    job_id: str = "",
) -> str | None:  # fmt: skip
    """Queue a job inside the caller's transaction and update the video's status; None if one is queued or running
    already. `job_id` is the id of a removed job that is being retried.
    """
    job_id = job_id or uuid.uuid4().hex
    made = db.execute(
        "insert into jobs (job_id, kind, state, video_id, priority, created, payload) "
        "values (?, ?, 'queued', ?, ?, ?, ?) on conflict do nothing",
        [job_id, kind, video_id, PRIORITY[kind], now, json.dumps(payload or {}, ensure_ascii=False)],
    ).rowcount
    if not made:
        return None
    if video_id:
        # This job supersedes earlier failures; the history still has them.
        db.execute(
            "delete from jobs where video_id = ? and kind = ? and state in ('failed', 'cancelled')", [video_id, kind]
        )
    if kind in STATUS:
        column, running, _, _ = STATUS[kind]
        set_status(db, video_id, column, running)
    if payload and kind is JobKind.PREWARM:
        warm_rows.insert_batch(db, job_id, payload, now)
    return job_id


def requeue(db: Database, job: Job, *, now: int) -> None:
    """Queue a finished job again under its own id, by which providers recognize earlier attempts.

    Of a prewarm batch, only URLs that are not warm are queued; the others remain listed in the finished batch.
    """
    warm = "select position from prewarmed where job_id = ? and state = 'warm'"
    kept = {position for (position,) in db.execute(warm, [job.job_id]).fetchall()}
    if not kept:
        db.execute("delete from jobs where job_id = ?", [job.job_id])
        enqueue(db, job.kind, now=now, video_id=job.video_id, payload=job.payload, job_id=job.job_id)
        return
    urls = job.payload["urls"]
    db.execute("delete from prewarmed where job_id = ? and state <> 'warm'", [job.job_id])
    db.execute("update jobs set state = ?, error = '', progress = 1 where job_id = ?", [JobState.DONE, job.job_id])
    rest = [url for position, url in enumerate(urls) if position not in kept]
    if rest:
        enqueue_urls(db, rest, now=now, payload=job.payload)


def enqueue_urls(db: Database, urls: list[str], *, now: int, payload: dict[str, Any] | None = None) -> str | None:
    """Queue a prewarm batch inside the caller's transaction; None if an identical batch is queued or running.

    `payload` has what else is noted with it: source, actor and region.
    """
    pending = db.execute(PENDING, [JobKind.PREWARM]).fetchall()
    if any(read_object(text).get("urls") == urls for (text,) in pending):
        return None
    return enqueue(db, JobKind.PREWARM, now=now, payload={**(payload or {}), "urls": urls})


def ids_in_order(count: int) -> list[str]:
    """Return sorted job ids: jobs created in the same second run in the order of their ids."""
    return sorted(uuid.uuid4().hex for _ in range(count))


def enqueue_pull(db: Database, source: PullSource, *, now: int, job_id: str) -> tuple[str, bool]:
    """Queue a URL to be fetched; return the job's id and whether it is new. An identical pending job is reused."""
    payload = json.dumps(source.payload(), ensure_ascii=False)
    sql = "select job_id from jobs where kind = 'pull' and state in ('queued', 'running') and payload = ?"
    if row := db.execute(sql, [payload]).fetchone():
        return str(row[0]), False
    enqueue(db, JobKind.PULL, now=now, payload=source.payload(), job_id=job_id)
    return job_id, True


def check_pulls(db: Database, actor: Actor) -> None:
    """Raise TooMany if this account, or all together, have more pending fetches than allowed."""
    pending = db.execute(PENDING, [JobKind.PULL]).fetchall()
    total, of_one = len(pending), sum(read_object(text).get("actor") == actor.name for (text,) in pending)
    if of_one > MAX_PULLS_OF_ONE:
        raise TooMany(
            "At most {most} addresses of yours may wait to be fetched, and with these it would be {count}. Nothing was "
            "added: give fewer, or wait until some have come in.", most=MAX_PULLS_OF_ONE, count=of_one,
        )  # fmt: skip
    if total > MAX_PULLS:
        raise TooMany(
            "At most {most} addresses may wait to be fetched, and with these it would be {count}. Nothing was added: "
            "give fewer, or wait until some have come in.", most=MAX_PULLS, count=total,
        )  # fmt: skip


def read_complete(db: Database, video_id: str) -> Video:
    """Return a video with a complete source. Raises NotFound, and Conflict while its upload is unfinished."""
    video = read_video(db, video_id)
    check_whole(video)
    return video


def withdraw_other(db: Database, kind: JobKind, video_id: str, payload: dict[str, Any]) -> bool:
    """Delete the jobs of a kind where only the latest matters; False if one with the same payload has not failed.

    A worker running one of them notices at its next lease renewal and can no longer complete it.
    """
    same = "video_id = ? and kind = ? and state in ('queued', 'running', 'done') and payload = ?"
    if db.execute(f"select 1 from jobs where {same}", [video_id, kind, json.dumps(payload)]).fetchone():
        return False
    db.execute("delete from jobs where video_id = ? and kind = ?", [video_id, kind])
    return True


def cancel_all(db: Database, video_id: str, *, now: int) -> None:
    """Cancel queued and running jobs of a deleted video and delete failed ones, inside the caller's transaction.

    The worker notices at its next lease renewal.
    """
    db.execute("delete from jobs where video_id = ? and state = 'failed'", [video_id])
    db.execute(
        "update jobs set state = 'cancelled', finished = ? where video_id = ? and state in ('queued', 'running')",
        [now, video_id],
    )


def finish(
    db: Database, job: Job, now: int, state: JobState, reason: ConsoleError | None = None, detail: str = ""
) -> None:
    """End a job: set its state and its video's status, and append to the history."""
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
    if job.kind is JobKind.PREWARM:
        warm_rows.note_end(db, job.job_id, reason.pack() if reason else "")
    if job.kind not in STATUS or not job.video_id:
        return
    column, running, success, fail = STATUS[job.kind]
    new = success if state is JobState.DONE else fail
    set_status(db, job.video_id, column, new)
    if job.kind is JobKind.TRANSCODE:
        _set_media_status(db, job.video_id, failed=state is JobState.FAILED)
    history.append(
        db, at=now, actor=WORKER, action=job.kind, target=job.video_id, before={column: running}, after={column: new}
    )


def set_status(db: Database, video_id: str, column: str, value: str) -> None:
    """Set one of the statuses of a video."""
    db.execute(f"update videos set {column} = ? where video_id = ?", [value, video_id])
    if column == "status":  # an upload
        follow_status(db, video_id, VideoStatus.UPLOADING, CensorStatus.CHECK)
    if column in ("transcode_status", "snapshot_status"):
        # From here on the feed entry shows the catalogue's value instead of the one given with the recommendation.
        db.execute(f"update recommendations set {column} = null where video_id = ?", [video_id])


def _set_media_status(db: Database, video_id: str, failed: bool) -> None:
    """Set VOD's status to TranscodeFail while nothing is playable, otherwise to the one implied by the review."""
    video = read_video(db, video_id)
    if failed and not (video.files_of(FileKind.COMMON) or video.encrypted) and video.status is not VideoStatus.BLOCKED:
        status = VideoStatus.TRANSCODE_FAIL
    elif not failed and video.status is VideoStatus.TRANSCODE_FAIL:
        by_review = {CensorStatus.SUCCESS: VideoStatus.NORMAL, CensorStatus.FAIL: VideoStatus.BLOCKED}
        status = by_review.get(video.censor_status, VideoStatus.CHECKING)
    else:
        return
    db.execute("update videos set status = ? where video_id = ?", [status, video_id])


def is_owned(db: Database, job: Job, owner: str) -> bool:
    """Return whether this worker still holds the job, or lost it but nobody has claimed it since."""
    sql = (
        "select 1 from jobs where job_id = ? and "
        "(state = 'running' and owner = ? or state = 'queued' and attempts = ? and attempts > 0)"
    )
    return db.execute(sql, [job.job_id, owner, job.attempts]).fetchone() is not None


def get(db: Database, job_id: str) -> Job:
    """Return one job. Raises NotFound."""
    row = next(iter(db.query(f"select {JOB_COLUMNS} from jobs where job_id = ?", [job_id])), None)
    if row is None:
        raise NotFound("There is no job {job_id}.", job_id=job_id)
    return job_of(row)


def enum_value(words: type[W], text: str) -> W:
    """Return a member of an enumeration.

    An unknown value, written by a newer version, is returned as an extra member.
    """
    try:
        return words(text)
    except ValueError:
        unknown = str.__new__(words, text)
        unknown._name_ = unknown._value_ = text
        return unknown


def brief_job_of(row: dict[str, Any]) -> Job:
    """Build a Job from a row of `Jobs.find_queue`."""
    return Job(
        job_id=row["job_id"], kind=enum_value(JobKind, row["kind"]), state=enum_value(JobState, row["state"]),
        created=row["created"], video_id=row["video_id"], progress=row["progress"], started=row["started"],
    )  # fmt: skip


def job_of(row: dict[str, Any]) -> Job:
    """Build a Job from a full row."""
    job = Job(
        job_id=row["job_id"],
        kind=enum_value(JobKind, row["kind"]),
        state=enum_value(JobState, row["state"]),
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
    return replace(job, payload=read_object(row["payload"]), result=read_object(row["result"]))
