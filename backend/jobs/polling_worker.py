"""A worker for jobs that are done elsewhere: it holds many at once, and asks how they stand."""

from __future__ import annotations

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from backend.errors import CloudError, ConsoleError
from backend.jobs import process_identity
from backend.jobs.periodic import Periodic
from backend.jobs.runner import Done, Failed, Lost, Outcome, Runner, Running
from backend.model import Job, JobKind
from backend.store import Store, StoreError

log = logging.getLogger(__name__)

MAX_HELD = 100  # of each kind: what waits for hours at a cloud keeps no other kind waiting
AT_ONCE = 8
STEP_SECONDS = 0.1
CLAIM_SECONDS = 0.5
BEAT_SECONDS = 3.0
MIN_SECONDS = 0.2  # between two questions about one job
FIRST_PAUSE, MAX_PAUSE = 2.0, 60.0
PATIENCE_SECONDS = 1800.0  # with a cloud that does not answer


@dataclass
class ActiveJob:
    """One job in hand. `asking` is the call under way: `start`, until there is a reference, then `poll`."""

    job: Job
    owner: str
    reference: str = ""
    due: float = 0.0
    beat: float = 0.0
    state: Running = field(default_factory=Running)
    nudged: bool = False  # something was heard after the question that is under way was asked
    failures: int = 0
    failing_since: float = 0.0
    asking: Future[str | Outcome] | None = None
    outcome: Done | Failed | Lost | None = None  # its end, until the database has taken it
    refusal: str = ""  # why the database did not take it, as the log has it already


