"""Runner interfaces, and the outcomes they report to the worker."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from backend.errors import CloudError, ConsoleError, disk_error
from backend.model import Job, MediaFile, Video

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Running:
    """In progress: `progress` is between 0 and 1, `facts` are the findings so far.

    There is no point in polling again within `poll_after` seconds.
    """

    progress: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    poll_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """Succeeded: the files created in the video's folder, other findings, and warnings of the tool."""

    files: tuple[MediaFile, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Failed: the user-facing reason and the tool's output."""

    reason: ConsoleError
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """The runner does not know the reference; starting again is safe."""


Outcome: TypeAlias = Running | Done | Failed | Lost


class Cancelled(Exception):
    """Raised by `Task.report` when the job should stop."""


class Task:
    """Connects a worker with the thread that runs the job."""

    def __init__(self) -> None:
        self.state = Running()
        self.stopped = threading.Event()

    def report(self, progress: float, facts: dict[str, Any] | None = None) -> None:
        """Report progress (0 to 1). Raises Cancelled if the job should stop."""
        if self.stopped.is_set():
            raise Cancelled
        self.state = Running(min(max(progress, 0.0), 0.99), facts or {})


class Runner(Protocol):
    """Runs jobs in this process."""

    def run(self, job: Job, video: Video | None, task: Task) -> Done | Failed:
        """Run the job and return its outcome.

        Called again if the worker died. Must report progress to `task` often, and let Cancelled propagate, leaving no
        files. Any other exception fails the job.
        """


@runtime_checkable
class RemoteRunner(Protocol):
    """Runs jobs on a remote service: starts, polls and cancels them."""

    def start(self, job: Job, video: Video | None) -> str:
        """Start the job and return immediately with a reference for `poll`. Called again if the worker died."""

    def poll(self, reference: str) -> Outcome:
        """Return the state of the job; cheap. The end is reported once; unknown references are Lost."""

    def cancel(self, reference: str) -> None:
        """Cancel the job and clean up. Unknown references are ignored."""


AnyRunner: TypeAlias = Runner | RemoteRunner


def outcome_of(error: BaseException) -> Failed | Lost:
    """Return the outcome of a job that raised `error`."""
    if isinstance(error, Cancelled):
        return Lost()
    if isinstance(error, CloudError):
        return Failed(error, f"{error.cloud_code} {error.request_id}".strip())
    if isinstance(error, ConsoleError):
        return Failed(error, getattr(error, "detail", ""))
    if isinstance(error, OSError):
        return Failed(disk_error(error), repr(error))
    log.error("a job raised an unexpected error", exc_info=error)
    return Failed(
        ConsoleError("The job failed because of an internal error. The server's log has the details."), repr(error)
    )


def call_in_thread(name: str, function: Callable[[], T]) -> Future[T]:
    """Call a function in a daemon thread and return a future.

    Not an executor: at exit, Python waits for all executor threads, even if a disk hangs.
    """
    future: Future[T] = Future()

    def call() -> None:
        try:
            result = function()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    future.set_running_or_notify_cancel()
    threading.Thread(target=call, name=name, daemon=True).start()
    return future
