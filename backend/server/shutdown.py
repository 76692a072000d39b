"""What has to happen as soon as the server is told to stop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType


def call_when_stopping(stop: Callable[[], None]) -> None:
    """Call `stop` on the running event loop once the process is told to end.

    uvicorn ends the lifespan only when every request has ended, so what requests wait for cannot be released there. Its
    signal handlers are in place when the lifespan starts, and stay in charge.
    """
    if threading.current_thread() is not threading.main_thread():
        return  # as in tests: nobody sends signals there
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        before = signal.getsignal(number)
        if not callable(before):
            continue

        def handle(number: int, frame: FrameType | None, before: Callable[..., object] = before) -> None:
            loop.call_soon_threadsafe(stop)
            before(number, frame)

        signal.signal(number, handle)
