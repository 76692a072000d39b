"""Technical flags: what measuring a video's picture and sound suggests to a reviewer. Hints, never verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec

from backend.model import SECONDS_A_DAY

MIN_BLACK, MIN_FROZEN, MIN_SILENT = 0.5, 2.0, 2.0  # seconds from which a span counts
FLAGGED_SECONDS, FLAGGED_SHARE = 2.0, 0.2  # of a video that is black, frozen or silent: either is flagged
MAX_SPANS = 20  # per kind: the longest
LOUD, QUIET = -7.0, -34.0  # LUFS; streaming services play at -14, and 20 dB less is hardly heard
SILENCE = -50.0  # dBFS: a sound track that never gets above is silent
MAY_FLASH, FLASHES = 4.0, 10.0  # badness of ffmpeg's `photosensitivity`: ordinary videos < 2, 3 flashes a second 13
LONGEST = 10.0 * SECONDS_A_DAY  # seconds; more is no time of a video


class TechnicalFlag(StrEnum):
    """What a video may have; the order is the one they are shown in."""

    FLASHING = "flashing"
    MAY_FLASH = "mayFlash"
    BLACK = "black"
    FROZEN = "frozen"
    SILENT = "silent"
    NO_SOUND = "noSound"
    LOUD = "loud"
    QUIET = "quiet"


class Check(StrEnum):
    """What is measured; each needs a filter of ffmpeg."""

    BLACK = "black"
    FROZEN = "frozen"
    FLASHING = "flashing"
    SILENT = "silent"
    LOUDNESS = "loudness"


class Span(msgspec.Struct, frozen=True, gc=False):
    """A part of a video in seconds, the end excluded."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A flag with the seconds it covers in all, and its longest spans in order; loudness covers nothing."""

    flag: TechnicalFlag
    seconds: float = 0.0
    spans: tuple[Span, ...] = ()


class Measurement(msgspec.Struct, frozen=True):
    """What was measured. Values are None if there is no sound, or if this ffmpeg cannot measure them (`unchecked`)."""

    duration: float  # seconds
    findings: tuple[Finding, ...] = ()
    badness: float | None = None  # the worst; see MAY_FLASH
    loudness: float | None = None  # LUFS, of the whole video
    peak: float | None = None  # dBTP
    unchecked: tuple[Check, ...] = ()

    @property
    def words(self) -> str:
        """The flags as the catalogue filters by them: comma-separated, or `none`."""
        return ",".join(finding.flag for finding in self.findings) or NONE


FACT = "technicalFlags"  # the Measurement among the facts of a job
NONE, ANY = "none", "any"  # besides the flags: nothing found, something found


class Spans(msgspec.Struct, frozen=True):
    """Raw spans of each kind."""

    black: Sequence[Span] = ()
    frozen: Sequence[Span] = ()
    silent: Sequence[Span] = ()
    flashing: Sequence[Span] = ()


def judge(
    duration: float,
    spans: Spans,
    *,
    has_sound: bool,
    badness: float | None = None,
    loudness: float | None = None,
    peak: float | None = None,
    unchecked: Iterable[Check] = (),
) -> Measurement:
    """Return the flags of a video of this duration (seconds).

    A still is reported as black only, if it is black. A sound track that never gets above SILENCE is silent throughout.
    """
    missing = tuple(unchecked)
    black = merge(spans.black, duration, MIN_BLACK)
    silent = merge(spans.silent, duration, MIN_SILENT)
    hears = Check.SILENT not in missing
    if has_sound and peak is not None and peak <= SILENCE and hears:
        silent = [Span(0.0, duration)] if duration > 0 else []
    covered = {
        TechnicalFlag.BLACK: black,
        TechnicalFlag.FROZEN: subtract(merge(spans.frozen, duration, MIN_FROZEN), black, MIN_FROZEN),
        TechnicalFlag.SILENT: silent if has_sound else [],
    }
    found = {flag: _finding(flag, parts) for flag, parts in covered.items() if _is_much(parts, duration)}
    if badness is not None and badness >= MAY_FLASH:
        flag = TechnicalFlag.FLASHING if badness >= FLASHES else TechnicalFlag.MAY_FLASH
        found[flag] = _finding(flag, merge(spans.flashing, duration, 0.0))
    if not has_sound:
        found[TechnicalFlag.NO_SOUND] = Finding(TechnicalFlag.NO_SOUND)
    elif loudness is not None and loudness >= LOUD:
        found[TechnicalFlag.LOUD] = Finding(TechnicalFlag.LOUD)
    elif loudness is not None and loudness <= QUIET and sum(part.seconds for part in silent) < duration:
        found[TechnicalFlag.QUIET] = Finding(TechnicalFlag.QUIET)
    ordered = tuple(found[flag] for flag in TechnicalFlag if flag in found)
    return Measurement(duration, ordered, badness, loudness, peak, missing)


def merge(spans: Iterable[Span], duration: float, shortest: float) -> list[Span]:
    """Return these spans in order, joined where they touch, cut to the duration, without shorter ones."""
    merged: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        start, end = max(span.start, 0.0), min(span.end, duration)
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(merged[-1].end, end))
        elif end > start:
            merged.append(Span(start, end))
    return [span for span in merged if span.seconds >= shortest - 1e-6]


def subtract(spans: Iterable[Span], others: Sequence[Span], shortest: float) -> list[Span]:
    """Return what of these spans is outside of the others, without parts shorter than `shortest`; both are merged."""
    left: list[Span] = []
    for span in spans:
        start = span.start
        for other in others:
            if other.end > start and other.start < span.end:
                left.append(Span(start, other.start))
                start = other.end
        left.append(Span(start, span.end))
    return [span for span in left if span.seconds >= shortest - 1e-6]


def _is_much(spans: Sequence[Span], duration: float) -> bool:
    seconds = sum(span.seconds for span in spans)
    return bool(spans) and (seconds >= FLAGGED_SECONDS - 1e-6 or seconds >= FLAGGED_SHARE * duration)


def _finding(flag: TechnicalFlag, spans: Sequence[Span]) -> Finding:
    longest = sorted(spans, key=lambda span: -span.seconds)[:MAX_SPANS]
    kept = tuple(Span(round(span.start, 2), round(span.end, 2)) for span in sorted(longest, key=lambda one: one.start))
    return Finding(flag, round(sum(span.seconds for span in spans), 2), kept)
