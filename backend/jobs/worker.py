"""The worker: takes jobs from the queue, starts them, watches them, and settles what came of them."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping

from backend.jobs import process_identity
from backend.jobs.runner import Done, Failed, Lost, Outcome, Runner, Running, failure_of
from backend.jobs.schedule import FAST, PULLS, SLOW, slow_concurrency
from backend.model import Job, JobKind
from backend.store import Store, StoreError

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
BEAT_SECONDS = 1.0
IDLE_SECONDS = 0.5
MAX_RETRY_SECONDS = 10.0


class Worker:
    """Works in threads of this process: one lane for quick jobs, one for those that fetch files, and slow ones."""

    def __init__(
        self,
        store: Store,
        runners: Mapping[JobKind, Runner],
        settle: Mapping[JobKind, Callable[[Job, Done], None]] | None = None,
    ) -> None:
        """`settle` holds what a kind of job needs done with its outcome before the job itself is settled."""
        self._store = store
        self._runners = runners
        self._settle = settle or {}
        self._name = f"{process_identity.name()}/{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._unnoted: dict[str, str] = {}  # jobs whose progress the database refuses, and why

    def start(self) -> None:
        """Begin, in the background."""
        for number, kinds in enumerate([FAST, PULLS, *[SLOW] * slow_concurrency()]):
            name = f"worker-{'slow' if kinds is SLOW else 'pull' if kinds is PULLS else 'quick'}-{number}"
            thread = threading.Thread(target=self._lane, args=(name, kinds), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float = 15.0) -> None:
        """Stop what runs, give it back to the queue, and wait for that."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run_until_idle(self, seconds: float = 60.0) -> None:
        """Work in this thread until nothing waits (any more), as tests do."""
        deadline, owner, refused = time.monotonic() + seconds, self._owner("alone"), 0
        while time.monotonic() < deadline and (job := self._claim(tuple(JobKind), owner)):
            refused = 0 if self._work(job, owner, refused) else refused + 1

    def _lane(self, name: str, kinds: tuple[JobKind, ...]) -> None:
        owner, trouble, refused = self._owner(name), "", 0
        while not self._stopping.is_set():
            try:
                job = self._claim(kinds, owner)
                trouble = ""
                if job:
                    refused = 0 if self._work(job, owner, refused) else refused + 1
                    continue
            except Exception as error:
                # A full disk or a locked file passes, and nothing ends a lane: what it still holds then, it takes back
                # at its next claim.
                if str(error) != trouble:
                    log.exception("the worker could not reach its queue")
                trouble = str(error)
            self._stopping.wait(IDLE_SECONDS)

    def _owner(self, lane: str) -> str:
        """Each lane holds jobs under a name of its own, so that it knows what it left behind itself."""
        return f"{self._name}/{lane}"

    def _claim(self, kinds: tuple[JobKind, ...], owner: str) -> Job | None:
        return self._store.jobs.claim_job(kinds, owner, process_identity.is_gone, process_identity.is_here)

    def _work(self, job: Job, owner: str, refused: int) -> bool:
        """Do a job and settle it; False when the database refused to let it be done, as it did `refused` times before.

        Then the job goes back into the queue, after a pause: the same database would refuse it again at once.
        """
        outcome: Outcome
        try:
            outcome = self._run(job, owner)
        except StoreError as error:
            if not error.passing:
                raise
            log.warning("job %s is tried again when the database takes it: %s", job.job_id, error)
            self._stopping.wait(min(IDLE_SECONDS * 2 ** min(refused, 10), MAX_RETRY_SECONDS))
            self._settle_patiently(job, owner, Lost())
            return False
        except Exception as error:
            # Where the video was deleted meanwhile, its jobs were cancelled with it, and this changes nothing.
            outcome = failure_of(error)
        if isinstance(outcome, Failed):
            log.warning("job %s (%s) failed: %s", job.job_id, job.kind, outcome.reason)
        self._settle_patiently(job, owner, outcome)
        return True

    def _settle_patiently(self, job: Job, owner: str, outcome: Outcome) -> None:
        """Record a job's end, as soon as the database takes it."""
        refused, stopping, pause = False, False, IDLE_SECONDS
        while not stopping:
            stopping = self._stopping.is_set()
            try:
                self._settle_job(job, owner, outcome)
                return
            except StoreError as error:
                # The work is done, and would be done again if this were forgotten.
                if stopping or not error.passing:
                    raise
                if not refused:
                    log.warning("the end of job %s is recorded when the database takes it: %s", job.job_id, error)
                refused = True
            self._stopping.wait(pause)
            pause = min(2 * pause, MAX_RETRY_SECONDS)

    def _settle_job(self, job: Job, owner: str, outcome: Outcome) -> None:
        if isinstance(outcome, Done):
            self._store.jobs.settle_done(job, owner, outcome.files, outcome.facts, outcome.detail)
        elif isinstance(outcome, Failed):
            self._store.jobs.settle_failed(job, owner, outcome.reason, outcome.detail, outcome.facts)
        elif isinstance(outcome, Lost):
            self._store.jobs.give_back(job, owner)

    def _run(self, job: Job, owner: str) -> Outcome:
        """Do a job, and return its end; Lost when it should run again, Running when it is no longer ours."""
        runner = self._runners[job.kind]
        video = self._store.catalogue.get_video(job.video_id) if job.video_id else None
        reference = runner.start(job, video)
        try:
            outcome = self._watch(job, owner, runner, reference)
        except BaseException:
            runner.cancel(reference)
            raise
        finally:
            self._unnoted.pop(job.job_id, None)
        if isinstance(outcome, Done) and job.kind in self._settle:
            self._settle[job.kind](job, outcome)
        return outcome

    def _watch(self, job: Job, owner: str, runner: Runner, reference: str) -> Outcome:
        beat = 0.0
        while True:
            outcome = runner.poll(reference)
            if not isinstance(outcome, Running):
                return outcome
            if time.monotonic() - beat >= BEAT_SECONDS:
                beat = time.monotonic()
                if not self._keep(job, owner, reference, outcome):
                    runner.cancel(reference)
                    return outcome
            if self._stopping.wait(POLL_SECONDS):
                runner.cancel(reference)
                return Lost()

    def _keep(self, job: Job, owner: str, reference: str, state: Running) -> bool:
        """Renew a lease and note the progress; False when the job is no longer ours.

        A database that does not take it just now is no reason to throw the work away.
        """
        try:
            kept = self._store.jobs.renew_lease(job, owner, reference, state.progress, state.facts)
        except StoreError as error:
            if not error.passing:
                raise
            if self._unnoted.get(job.job_id) != str(error):
                log.warning("the progress of job %s cannot be noted now: %s", job.job_id, error)
            self._unnoted[job.job_id] = str(error)
            return True
        self._unnoted.pop(job.job_id, None)
        return kept
