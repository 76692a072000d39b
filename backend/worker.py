"""The worker: takes jobs from the queue, starts them, watches them, and settles what came of them."""

from __future__ import annotations

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Mapping

from backend.errors import ConsoleError
from backend.model import Job, JobKind
from backend.pace import QUICK, SLOW, slow_lanes
from backend.store import Store, StoreError
from backend.tasks import Done, Failed, Lost, Outcome, Runner, Running

log = logging.getLogger(__name__)

POLL_SECONDS = 0.1
BEAT_SECONDS = 1.0
IDLE_SECONDS = 0.5


class Worker:
    """Works in threads of this process: one lane for quick jobs, and slow ones."""

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
        self._owner = f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin, in the background."""
        lanes = [("quick", QUICK), *[("slow", SLOW)] * slow_lanes()]
        for number, (name, kinds) in enumerate(lanes):
            thread = threading.Thread(target=self._lane, args=(kinds,), name=f"worker-{name}-{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, patience: float = 15.0) -> None:
        """Stop what runs, give it back to the queue, and wait for that."""
        self._stopping.set()
        deadline = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def run_until_idle(self, seconds: float = 60.0) -> None:
        """Work in this thread until nothing waits (any more), as tests do."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and (job := self._store.jobs.claim_job(tuple(JobKind), self._owner)):
            self._work(job)

    def _lane(self, kinds: tuple[JobKind, ...]) -> None:
        while not self._stopping.is_set():
            try:
                job = self._store.jobs.claim_job(kinds, self._owner)
                if job is not None:
                    self._work(job)
                    continue
            except (StoreError, OSError):
                # A full disk or a locked file passes; the job's lease keeps it safe until then.
                log.exception("the worker could not reach its queue")
            self._stopping.wait(IDLE_SECONDS)

    def _work(self, job: Job) -> None:
        runner = self._runners.get(job.kind)
        if runner is None:
            raise LookupError(f"nobody runs {job.kind} jobs")
        try:
            video = self._store.catalogue.get_video(job.video_id) if job.video_id else None
            reference = runner.start(job, video)
        except ConsoleError as error:
            # Where the video was deleted meanwhile, its jobs were cancelled with it, and this changes nothing.
            self._store.jobs.settle_failed(job, self._owner, error, getattr(error, "detail", ""))
            return
        outcome = self._watch(job, runner, reference)
        if isinstance(outcome, Done | Failed):
            self._end(job, outcome)
        elif isinstance(outcome, Lost):
            self._store.jobs.give_back(job, self._owner)

    def _watch(self, job: Job, runner: Runner, reference: str) -> Outcome:
        """Return the end of a job; Lost when it should run again, Running when it is no longer ours."""
        beat = 0.0
        while True:
            outcome = runner.poll(reference)
            if not isinstance(outcome, Running):
                return outcome
            if time.monotonic() - beat >= BEAT_SECONDS:
                beat = time.monotonic()
                if not self._store.jobs.renew_lease(job, self._owner, reference, outcome.progress, outcome.facts):
                    runner.cancel(reference)
                    return outcome
            if self._stopping.wait(POLL_SECONDS):
                runner.cancel(reference)
                return Lost()

    def _end(self, job: Job, outcome: Done | Failed) -> None:
        if isinstance(outcome, Done) and job.kind in self._settle:
            try:
                self._settle[job.kind](job, outcome)
            except ConsoleError as error:
                outcome = Failed(error, getattr(error, "detail", ""))
        if isinstance(outcome, Done):
            self._store.jobs.settle_done(job, self._owner, outcome.files, outcome.facts)
        else:
            log.warning("job %s (%s) failed: %s", job.job_id, job.kind, outcome.reason)
            self._store.jobs.settle_failed(job, self._owner, outcome.reason, outcome.detail, outcome.facts)