class PollingWorker(Periodic):
    """Starts jobs, watches them all from one thread, and settles what came of them. Slow calls have their own threads.

    What a cloud refuses for a while is tried again, later and later; a job is lost only when that goes on for long.
    """

    def __init__(
        self,
        store: Store,
        runners: Mapping[JobKind, Runner],
        settle: Mapping[JobKind, Callable[[Job, Done], None]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`settle` holds what a kind of job needs done with its outcome before the job itself is settled."""
        super().__init__("worker-remote", STEP_SECONDS)
        self._store, self._runners, self._settle, self._clock = store, runners, settle or {}, clock
        self._name = process_identity.name()
        self._held: dict[str, ActiveJob] = {}
        self._pool = ThreadPoolExecutor(AT_ONCE, "remote")
        self._next_claim = 0.0

    def stop(self, timeout: float = 15.0) -> None:
        """Stop watching, and give what is in hand back to the queue: it goes on elsewhere, and is found again."""
        deadline = time.monotonic() + timeout
        super().stop(timeout)
        self._pool.shutdown(wait=False, cancel_futures=True)
        for held in list(self._held.values()):
            if held.asking is not None:
                _wait(held.asking, deadline - time.monotonic())
            try:
                if held.outcome is not None:
                    self._record(held, held.outcome)
                else:
                    self._runners[held.job.kind].cancel(held.reference)
                    self._store.jobs.give_back(held.job, held.owner)
            except StoreError:
                log.exception("job %s is found again by its reference", held.job.job_id)
        self._held.clear()

    def poll_now(self, known: str) -> None:
        """Ask at once about the jobs of a video, or whose reference ends with this id: something was heard of it."""
        for held in list(self._held.values()):
            if known and (held.job.video_id == known or held.reference.endswith(f":{known}")):
                held.due, held.nudged = 0.0, True

    def run_until_idle(self, seconds: float = 60.0) -> None:
        """Work in this thread until nothing waits and nothing is in hand, as tests do."""
        deadline, idle = time.monotonic() + seconds, 0
        while time.monotonic() < deadline and idle < 2:  # what the first round gave back, the second takes up
            self._next_claim = 0.0
            self.step()
            idle = 0 if self._held else idle + 1
            self._stopping.wait(0.01)

    def step(self) -> None:
        """Claim what waits, hear what was answered, ask what is due, and keep the leases."""
        now = self._clock()
        if now >= self._next_claim:
            self._next_claim = now + CLAIM_SECONDS
            while kinds := self._kinds_with_room():
                owner = f"{self._name}/{uuid.uuid4().hex[:12]}"  # each job has one of its own, as each lane elsewhere
                job = self._store.jobs.claim_job(kinds, owner, process_identity.is_gone, process_identity.is_here)
                if job is None:
                    break
                self._held[job.job_id] = ActiveJob(job, owner, beat=now)
        for held in list(self._held.values()):
            if held.outcome is not None:
                if now >= held.due:
                    self._end(held, held.outcome)
            elif held.asking is not None and held.asking.done():
                asking, held.asking = held.asking, None
                self._hear(held, asking)
            elif held.asking is None and now >= held.due:
                held.nudged = False
                held.asking = self._pool.submit(self._ask, held)
            if held.job.job_id in self._held and held.outcome is None and now - held.beat >= BEAT_SECONDS:
                self._keep(held)

    def _kinds_with_room(self) -> tuple[JobKind, ...]:
        held = Counter(one.job.kind for one in self._held.values())
        return tuple(kind for kind in self._runners if held[kind] < MAX_HELD)

    def _ask(self, held: ActiveJob) -> str | Outcome:
        runner, job = self._runners[held.job.kind], held.job
        if held.reference:
            return runner.poll(held.reference)
        return runner.start(job, self._store.catalogue.get_video(job.video_id) if job.video_id else None)

    def _hear(self, held: ActiveJob, asking: Future[str | Outcome]) -> None:
        try:
            answer = asking.result()
        except CloudError as error:
            self._postpone(held, error)
            return
        except ConsoleError as error:
            self._end(held, Failed(error, getattr(error, "detail", "")))
            return
        except (StoreError, OSError) as error:
            _warn_once(held, "job %s is asked about later: %s", error)
            held.due = self._clock() + FIRST_PAUSE
            return
        except Exception as error:
            log.exception("job %s broke", held.job.job_id)
            self._end(
                held,
                Failed(
                    ConsoleError("The job failed because of an internal error. The server's log has the details."),
                    repr(error),
                ),
            )
            return
        held.failures = 0
        if isinstance(answer, str):
            held.reference, held.due = answer, 0.0
        elif isinstance(answer, Running):
            changed = answer.facts != held.state.facts
            pause = MIN_SECONDS if held.nudged else max(answer.again, MIN_SECONDS)
            held.state, held.due = answer, self._clock() + pause
            if changed:
                self._keep(held)
        else:
            self._end(held, answer)

    def _postpone(self, held: ActiveJob, error: CloudError) -> None:
        """Ask again later, unless that is no use. A job that was not begun fails after a while; one that was goes on at
        the cloud, and costs a second time where it is begun anew.
        """
        now = self._clock()
        held.failing_since = held.failing_since if held.failures else now
        given_up = not held.reference and now - held.failing_since > PATIENCE_SECONDS
        if not error.passing or given_up:
            self._end(held, Failed(error, f"{error.cloud_code} {error.request_id}".strip()))
            return
        held.due = now + min(FIRST_PAUSE * 2 ** min(held.failures, 10), MAX_PAUSE)
        held.failures += 1

    def _keep(self, held: ActiveJob) -> None:
        """Renew a lease and note the progress; let go of what is no longer ours."""
        held.beat = self._clock()
        state, reference = held.state, held.reference
        try:
            kept = self._store.jobs.renew_lease(held.job, held.owner, reference, state.progress, state.facts)
        except StoreError as error:
            if not error.passing:
                raise
            _warn_once(held, "the progress of job %s cannot be noted now: %s", error)
            return
        held.refusal = ""
        if not kept:
            self._drop(held)
            if reference:
                self._runners[held.job.kind].cancel(reference)

    def _end(self, held: ActiveJob, outcome: Done | Failed | Lost) -> None:
        """Record how a job ended: at once, or as soon as the database takes it."""
        held.outcome = outcome
        try:
            self._record(held, outcome)
        except StoreError as error:
            if not error.passing:
                self._drop(held)
                raise
            _warn_once(held, "the end of job %s is recorded when the database takes it: %s", error)
            held.due = self._clock() + FIRST_PAUSE
            return
        self._drop(held)

    def _record(self, held: ActiveJob, outcome: Done | Failed | Lost) -> None:
        job = held.job
        if isinstance(outcome, Lost):
            self._store.jobs.give_back(job, held.owner)
            return
        if isinstance(outcome, Done) and job.kind in self._settle:
            try:
                self._settle[job.kind](job, outcome)
            except ConsoleError as error:
                outcome = Failed(error, getattr(error, "detail", ""))
        if isinstance(outcome, Done):
            self._store.jobs.settle_done(job, held.owner, outcome.files, outcome.facts, outcome.detail)
        else:
            log.warning("job %s (%s) failed: %s", job.job_id, job.kind, outcome.reason)
            self._store.jobs.settle_failed(job, held.owner, outcome.reason, outcome.detail, outcome.facts)

    def _drop(self, held: ActiveJob) -> None:
        self._held.pop(held.job.job_id, None)


def _warn_once(held: ActiveJob, template: str, error: Exception) -> None:
    if held.refusal != str(error):
        log.warning(template, held.job.job_id, error)
    held.refusal = str(error)


def _wait(asking: Future[str | Outcome], seconds: float) -> None:
    with suppress(TimeoutError, CancelledError):  # late or cancelled, the job is found again either way
        asking.exception(max(0.0, seconds))
