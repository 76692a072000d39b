"""Waiting for what happens elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


def until(ask: Callable[[], Any], what: str = "an answer", seconds: float = 90) -> Any:
    """Ask until there is an answer, and return it: first often, then less, for asking costs what is asked."""
    pause, deadline, length = threading.Event(), time.monotonic() + seconds, 0.01
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        pause.wait(length)
        length = min(1.2 * length, 0.05)
    raise AssertionError(f"not in {seconds} seconds: {what}")
