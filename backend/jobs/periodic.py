"""Periodic background tasks, each in its own thread."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

log = logging.getLogger(__name__)

TROUBLE_SECONDS = 10.0  # after a failed step: a full disk or a locked file may recover


class Periodic(ABC):
    """Calls `step` every `seconds`, first immediately, until stopped."""

    def __init__(self, name: str, seconds: float) -> None:
        """`name` is the thread's name, also used in the log; `seconds` is the pause between steps."""
        self._seconds = seconds
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
                self.step()
            except Exception:
                log.exception("%s failed; retrying", self._thread.name)
                pause = max(pause, TROUBLE_SECONDS)


class PeriodicCall(Periodic):
    """Calls a function periodically."""

    def __init__(self, name: str, seconds: float, function: Callable[[], object]) -> None:
        super().__init__(name, seconds)
        self._function = function

    def step(self) -> object:
        return self._function()
