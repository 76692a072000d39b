"""Waiting for what happens elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


def until(ask: Callable[[], Any], what: str = "an answer", seconds: float = 30) -> Any:
    """Ask until there is an answer, and return it."""
    pause, deadline = threading.Event(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := ask():
            return answer
        pause.wait(0.01)
    raise AssertionError(f"not in {seconds} seconds: {what}")
