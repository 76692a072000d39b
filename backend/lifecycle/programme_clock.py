"""Tells what of the recommendation programme began or ended by the clock. What is shown never depends on it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from backend.jobs.periodic import Periodic

if TYPE_CHECKING:
    from backend.console import Console
    from backend.store.programme import Tick

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0


class ProgrammeClock(Periodic):
    """Records each start and end of an entry once, by whichever process is first, and calls the listeners with them.

    A listener is called in the process that recorded them, after the commit; what must not be lost reads the rows of
    `programme_ticks` instead.
    """

    def __init__(self, console: Console, seconds: float = STEP_SECONDS) -> None:
        super().__init__("programme-clock", seconds)
        self._programme, self._clock = console.store.programme, console.clock
        self.listeners: list[Callable[[list[Tick]], object]] = []

    def step(self) -> int:
        """Record what is due; return how much it was."""
        due = self._programme.next_due()
        if due is None or due > self._clock():
            return 0
        ticks = self._programme.tick()
        for tick in ticks:
            log.info("%s: %s in %s%s", tick.event, tick.video_id, tick.slot, ", late" if tick.late else "")
        for listener in self.listeners:
            listener(ticks)
        return len(ticks)
