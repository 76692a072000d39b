"""The app's feed: its keys and versions, and what phones report of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

import msgspec

LAST_PLACE = 20  # figures are kept by place up to here; LATER stands for all that follow
LATER = LAST_PLACE + 1
MAX_EVENTS = 100  # of a batch
MAX_AGE_SECONDS = 7 * 86_400
MAX_AHEAD_SECONDS = 300
MAX_WATCHED = 10  # durations of the clip in one playback
COMPLETE_SHARE, SKIP_MS = 0.95, 2_000
TOLERANCE_MS = 500  # a phone's timers and its length of the clip are not exactly ours


class FeedKey(msgspec.Struct, frozen=True):
    """A key with which phones ask for the feed; `created` is in seconds since 1970 (UTC)."""

    key_id: int
    key: str
    created: int
    created_by: str


class FeedVersion(msgspec.Struct, frozen=True):
    """A frozen state of a slot: the ids of its clips, in order. `version` is a hash of all that phones were shown."""

    version: str
    slot: str
    revision: int
    video_ids: tuple[str, ...]


class EventKind(StrEnum):
    """What a phone reports: that a clip was half visible for a second, or how a playback ended."""

    IMPRESSION = "impression"
    PLAY = "play"  # ended somewhere between
    COMPLETE = "complete"  # 95 % of the clip were watched
    SKIP = "skip"  # left within 2 seconds


class EventRefusal(StrEnum):
    """Why an event was not counted."""

    INVALID = "invalid"
    UNKNOWN_VERSION = "unknownVersion"
    NOT_AT_PLACE = "notAtPlace"
    UNKNOWN_VIDEO = "unknownVideo"
    TOO_OLD = "tooOld"
    IN_FUTURE = "inFuture"
    WATCHED_TOO_LONG = "watchedTooLong"
    NOT_AS_WATCHED = "notAsWatched"


class FeedEvent(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """What happened to a clip at a place (from 1) of a version of the feed.

    `at` is the phone's own clock, in milliseconds since 1970 (UTC). `watch_ms` is how long a playback lasted.
    """

    type: EventKind
    video_id: str
    version: str
    place: int
    at: int
    watch_ms: int = 0


class Figures(msgspec.Struct):
    """Sums of events. `watched_ms` and `played_ms` are of all playbacks: how long they lasted, and their clips."""

    impressions: int = 0
    plays: int = 0  # neither complete nor skipped
    completes: int = 0
    skips: int = 0
    watched_ms: int = 0
    played_ms: int = 0


# The hour since 1970 (UTC), slot, video id, place (LATER beyond LAST_PLACE) and revision that figures are of
FigureKey: TypeAlias = tuple[int, str, str, int, int]
Refusals: TypeAlias = list[tuple[int, EventRefusal]]  # by index in the batch


def read_events(given: Sequence[object]) -> tuple[list[tuple[int, FeedEvent]], Refusals]:
    """Parse the events of a batch; return the valid ones by index, and the others."""
    try:
        return list(enumerate(msgspec.convert(given, list[FeedEvent]))), []
    except msgspec.ValidationError:
        pass  # some of them are invalid; the others count
    events: list[tuple[int, FeedEvent]] = []
    refused: Refusals = []
    for index, one in enumerate(given):
        try:
            events.append((index, msgspec.convert(one, FeedEvent)))
        except msgspec.ValidationError:
            refused.append((index, EventRefusal.INVALID))
    return events, refused


def add_up(
    events: Iterable[tuple[int, FeedEvent]], *, received: float, sent_ms: int,
    versions: Callable[[str], FeedVersion | None], durations: Mapping[str, float],
) -> tuple[dict[FigureKey, Figures], Refusals]:  # fmt: skip
    """Return the sums of a batch by hour, and which events do not count.

    `received` is our clock in seconds; the phone's is corrected by when it says that it sent the batch. `durations` are
    those of existing videos, in seconds.
    """
    shift = received * 1000 - sent_ms
    oldest, latest = (received - MAX_AGE_SECONDS) * 1000, (received + MAX_AHEAD_SECONDS) * 1000
    sums: dict[FigureKey, Figures] = {}
    refused: Refusals = []
    known: dict[str, FeedVersion | None] = {}
    for index, event in events:
        at = event.at + shift
        if event.version not in known:
            known[event.version] = versions(event.version)
        version = known[event.version]
        if not oldest <= at <= latest:
            refused.append((index, EventRefusal.TOO_OLD if at < oldest else EventRefusal.IN_FUTURE))
        elif version is None:
            refused.append((index, EventRefusal.UNKNOWN_VERSION))
        elif (reason := _mismatch(event, version, durations)) is not None:
            refused.append((index, reason))
        else:
            key = (int(at // 3_600_000), version.slot, event.video_id, min(event.place, LATER), version.revision)
            figures = sums.get(key)
            if figures is None:
                figures = sums[key] = Figures()
            _count(figures, event, durations[event.video_id])
    return sums, refused


def _mismatch(event: FeedEvent, version: FeedVersion, durations: Mapping[str, float]) -> EventRefusal | None:
    place = event.place
    if not 0 < place <= len(version.video_ids) or version.video_ids[place - 1] != event.video_id:
        return EventRefusal.NOT_AT_PLACE
    duration = durations.get(event.video_id)
    if duration is None:
        return EventRefusal.UNKNOWN_VIDEO
    if not 0 <= event.watch_ms <= max(duration, 1.0) * 1000 * MAX_WATCHED:
        return EventRefusal.WATCHED_TOO_LONG
    return None if _fits(event, duration) else EventRefusal.NOT_AS_WATCHED


def _fits(event: FeedEvent, duration: float) -> bool:
    """Return whether a playback lasted as long as its kind says."""
    if event.type is EventKind.COMPLETE:
        return event.watch_ms >= duration * 1000 * COMPLETE_SHARE - TOLERANCE_MS
    if event.type is EventKind.SKIP:
        return event.watch_ms <= SKIP_MS + TOLERANCE_MS
    return event.watch_ms > 0 or event.type is EventKind.IMPRESSION


def _count(figures: Figures, event: FeedEvent, duration: float) -> None:
    kind = event.type
    if kind is EventKind.IMPRESSION:
        figures.impressions += 1
        return
    if kind is EventKind.PLAY:
        figures.plays += 1
    elif kind is EventKind.COMPLETE:
        figures.completes += 1
    else:
        figures.skips += 1
    figures.watched_ms += event.watch_ms
    figures.played_ms += int(duration * 1000)
