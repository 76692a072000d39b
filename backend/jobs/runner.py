"""Work that goes on by itself: how it is started, watched and stopped, whoever does it.

A `Runner` does one kind of job. Where it runs in this process, `Tasks` gives it a thread, so that the worker sees a
local encode and a job in the cloud through the same three calls.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from backend.errors import ConsoleError, disk_error
from backend.model import Job, MediaFile, Video

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Running:
    """Still at it; `progress` goes from 0 to 1, `facts` is what is known so far.

    Asking again before `again` seconds have passed will not tell more.
    """

    progress: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)
    again: float = 0.0


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


class Runner(Protocol):
    """Starts a job, says how it stands, and stops it."""

    def start(self, job: Job, video: Video | None) -> str:
        """Begin, and return at once with a reference for `poll`. Called again for a job whose worker died."""

    def poll(self, reference: str) -> Outcome:
        """Say how it stands. Cheap. The end is told once; a reference from before a restart is Lost."""

    def cancel(self, reference: str) -> None:
        """Stop it and leave nothing behind. Unknown references are ignored."""


def failure_of(error: Exception) -> Failed:
    """Return how a job fails whose work raised `error`, whoever made it."""
    if isinstance(error, ConsoleError):
        return Failed(error, getattr(error, "detail", ""))
    if isinstance(error, OSError):
        return Failed(disk_error(error), repr(error))
    log.error("a job broke", exc_info=error)
    return Failed(
        ConsoleError("The job failed because of an internal error. The server's log has the details."), repr(error)
    )


class Cancelled(Exception):
    """Raised inside a task by `Task.report` once somebody cancelled it."""


class Task:
    """What the work inside a thread sees of its task."""

    def __init__(self) -> None:
        self.outcome: Outcome = Running()
        self.stopped = threading.Event()

    def report(self, progress: float, facts: dict[str, Any] | None = None) -> None:
        """Say how far the work is (0 to 1). Raises Cancelled when it should stop."""
        if self.stopped.is_set():
            raise Cancelled
        self.outcome = Running(min(max(progress, 0.0), 0.99), facts or {})


class Tasks:
    """Runs pieces of work in threads of this process."""

    def __init__(self) -> None:
        self._tasks: dict[str, tuple[Task, threading.Thread]] = {}

    def start(self, work: Callable[[Task], Done | Failed], name: str = "task") -> str:
        task, reference = Task(), uuid.uuid4().hex
        thread = threading.Thread(target=self._run, args=(task, work), name=name, daemon=True)
        self._tasks[reference] = (task, thread)
        thread.start()
        return reference

    def poll(self, reference: str) -> Outcome:
        if reference not in self._tasks:
            return Lost()
        outcome = self._tasks[reference][0].outcome
        if not isinstance(outcome, Running):
            del self._tasks[reference]
        return outcome

    def cancel(self, reference: str, timeout: float = 10.0) -> None:
        """Ask the work to stop, and wait for it up to `timeout` seconds."""
        if found := self._tasks.pop(reference, None):
            task, thread = found
            task.stopped.set()
            thread.join(timeout)

    @staticmethod
    def _run(task: Task, work: Callable[[Task], Done | Failed]) -> None:
        try:
            task.outcome = work(task)
        except Cancelled:
            task.outcome = Lost()
        except Exception as error:
            task.outcome = failure_of(error)
