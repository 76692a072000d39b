"""The durable job queue: a worker claims a job with a lease, and jobs of dead workers are claimed again.

A worker's death says little about its job: machines are restarted, and one job in a thousand crashes its worker.
Progress proves nothing, because an encode restarts from the beginning. So after one crash, a job keeps its place in the
queue. After two it is a suspect: it runs after all others and never beside another suspect, so that a harmful job
crashes its worker alone, when the harmless ones are done. From the third crash on it waits 1, 2, 4 minutes, and it
fails at the sixth: restarts do not hit the same job that often. A job that a worker returns does not count.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import starmap
from typing import Any

from backend.errors import Conflict, ConsoleError
from backend.model import (
    Actor,
    FileKind,
    Job,
    JobKind,
    JobState,
    MediaFile,
    Page,
    TranscodeStatus,
)
from backend.model.bulks import STILL_STOPPING
from backend.model.pull import PullSource
from backend.store import history, stale_changes
from backend.store.engine import Database, Engine
from backend.store.job_rows import (
    JOB_COLUMNS,
    MADE_BY,
    PRIORITY,
    STATUS,
    TRANSCODES,
    brief_job_of,
    check_pulls,
    enqueue,
    enqueue_pull,
    enum_value,
    finish,
    get,
    ids_in_order,
    is_owned,
    job_of,
    read_complete,
    requeue,
    set_status,
    withdraw_other,
)
from backend.store.rows import read_video, write_files
from backend.store.warm_rows import note_end, note_results

WORKER_DIED = (
    "The worker crashed {count} times while running this job. Check the server's log (often memory is short), "
    "then retry."
)

LEASE_SECONDS = 15.0
LIVING_SECONDS = 600.0  # after its lease expires, for an owner that is alive on this machine
MAX_CRASHES = 6
SUSPECT_DEATHS = 2
FIRST_WAIT = 60.0  # seconds
PACE_JOBS = 20  # the number of recent jobs of a kind that the throughput is averaged over

# A narrow-band job also makes the plain rendition if there is none, to compare with.
_PLAIN_IS_THERE = ("transcode_status", TranscodeStatus.SUCCESS)

# Suspects go last. The attempts of a queued job are the workers that crashed running it.
ORDER = f"jobs.attempts >= {SUSPECT_DEATHS}, priority, jobs.created, job_id"

NEXT = f"""
    select job_id from jobs
    where kind in (select value from json_each(:kinds)) and state = 'queued' and lease_until <= :exact
      and (attempts < {SUSPECT_DEATHS}
           or not exists (select 1 from jobs where state = 'running' and attempts > {SUSPECT_DEATHS}))
    order by {ORDER} limit 1
"""
COUNTS = "select kind, state, sum(count) from job_counts group by kind, state having sum(count) > 0"
CLAIM = f"""
    update jobs set state = 'running', owner = :owner, lease_until = :until, attempts = attempts + 1,
        started = :now, progress = 0, reference = ''
    where job_id = ({NEXT})
    returning {JOB_COLUMNS}
"""
RUNNING = """
    select job_id, owner, lease_until from jobs
    where state = 'running' and kind in (select value from json_each(?)) order by job_id
