"""What does a kind of job, here or elsewhere, and what a worker hears of it."""

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
    """Still at it; `progress` goes from 0 to 1, `facts` is what is known so far.

    Asking again before `poll_after` seconds have passed will not tell more.
    """

    progress: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    poll_after: float = 0.0


@dataclass(frozen=True, slots=True)
class Done:
    """Finished: the files now in the video's folder, what else the job found out, and the tool's complaints."""

    files: tuple[MediaFile, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be done: why, for people, and the tool's own words."""

    reason: ConsoleError
    detail: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lost:
    """The runner does not know this reference (any more); starting again is safe."""


Outcome: TypeAlias = Running | Done | Failed | Lost


class Cancelled(Exception):
    """Raised by `Task.report` once the work should stop."""


class Task:
    """What a worker and the work in one of its threads tell each other."""

    def __init__(self) -> None:
        self.state = Running()
        self.stopped = threading.Event()

    def report(self, progress: float, facts: dict[str, Any] | None = None) -> None:
        """Say how far the work is (0 to 1). Raises Cancelled when it should stop."""
        if self.stopped.is_set():
            raise Cancelled
        self.state = Running(min(max(progress, 0.0), 0.99), facts or {})


class Runner(Protocol):
    """Does a job in this process."""

    def run(self, job: Job, video: Video | None, task: Task) -> Done | Failed:
        """Do it, and return when it has ended. Called again for a job whose worker died.

        It reports its progress to `task` often, and lets Cancelled through, leaving nothing behind. Whatever else it
        raises is why the job failed.
        """


@runtime_checkable
class RemoteRunner(Protocol):
    """Has a job done elsewhere: begins it, says how it stands, and stops it."""

    def start(self, job: Job, video: Video | None) -> str:
        """Begin, and return at once with a reference for `poll`. Called again for a job whose worker died."""

    def poll(self, reference: str) -> Outcome:
        """Say how it stands. Cheap. The end is told once; a reference that is not known (any more) is Lost."""

    def cancel(self, reference: str) -> None:
        """Stop it and leave nothing behind. Unknown references are ignored."""


AnyRunner: TypeAlias = Runner | RemoteRunner


def end_of(error: BaseException) -> Failed | Lost:
    """Return how a job ends whose work raised `error`, whoever made it."""
    if isinstance(error, Cancelled):
        return Lost()
    if isinstance(error, CloudError):
        return Failed(error, f"{error.cloud_code} {error.request_id}".strip())
    if isinstance(error, ConsoleError):
        return Failed(error, getattr(error, "detail", ""))
    if isinstance(error, OSError):
        return Failed(disk_error(error), repr(error))
    log.error("a job broke", exc_info=error)
    return Failed(
        ConsoleError("The job failed because of an internal error. The server's log has the details."), repr(error)
    )


def call_in_thread(name: str, function: Callable[[], T]) -> Future[T]:
    """Call a function in a thread of its own, which does not keep the process from ending, and return what comes of it.

    No executor: at its end, Python waits for the threads of every one, however long a stuck disk takes.
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
