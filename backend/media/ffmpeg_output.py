"""Readers for ffmpeg's output pipes: progress, lines and error messages."""

from __future__ import annotations

import contextlib
import queue
import re
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

WORDS = 4096  # characters of stderr that are kept
_WORDS_LINE = 500
_KEPT_LINES = 200
_CHUNK = 1 << 16


class ProgressParser:
    """Parses stdout: ffmpeg's progress, or lines for `on_line`."""

    def __init__(self, on_line: Callable[[bytes], None] | None) -> None:
        self._on_line = on_line or self._progress
        self._counts_lines = on_line is not None
        self._rest = b""
        self._marks: dict[bytes, bytes] = {}
        self.seconds = 0.0
        self.frames = 0

    def take(self, chunk: bytes) -> bool:
        """Parse a chunk of stdout; return whether it shows progress."""
        before = dict(self._marks)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._on_line(line)
        return bool(chunk) if self._counts_lines else self._marks != before

    def _progress(self, line: bytes) -> None:
        key, _, value = line.partition(b"=")
        if key not in (b"out_time_us", b"frame", b"total_size", b"progress"):
            return
        self._marks[key] = value
        if value.strip().isdigit():
            # With several outputs, ffmpeg reports the most advanced until all have started, then the last.
            self.seconds = max(self.seconds, int(value) / 1e6) if key == b"out_time_us" else self.seconds
            self.frames = int(value) if key == b"frame" else self.frames


class StderrTail:
    """Keeps the beginning and the end of ffmpeg's messages, without paths and addresses."""

    def __init__(self, arguments: Sequence[str], cwd: Path | None, keep: re.Pattern[str] | None) -> None:
        paths = {argument.removeprefix("file:") for argument in arguments} | ({str(cwd)} if cwd else set())
        self._paths = sorted((path for path in paths if Path(path).is_absolute()), key=len, reverse=True)
        self._keep = keep
        self._head, self._tail = "", ""
        self.kept: list[str] = []

    @property
    def text(self) -> str:
        return (self._head + self._tail).strip()

    def drain(self, stream: IO[bytes]) -> None:
        rest = b""
        while chunk := stream.read(_CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._take(line)
            rest = rest[:_CHUNK]  # metadata can be a line of any length
        self._take(rest)

    def _take(self, raw: bytes) -> None:
        text = raw[: 8 * _WORDS_LINE].decode("utf-8", "replace").rstrip()
        if self._keep and self._keep.match(text) and len(self.kept) < _KEPT_LINES:
            self.kept.append(text)
        if not text:
            return
        for path in self._paths:
            text = text.replace(path, Path(path).name)
        text = re.sub(r" @ 0x[0-9a-f]+", "", text)[:_WORDS_LINE] + "\n"
        if not self._tail and len(self._head) + len(text) <= WORDS // 2:
            self._head += text
        else:
            self._tail += text
            if len(self._tail) > WORDS // 2:
                self._tail = self._tail[-WORDS // 2 :].partition("\n")[2]


class ByteQueue:
    """Passes stdout between threads, buffering at most 4 MB."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(64)
        self._unwanted = threading.Event()

    def pump(self, stream: IO[bytes]) -> None:
        while chunk := stream.read(_CHUNK):
            if not self._unwanted.is_set():
                self._queue.put(chunk)
        if not self._unwanted.is_set():
            self._queue.put(b"")

    def next(self, seconds: float) -> bytes | None:
        """Return the next chunk; empty on timeout, None at the end."""
        try:
            return self._queue.get(timeout=seconds) or None
        except queue.Empty:
            return b""

    def discard(self) -> None:
        self._unwanted.set()
        with contextlib.suppress(queue.Empty):
            while True:
                self._queue.get_nowait()
