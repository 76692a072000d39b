"""Periodic background tasks, each in its own thread."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

log = logging.getLogger(__name__)

Leading: TypeAlias = Callable[[str], AbstractContextManager[bool]]

TROUBLE_SECONDS = 10.0  # after a failed step: a full disk or a locked file may recover


def any_process(task: str) -> AbstractContextManager[bool]:
    """Let every process do a task."""
    return nullcontext(True)


class Periodic(ABC):
    """Calls `step` every `seconds`, first immediately, until stopped."""

    def __init__(self, name: str, seconds: float, leading: Leading = any_process) -> None:
        """`name` is the thread's name, also used in the log; `seconds` is the pause between steps.

        With `leading` of a store, one of all processes makes the steps at a time.
        """
        self._seconds, self._leading = seconds, leading
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def step(self) -> object:
        """Run once. An exception is logged, and the step is retried."""

    def start(self) -> None:
        """Start in the background."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Start no further step, and wait at most this many seconds for the current one."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            pause = self._seconds
            try:
                with self._leading(self._thread.name) as may:
                    if may:
                        self.step()
            except Exception:  # a step that fails must not end the thread
                log.exception("%s failed; retrying", self._thread.name)
                pause = max(pause, TROUBLE_SECONDS)


class PeriodicCall(Periodic):
    """Calls a function periodically."""

    def __init__(
        self, name: str, seconds: float, function: Callable[[], object], leading: Leading = any_process
    ) -> None:
        super().__init__(name, seconds, leading)
        self._function = function

    def step(self) -> object:
        return self._function()
