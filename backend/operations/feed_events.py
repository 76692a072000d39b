"""What phones report of the app's feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from backend.api.parameters import JsonList, Text, Whole
from backend.api.registry import operation
from backend.errors import BadRequest
from backend.model.feed import MAX_EVENTS, FeedEvent, add_up, read_events

if TYPE_CHECKING:
    from backend.console import Call

MAX_BODY = 64 << 10


class RefusedEvent(msgspec.Struct, rename="camel"):
    """An event that was not counted: its index in the batch, from 0, and why.

    `invalid`: something is missing or of the wrong type. `unknownVersion`: no version of the feed of the last days.
    `notAtPlace`: the video is not at this place of the version. `unknownVideo`: it was deleted. `tooOld`: older than
    7 days. `inFuture`: more than 5 minutes ahead. `watchedTooLong`: longer than 10 times the duration.
    `notAsWatched`: `complete` with watchMs below 95 % or `skip` with more than 2 seconds, by more than half a second,
    or `play` without watchMs.
    """

    index: int
    reason: str


class ReportedEvents(msgspec.Struct, rename="camel"):
    """How many events were counted. `repeated`: this batch was counted before, so nothing was added."""

    accepted: int
    repeated: bool
    refused_list: list[RefusedEvent]


@operation("POST", "/vodVideo/reportEvents", right=None, needs_body=True, max_body=MAX_BODY)
def report_events(
    call: Call,
    *,
    key: Annotated[str, Text(64)],
    batch_id: Annotated[str, Text(64)],
    sent_at: Annotated[int, Whole(0, 2**53)],
    events: Annotated[list[Any], JsonList(FeedEvent, MAX_EVENTS)],
) -> ReportedEvents:
    """Count what a phone reports of the feed: at most 100 events and 64 KB. Needs a key of the feed, and no token.

    A batch with the same batchId counts once within 48 hours, so a phone may send it again until it is answered.
    `sentAt` and `at` are milliseconds of the phone's clock, which is corrected by `sentAt`. Send one `impression` when
    half of a clip was visible for a second, and one event when its playback ends: `complete` (95 % watched), `skip`
    (left within 2 seconds) or `play`, with watchMs. Only hourly sums are stored: no address, no device, no event.
    """
    call.store.feed_keys.check(key)
    if not batch_id.strip():
        raise BadRequest("{name} is required.", name="batchId")
    read, refused = read_events(events)
    durations = call.store.lookups.find_durations({event.video_id for _, event in read})
    sums, wrong = add_up(
        read, received=call.console.clock(), sent_ms=sent_at, versions=call.store.feed_versions.find,
        durations=durations,
    )  # fmt: skip
    is_new = call.store.feed_figures.record(batch_id, sums)
    told = [RefusedEvent(index, reason.value) for index, reason in sorted([*refused, *wrong])]
    return ReportedEvents(len(events) - len(told) if is_new else 0, not is_new, told)
