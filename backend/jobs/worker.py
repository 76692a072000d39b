"""The worker: claims jobs from the queue, runs them here or remotely, and records their outcomes.

One thread claims jobs, renews leases and records outcomes. Jobs run in other threads: a local job is one blocking call,
a remote one is a call that starts it and short calls that poll it.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from backend.errors import CloudError
from backend.jobs import process_identity
from backend.jobs.concurrency import local_lanes
from backend.jobs.runner import (
    AnyRunner,
    Done,
    Failed,
    Lost,
    Outcome,
    RemoteRunner,
    Running,
    Task,
    call_in_thread,
    outcome_of,
)  # fmt: skip
from backend.model import Job, JobKind
from backend.store import Store, StoreError

log = logging.getLogger(__name__)

MAX_REMOTE = 100  # per kind: jobs that wait for hours at a cloud do not block other kinds
MAX_CALLS = 8  # concurrent calls to clouds
CLAIM_SECONDS = 0.5  # until the next claim without a notification, because other processes may add jobs
DEBOUNCE_SECONDS = 0.02  # debounce time for notifications
RENEW_SECONDS, REMOTE_RENEW_SECONDS = 1.0, 3.0  # between two renewals of a lease
MIN_POLL_SECONDS = 0.2  # between two polls of a job
# Back-off: seconds before the first retry, and the maximum.
STORE_BACKOFF, CLOUD_BACKOFF = (0.5, 10.0), (2.0, 60.0)
# How long a job is retried while a cloud rejects starting it, or rejects an upload.
REMOTE_RETRY_SECONDS, UPLOAD_RETRY_SECONDS = 1800.0, 6 * 3600.0


@dataclass
class ActiveJob:
    """A claimed job."""

    job: Job
    owner: str
    runner: AnyRunner
    lane: int
    renewed: float  # last renewal of the lease
    call: Future[Outcome] | None = None  # the running call, if any
    task: Task = field(default_factory=Task)
    reference: str = ""  # of a remote job, once started
    due: float = 0.0  # when to call or record next
    notified: bool = False  # a notification arrived after the running poll was sent
    done: Done | None = None  # the outcome, while it is being prepared for recording
    end: Done | Failed | None = None  # the outcome to record
    owned: bool = True
    failures: int = 0  # consecutive
    failing_since: float = 0.0
    refusal: str = ""  # the database error logged last

    @property
    def next_renewal(self) -> float:
        """When to renew the lease; never for a lost job or one that only waits to be recorded."""
        if not self.owned or self.end is not None:
            return math.inf
        return self.renewed + (REMOTE_RENEW_SECONDS if isinstance(self.runner, RemoteRunner) else RENEW_SECONDS)

    @property
    def next_step(self) -> float:
        return min(self.next_renewal, self.due if self.call is None else math.inf)


class Worker:
    """Runs several jobs concurrently, limited by the schedule's lanes.

    Errors of the database or a cloud are retried with back-off, without running the job again.
    """

    def __init__(
        self,
        store: Store,
        runners: Mapping[JobKind, AnyRunner],
        settle: Mapping[JobKind, Callable[[Job, Done], None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`settle` has functions that process a job's outcome before it is recorded; they are called again if the
        database fails.
        """
        self._store, self._runners, self._settle, self._clock = store, runners, settle or {}, clock
        remote = [kind for kind, runner in runners.items() if isinstance(runner, RemoteRunner)]
        here = runners.keys() - remote
        self._lanes = [(tuple(kind for kind in kinds if kind in here), most) for kinds, most in local_lanes()]
        self._lanes += [((kind,), MAX_REMOTE) for kind in remote]
        self._name = process_identity.name()
        self._owners: list[str] = []
        self._active: dict[str, ActiveJob] = {}  # by owner; each job has its own
        self._pool = ThreadPoolExecutor(MAX_CALLS, "remote")
        self._stopping, self._wake = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="worker", daemon=True)
        self._next_claim, self._refused_claims = 0.0, 0

    @property
    def is_calling(self) -> bool:
        """Return whether any job or poll is running."""
        return any(active.call is not None for active in self._active.values())

    def start(self) -> None:
        """Start in the background."""
        self._store.listeners.append(self._wake.set)
        self._thread.start()

    def stop(self, timeout: float = 15.0) -> None:
        """Stop local jobs and return unfinished jobs to the queue, waiting for that.

        Remote jobs continue and are found again by reference.
        """
        deadline = time.monotonic() + timeout
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._store.listeners.remove(self._wake.set)
            self._thread.join(timeout)
        for active in self._active.values():
            active.task.stopped.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        wait([active.call for active in self._active.values() if active.call], max(0.0, deadline - time.monotonic()))
        for active in list(self._active.values()):
            self._release(active)

    def poll_now(self, known: str) -> None:
        """Poll the jobs of a video, or with a reference ending with this id, immediately."""
        for active in list(self._active.values()):
            if known and (active.job.video_id == known or active.reference.endswith(f":{known}")):
                active.notified = True
                if active.end is None:
                    active.due = 0.0
        self._wake.set()

    def run_until_idle(self, seconds: float = 600.0) -> None:
        """Work until the queue is empty, for tests. Raises TimeoutError."""
        deadline, idle = time.monotonic() + seconds, 0
        while time.monotonic() < deadline and idle < 2:  # the second round takes jobs queued by the first
            self._next_claim = 0.0
            self.step()
            idle = 0 if self._active else idle + 1
            if self._active:
                self._wake.wait(0.01)
                self._wake.clear()
        if idle < 2:
            raise TimeoutError

    def step(self) -> None:
        """Claim jobs, process results, make due calls, and renew leases."""
        now = self._clock()
        if now >= self._next_claim:
            self._claim(now)
        for active in list(self._active.values()):
            try:
                self._step_job(active, now)
            except Exception:
                # Its lease is still held by this owner name, so the next claim takes it back.
                log.exception("job %s crashed its worker", active.job.job_id)
                self._drop(active)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            self.step()
            pause = min([self._next_claim, *(active.next_step for active in self._active.values())]) - self._clock()
            if self._wake.wait(max(0.0, pause)):
                self._claim_soon()
                self._stopping.wait(DEBOUNCE_SECONDS)

    # Queue

    def _claim(self, now: float) -> None:
        """Claim as many jobs as there is capacity for; back off while the database fails."""
        self._next_claim = now + CLAIM_SECONDS
        try:
            while (kinds := self._kinds_with_room()) and self._claim_one(kinds, now):
                pass
            self._refused_claims = 0
        except Exception:  # the worker outlives a database that is away
            if not self._refused_claims:
                log.exception("the worker cannot reach its queue; retrying")
            self._next_claim = now + backoff(self._refused_claims, STORE_BACKOFF)
            self._refused_claims += 1

    def _claim_one(self, kinds: Collection[JobKind], now: float) -> bool:
        """Claim a job under an unused owner name; a job left under that name is taken back first."""
        owner = self._owners.pop() if self._owners else f"{self._name}/{uuid.uuid4().hex[:12]}"
        job = None
        try:
            job = self._store.jobs.claim_job(kinds, owner, process_identity.is_gone, process_identity.is_here)
        finally:
            if job is None:
                self._owners.append(owner)
        if job is None:
            return False
        lane = next(number for number, (its_kinds, _) in enumerate(self._lanes) if job.kind in its_kinds)
        self._active[owner] = ActiveJob(job, owner, self._runners[job.kind], lane, renewed=now)
        return True

    def _kinds_with_room(self) -> tuple[JobKind, ...]:
        taken = Counter(active.lane for active in self._active.values())
        return tuple(kind for lane, (kinds, most) in enumerate(self._lanes) if taken[lane] < most for kind in kinds)

    def _claim_soon(self) -> None:
        if not self._refused_claims:
            self._next_claim = 0.0

    # Active jobs

    def _step_job(self, active: ActiveJob, now: float) -> None:
        if active.call is not None and active.call.done():
            self._process_result(active, active.call)
        elif active.call is None and now >= active.due:
            if active.end is not None:
                self._record(active, active.end)
            else:
                self._call(active)
        if active.owner in self._active and now >= active.next_renewal:
            self._renew_lease(active)

    def _call(self, active: ActiveJob) -> None:
        active.notified = False
        if isinstance(active.runner, RemoteRunner):
            active.call = self._pool.submit(self._advance, active)
        else:
            active.task = Task()
            active.call = call_in_thread(f"{active.job.kind} {active.job.job_id}", partial(self._advance, active))
        active.call.add_done_callback(lambda _: self._wake.set())

    def _advance(self, active: ActiveJob) -> Outcome:
        """Run the next call of a job in another thread: run or poll it, then process its outcome."""
        if active.done is None:
            outcome = self._run(active)
            if not isinstance(outcome, Done):
                return outcome
            active.done = outcome
        if settle := self._settle.get(active.job.kind):
            settle(active.job, active.done)
        return active.done

    def _run(self, active: ActiveJob) -> Outcome:
        job, runner = active.job, active.runner
        if active.reference and isinstance(runner, RemoteRunner):
            return runner.poll(active.reference)
        video = self._store.catalogue.get_video(job.video_id) if job.video_id else None
        if isinstance(runner, RemoteRunner):
            active.reference = runner.start(job, video)
            return runner.poll(active.reference)
        return runner.run(job, video, active.task)

    def _process_result(self, active: ActiveJob, call: Future[Outcome]) -> None:
        """Process the result of a call."""
        active.call = None
        if not active.owned:
            self._drop_lost(active)
        elif call.cancelled():
            pass  # left to another worker
        elif (error := call.exception()) is None:
            self._process_outcome(active, call.result())
        elif not self._should_retry(active, error):
            self._process_outcome(active, outcome_of(error))
        elif isinstance(error, CloudError):
            self._postpone(active, CLOUD_BACKOFF)
        else:
            _warn_once(active, "job %s goes on later: %s", error)
            self._postpone(active, STORE_BACKOFF)

    def _process_outcome(self, active: ActiveJob, outcome: Outcome) -> None:
        if isinstance(outcome, Lost):
            active.reference = ""
            self._postpone(active, STORE_BACKOFF)
            if not isinstance(active.runner, RemoteRunner):
                self._renew_lease(active)  # it saw itself that it was cancelled
        elif isinstance(outcome, Running):
            active.failures = 0
            changed = outcome.facts != active.task.state.facts
            active.task.state = outcome
            active.due = self._clock() + (
                MIN_POLL_SECONDS if active.notified else max(outcome.poll_after, MIN_POLL_SECONDS)
            )
            if changed:
                self._renew_lease(active)
        else:
            active.failures = 0
            if isinstance(outcome, Failed):
                log.warning("job %s (%s) failed: %s", active.job.job_id, active.job.kind, outcome.reason)
            active.end = outcome
            self._record(active, outcome)

    def _should_retry(self, active: ActiveJob, error: BaseException) -> bool:
        """Return whether to retry after this error.

        A cloud or an object store that keeps refusing fails the job, unless it was started there: then it continues,
        because starting it again would be billed again.
        """
        remote = isinstance(active.runner, RemoteRunner)
        if isinstance(error, CloudError):
            limit = REMOTE_RETRY_SECONDS if remote else UPLOAD_RETRY_SECONDS
            late = active.failures > 0 and self._clock() - active.failing_since > limit
            return error.passing and (bool(active.reference) or not late)
        return isinstance(error, StoreError) or (remote and isinstance(error, OSError))

    def _postpone(self, active: ActiveJob, pauses: tuple[float, float]) -> None:
        now = self._clock()
        active.failing_since = active.failing_since if active.failures else now
        active.due = now + backoff(active.failures, pauses)
        active.failures += 1

    def _renew_lease(self, active: ActiveJob) -> None:
        """Renew a lease and store progress; drop a job that was lost."""
        active.renewed = self._clock()
        state = active.task.state
        try:
            kept = self._store.jobs.renew_lease(active.job, active.owner, active.reference, state.progress, state.facts)
        except StoreError as error:
            _warn_once(active, "the progress of job %s cannot be noted now: %s", error)
            if not error.passing:
                active.task.stopped.set()  # nobody could monitor or cancel it
            return
        active.refusal = ""
        if not kept:
            active.owned = False
            self._cancel(active)
            if active.call is None:
                self._drop_lost(active)

    def _record(self, active: ActiveJob, end: Done | Failed) -> None:
        """Record the outcome of a job, retrying while the database fails."""
        job, owner = active.job, active.owner
        try:
            if isinstance(end, Done):
                self._store.jobs.settle_done(job, owner, end.files, end.facts, end.detail)
            else:
                self._store.jobs.settle_failed(job, owner, end.reason, end.detail, end.facts)
        except StoreError as error:
            _warn_once(active, "the end of job %s is recorded when the database takes it: %s", error)
            self._postpone(active, STORE_BACKOFF)
            return
        self._drop(active)

    def _release(self, active: ActiveJob) -> None:
        """Record finished jobs and return the others to the queue."""
        if active.call is not None and active.call.done():
            self._process_result(active, active.call)
        elif active.end is not None:
            self._record(active, active.end)
        if self._active.pop(active.owner, None) is None or not active.owned:
            return
        if active.end is not None:
            log.error("the outcome of job %s could not be recorded; it will run again", active.job.job_id)
            return
        self._cancel(active)
        try:
            self._store.jobs.release_job(active.job, active.owner)
        except StoreError:
            log.exception("job %s will resume when its lease expires", active.job.job_id)

    def _cancel(self, active: ActiveJob) -> None:
        active.task.stopped.set()
        if active.reference and isinstance(active.runner, RemoteRunner):
            active.runner.cancel(active.reference)

    def _drop_lost(self, active: ActiveJob) -> None:
        """Drop a job that was lost, when its call has ended."""
        self._drop(active)
        with suppress(StoreError):  # then its lease runs out
            self._store.jobs.note_stopped(active.job, active.owner)

    def _drop(self, active: ActiveJob) -> None:
        self._active.pop(active.owner, None)
        self._owners.append(active.owner)
        self._claim_soon()


def backoff(failures: int, pauses: tuple[float, float]) -> float:
    first, longest = pauses
    return float(min(first * 2 ** min(failures, 10), longest))


def _warn_once(active: ActiveJob, template: str, error: BaseException) -> None:
    if active.refusal != str(error):
        log.warning(template, active.job.job_id, error)
    active.refusal = str(error)
