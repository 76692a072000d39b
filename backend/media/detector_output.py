"""Reads what ffmpeg's detectors print: the metadata of frames (`metadata=print`), and the summary of `ebur128`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from backend.model.technical_flags import LONGEST, MAY_FLASH, Span, Spans

BLACK, FROZEN, SILENT = "black", "frozen", "silent"
_STARTS = {
    b"lavfi.black_start": BLACK,
    b"lavfi.freezedetect.freeze_start": FROZEN,
    b"lavfi.silence_start": SILENT,
}
_ENDS = {b"lavfi.black_end": BLACK, b"lavfi.freezedetect.freeze_end": FROZEN, b"lavfi.silence_end": SILENT}
_BADNESS = b"lavfi.photosensitivity.badness"
_FRAME = re.compile(rb"frame:\d+ +pts:-?\d+ +pts_time:(\S+)\s*")
_NUMBER = re.compile(r"-?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,3})?", re.ASCII)
SUMMARY = re.compile(r" +(I|Peak): +(\S+) (LUFS|dBFS)$")

# Badness is a sum over the last 30 frames, in which older ones weigh less: it is high from half a second after the
# flashes begin to half a second after they end.
LAG = 0.5  # seconds
GAP = 1.0  # seconds between high values of one span


class DetectorLog:
    """Collects the spans; lines that are not the detectors' are ignored.

    A span without an end lasts to the end of the video.
    """

    def __init__(self) -> None:
        self.seconds = 0.0  # time of the frame read last
        self.badness: float | None = None  # the worst
        self._open: dict[str, float] = {}
        self._spans: dict[str, list[Span]] = {BLACK: [], FROZEN: [], SILENT: []}
        self._flashes: list[Span] = []

    def read(self, line: bytes) -> None:
        """Read a line of any text."""
        if line.startswith(b"frame:"):
            found = _FRAME.fullmatch(line)
            if found and (seconds := _seconds(found[1])) is not None:
                self.seconds = seconds
            return
        name, _, value = line.rstrip().partition(b"=")
        if name == _BADNESS:
            self._read_badness(value)
        elif kind := _STARTS.get(name):
            if (start := _seconds(value)) is not None:
                self._open[kind] = start
        elif (kind := _ENDS.get(name)) and (end := _seconds(value)) is not None and kind in self._open:
            self._close(kind, end)

    def spans(self, duration: float) -> Spans:
        """Return the spans of a video of this duration."""
        for kind in list(self._open):
            self._close(kind, duration)
        kept = self._spans
        flashes = [Span(max(span.start - LAG, 0.0), max(span.end - LAG, span.start)) for span in self._flashes]
        return Spans(tuple(kept[BLACK]), tuple(kept[FROZEN]), tuple(kept[SILENT]), tuple(flashes))

    def _close(self, kind: str, end: float) -> None:
        start = self._open.pop(kind)
        if end > start:
            self._spans[kind].append(Span(start, end))

    def _read_badness(self, value: bytes) -> None:
        badness = _number(value.decode("ascii", "replace"))
        if badness is None or badness < 0:
            return
        self.badness = max(badness, self.badness or 0.0)
        if badness < MAY_FLASH:
            return
        if self._flashes and 0 <= self.seconds - self._flashes[-1].end <= GAP:
            self._flashes[-1] = Span(self._flashes[-1].start, self.seconds)
        else:
            self._flashes.append(Span(self.seconds, self.seconds))


def read_summary(lines: Iterable[str]) -> tuple[float | None, float | None]:
    """Return loudness (LUFS) and peak (dBFS) of the lines that match SUMMARY; None where there is no number.

    Silence has a peak of minus infinity.
    """
    found: dict[str, float] = {}
    for line in lines:
        if match := SUMMARY.match(line):
            value = -math.inf if match[2] == "-inf" else _number(match[2])
            if value is not None:
                found[match[1]] = value
    return found.get("I"), found.get("Peak")


def _seconds(text: bytes) -> float | None:
    """Return a time within a video; a little before it is its beginning."""
    found = _number(text.decode("ascii", "replace"))
    return None if found is None or abs(found) > LONGEST else max(found, 0.0)


def _number(text: str) -> float | None:
    """Return a finite number, as the C locale writes it."""
    if not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None
