"""What goes on in the background: a step done again and again in a thread of its own."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable

log = logging.getLogger(__name__)

TROUBLE_SECONDS = 10.0  # after a step that broke off: a full disk or a locked file passes


class Periodic(ABC):
    """Does `step` every so many seconds, the first time at once, until it is stopped."""

    def __init__(self, name: str, seconds: float) -> None:
        """`name` is that of the thread, in the log too; `seconds` is the pause after each step."""
        self._seconds = seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def step(self) -> object:
        """Do what there is to do now. Whatever it raises is logged, and it is tried again."""

    def start(self) -> None:
        """Begin, in the background."""
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Begin no further step, and wait at most so many seconds for the end of this one."""
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
                log.exception("%s broke off and is tried again", self._thread.name)
                pause = max(pause, TROUBLE_SECONDS)


class PeriodicCall(Periodic):
    """Calls a function again and again, in a thread of its own."""

    def __init__(self, name: str, seconds: float, function: Callable[[], object]) -> None:
        super().__init__(name, seconds)
        self._function = function

    def step(self) -> object:
        return self._function()
