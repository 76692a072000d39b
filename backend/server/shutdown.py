"""Shutdown hook."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def call_when_stopping(stop: Callable[[], None]) -> None:
    """Call `stop` on the running event loop when the process is told to stop. uvicorn ends the lifespan only after
    all requests, so waiting requests cannot be released there. Its signal handlers are installed when the lifespan
    starts, and are called too.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # for example in tests, where no signals arrive
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if not callable(before):
            continue

        def handle(number: int, frame: FrameType | None, before: Callable[..., object] = before) -> None:
            loop.call_soon_threadsafe(stop)
            before(number, frame)

        signal.signal(number, handle)