"""


class Jobs:
    """Queries and changes of jobs."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    def enqueue_for_video(
        self, kind: JobKind, video_id: str, action: str, actor: Actor, payload: dict[str, Any] | None = None
    ) -> bool:
        """Queue a job for a video; False if one is queued or running.

        Raises NotFound, and Conflict while the video has no complete source.
        """
        with self._engine.writing() as db:
            video = read_complete(db, video_id)
            column = STATUS[kind][0]
            before = getattr(video, column)
            if enqueue(db, kind, now=self._now(), video_id=video_id, payload=payload) is None:
                return False
            self._note(db, actor, action, video_id, {column: before}, {column: STATUS[kind][1], **(payload or {})})
            return True

    def choose_cover(self, video_id: str, seconds: float, actor: Actor, *, seen_line: int | None = None) -> bool:
        """Queue setting the frame at this second as the cover, replacing any earlier choice.

        False if the same choice is current. Raises NotFound, and Conflict if the source is incomplete or somebody
        changed the video after `seen_line` of the history.
        """
        with self._engine.writing() as db:
            before = read_complete(db, video_id).cover
            stale_changes.check(db, video_id, seen_line)
            after = {"seconds": seconds}
            if not withdraw_other(db, JobKind.COVER, video_id, payload=after):
                return False
            enqueue(db, JobKind.COVER, now=self._now(), video_id=video_id, payload=after)
            self._note(db, actor, "chooseCover", video_id, {"cover": before.name if before else ""}, after)
            return True

    def enqueue_pulls(self, sources: Sequence[PullSource], actor: Actor) -> list[str]:
        """Queue URLs to be fetched; return the job id of each, which may be an existing job.

        Raises TooMany, and queues none, if more than MAX_PULLS_OF_ONE of this account or MAX_PULLS in total would be
        pending.
        """
        jobs, added = [], False
        with self._engine.writing() as db:
            for source, new_id in zip(sources, ids_in_order(len(sources)), strict=True):
                job_id, new = enqueue_pull(db, source, now=self._now(), job_id=new_id)
                added = added or new
                if new:
                    address = source.url.partition("?")[0]  # the query may contain a signature
                    self._note(db, actor, "pullVideos", job_id, {}, {"sourceUrl": address, "title": source.title})
                jobs.append(job_id)
            if added:
                check_pulls(db, actor)
        return jobs

    def enqueue_demo(self, clips: Iterable[int]) -> None:
        with self._engine.writing() as db:
            for clip in clips:
                enqueue(db, JobKind.DEMO, now=self._now(), payload={"clip": clip})

    def claim_job(
        self,
        kinds: Iterable[JobKind],
        owner: str,
        is_gone: Callable[[str], bool] = lambda owner: False,
        is_here: Callable[[str], bool] = lambda owner: False,
    ) -> Job | None:
        """Claim the next job of these kinds, atomically.

        First, abandoned jobs are queued again: those with an expired lease, those whose owner `is_gone`, and those this
        owner still seems to hold. An owner that `is_here`, alive on this machine, gets more time: it may hold a result
        that the database does not accept at the moment. Kinds unknown to this version are left alone.
        """
        exact = self._clock()
        values: dict[str, Any] = {"owner": owner, "until": exact + LEASE_SECONDS, "exact": exact, "now": int(exact)}
        values["kinds"] = json.dumps([kind.value for kind in kinds])

        def is_left(job_id: str, held_by: str, lease_until: float) -> bool:
            late = exact - lease_until
            is_late = late > 0 and (late > LIVING_SECONDS or not is_here(held_by))
            return held_by == owner or is_late or is_gone(held_by)

        with self._engine.reading() as db:  # an idle poll takes no write lock
            with db.by_index():
                found = db.fetch(NEXT, values)
            if not found and not any(starmap(is_left, _running(db))):
                return None
        with self._engine.writing() as db:
            for row in _running(db):
                if is_left(*row):
                    self._requeue_abandoned(db, get(db, row[0]))
            with db.by_index():
                claimed = [job_of(row) for row in db.query(CLAIM, values)]
            return claimed[0] if claimed else None

    def _requeue_abandoned(self, db: Database, job: Job) -> None:
        """Queue a job whose worker crashed, or fail it after too many crashes."""
        deaths = job.attempts
        if deaths >= MAX_CRASHES:
            finish(db, job, self._now(), JobState.FAILED, ConsoleError(WORKER_DIED, count=deaths))
            return
        wait = FIRST_WAIT * 2 ** (deaths - SUSPECT_DEATHS - 1) if deaths > SUSPECT_DEATHS else 0.0
        db.execute(
            "update jobs set state = 'queued', owner = '', lease_until = ?, progress = 0 where job_id = ?",
            [self._clock() + wait, job.job_id],
        )

    def renew_lease(self, job: Job, owner: str, reference: str, progress: float, facts: dict[str, Any]) -> bool:
        """Renew the lease of a job and store its progress. False if this owner has lost it and must stop."""
        with self._engine.writing() as db:
            kept = db.execute(
                "update jobs set lease_until = ?, progress = ?, reference = ? "
                "where job_id = ? and owner = ? and state = 'running'",
                [self._clock() + LEASE_SECONDS, progress, reference, job.job_id, owner],
            ).rowcount
            if kept:
                note_results(db, job.job_id, facts.get("warmed", {}), self._now())
            return bool(kept)

    def release_job(self, job: Job, owner: str) -> None:
        """Return a job to the queue without counting the attempt, when its worker is stopping."""
        with self._engine.writing() as db:
            db.execute(
                "update jobs set state = 'queued', owner = '', lease_until = 0, progress = 0, attempts = attempts - 1 "
                "where job_id = ? and owner = ? and state = 'running'",
                [job.job_id, owner],
            )

    def note_stopped(self, job: Job, owner: str) -> None:
        """Note that the worker of a cancelled job does nothing for it any more, before its lease has run out."""
        with self._engine.writing() as db:
            sql = "update jobs set lease_until = 0 where job_id = ? and owner = ? and state = 'cancelled'"
            db.execute(sql, [job.job_id, owner])

    def settle_done(
        self, job: Job, owner: str, files: tuple[MediaFile, ...], facts: dict[str, Any], detail: str = ""
    ) -> bool:
        """Record the end of a job, the video's files and its status together. False if this owner has lost the job."""
        with self._engine.writing() as db:
            if not is_owned(db, job, owner):
                return False
            write_files(db, job.video_id, files)
            note_results(db, job.job_id, facts.get("warmed", {}), self._now())
            result = {name: value for name, value in facts.items() if name != "warmed"}
            db.execute("update jobs set result = ? where job_id = ?", [json.dumps(result, default=str), job.job_id])
            finish(db, job, self._now(), JobState.DONE, detail=detail)
            if job.kind is JobKind.NARROW and any(file.kind is FileKind.COMMON for file in files):
                set_status(db, job.video_id, *_PLAIN_IS_THERE)
            return True

    def settle_failed(
        self, job: Job, owner: str, reason: ConsoleError, detail: str = "", facts: dict[str, Any] | None = None
    ) -> bool:
        """Record the failure of a job and the video's status together. False if this owner has lost the job."""
        with self._engine.writing() as db:
            if not is_owned(db, job, owner):
                return False
            note_results(db, job.job_id, (facts or {}).get("warmed", {}), self._now())
            finish(db, job, self._now(), JobState.FAILED, reason, detail)
            return True

    def retry_job(self, job_id: str, actor: Actor) -> None:
        """Queue a failed or cancelled job again. Raises NotFound and Conflict."""
        with self._engine.writing() as db:
            job = get(db, job_id)
            if job.state not in (JobState.FAILED, JobState.CANCELLED):
                raise Conflict(
                    "Job {job_id} is {state}; only a failed job can be retried.",
                    job_id=job_id, state=job.state.value,
                )  # fmt: skip
            if job.kind not in PRIORITY:
                raise Conflict(
                    "This version cannot run jobs of the kind {kind}; a newer version is needed.", kind=job.kind.value
                )
            if job.kind is JobKind.BULK:  # two workers would be at the same videos
                (until,) = db.execute("select lease_until from jobs where job_id = ?", [job_id]).fetchone()
                if until > self._clock():
                    raise Conflict(STILL_STOPPING)
            if job.video_id:
                read_video(db, job.video_id)
            requeue(db, job, now=self._now())
            self._note(db, actor, "retryJob", job.video_id or job_id, {"state": job.state}, {"state": JobState.QUEUED})

    def retry_failed_jobs(self, actor: Actor) -> int:
        """Queue all failed jobs again and return how many."""
        with self._engine.writing() as db:
            rows = db.query(f"select {JOB_COLUMNS} from jobs where state = 'failed' order by created, job_id")
            failed = [job for job in map(job_of, rows) if job.kind in PRIORITY]
            for job in failed:
                requeue(db, job, now=self._now())
                new = {"state": JobState.QUEUED}
                self._note(db, actor, "retryJob", job.video_id or job.job_id, {"state": job.state}, new)
            return len(failed)

    def cancel_job(self, job_id: str, actor: Actor) -> None:
        """Cancel a job; a running one stops at its worker's next lease renewal. Raises NotFound and Conflict.

        Until then its worker keeps the lease, see `note_stopped`.
        """
        with self._engine.writing() as db:
            job = get(db, job_id)
            if job.state not in (JobState.QUEUED, JobState.RUNNING):
                raise Conflict(
                    "Job {job_id} is {state}; only a waiting or running job can be cancelled.",
                    job_id=job_id, state=job.state.value,
                )  # fmt: skip
            until = "case when state = 'running' then lease_until else 0 end"
            sql = f"update jobs set state = 'cancelled', finished = ?, lease_until = {until} where job_id = ?"
            db.execute(sql, [self._now(), job_id])
            if job.kind is JobKind.PREWARM:
                note_end(db, job_id, "")
            if job.kind in STATUS:
                column, _, success, fail = STATUS[job.kind]
                video = read_video(db, job.video_id)
                made = video.files_of(*MADE_BY.get(job.kind, ())) or (job.kind in TRANSCODES and video.encrypted)
                never = fail if job.kind is JobKind.UPLOAD else ""
                set_status(db, job.video_id, column, success if made else never)
            new = {"state": JobState.CANCELLED, "kind": job.kind}
            self._note(db, actor, "cancelJob", job.video_id or job_id, {"state": job.state}, new)

    def find_queue(self) -> list[tuple[Job, float]]:
        """Return running and queued jobs in execution order, each with its video's duration.

        They have no payload, result or texts, because thousands may be queued: `get_jobs` returns those.
        """
        sql = (
            "select job_id, kind, state, jobs.created, video_id, started, progress, coalesce(duration, 0) as duration "
            "from jobs left join videos using (video_id) "
            f"where state in ('queued', 'running') order by {ORDER}"
        )
        with self._engine.reading() as db:
            return [(brief_job_of(row), row["duration"]) for row in db.query(sql)]

    def get_jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return these jobs in this order, omitting those that no longer exist."""
        with self._engine.reading() as db:
            sql = f"select {JOB_COLUMNS} from jobs where job_id in (select value from json_each(?))"
            found = {row["job_id"]: job_of(row) for row in db.query(sql, [json.dumps(job_ids)])}
        return [found[job_id] for job_id in job_ids if job_id in found]

    def find_pace(self) -> dict[JobKind, float]:
        """Return the processing time per second of video, averaged over recent jobs, by kind."""
        sql = (
            "select sum(finished - started) / sum(duration) from ("
            "  select finished, started, duration from jobs join videos using (video_id)"
            "  where kind = ? and state = 'done' and duration > 0 order by finished desc, job_id"
            f"  limit {PACE_JOBS}) last"
        )
        with self._engine.reading() as db:
            pace = {kind: db.execute(sql, [kind]).fetchone()[0] for kind in STATUS}
        return {kind: seconds for kind, seconds in pace.items() if seconds is not None}

    def get_job(self, job_id: str) -> Job:
        """Return one job. Raises NotFound."""
        with self._engine.reading() as db:
            return get(db, job_id)

    def find_jobs(
        self,
        *,
        video_id: str = "",
        kind: JobKind | None = None,
        state: JobState | None = None,
        index: int = 1,
        size: int = 20,
    ) -> Page[Job]:
        """Return one page of jobs and the total: newest first, or most recently finished first if `state` is final."""
        wanted = {"video_id": video_id, "kind": kind, "state": state}
        terms = [f"{name} = :{name}" for name, value in wanted.items() if value]
        where = "where " + " and ".join(terms) if terms else ""
        values = {name: value for name, value in wanted.items() if value}
        time = "created" if state in (None, JobState.QUEUED, JobState.RUNNING) else "finished"
        with self._engine.reading() as db:
            total = db.execute(f"select count(*) from jobs {where}", values).fetchone()[0]
            page = {**values, "limit": size, "offset": (index - 1) * size}
            sql = f"select {JOB_COLUMNS} from jobs {where} order by {time} desc, job_id limit :limit offset :offset"
            return Page(total, tuple(job_of(row) for row in db.query(sql, page)))

    def count_jobs(self) -> dict[tuple[JobKind, JobState], int]:
        """Return the number of jobs of each kind and state."""
        with self._engine.reading() as db:
            rows = db.execute(COUNTS).fetchall()
        return {(enum_value(JobKind, kind), enum_value(JobState, state)): count for kind, state, count in rows}

    def find_longest_waits(self) -> dict[JobKind, float]:
        """Return how many seconds the oldest queued job of each kind has waited; kinds without one are omitted."""
        sql = "select min(created) from jobs where kind = ? and state = 'queued'"
        with self._engine.reading() as db:
            oldest = {kind: db.execute(sql, [kind]).fetchone()[0] for kind in JobKind}
        now = self._clock()
        return {kind: max(0.0, now - created) for kind, created in oldest.items() if created is not None}

    def _now(self) -> int:
        return int(self._clock())

    def _note(
        self, db: Database, actor: Actor, action: str, target: str, before: dict[str, Any], after: dict[str, Any]
    ) -> None:
        history.append(db, at=self._now(), actor=actor, action=action, target=target, before=before, after=after)


def _running(db: Database) -> list[Any]:
    """Return id, owner and lease of the running jobs of kinds known to this version."""
    return db.execute(RUNNING, [json.dumps(list(JobKind))]).fetchall()
