"""The recommendation programme: what is planned, what the app shows at any moment and why, and earlier revisions."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from backend.api.parameters import Moment, PageIndex, PageSize, Text, Whole
from backend.api.registry import operation
from backend.api.wall_clock import Time
from backend.errors import BadRequest
from backend.model import SECONDS_A_DAY
from backend.model.programme import FEED, EntryState, boundaries, own_lineup, state_at
from backend.model.programme_conflicts import conflicts
from backend.model.wall_times import day_of, day_start, week_days
from backend.operations.programme_data import (
    ConflictData,
    EntryData,
    LeftOutData,
    PlaceData,
    ProgrammeWriter,
    RevisionData,
    RuleData,
    SlotData,
    SpecialData,
    rule_data,
    slot_data,
)
from backend.store.programme import columns_of

if TYPE_CHECKING:
    from backend.console import Call

MAX_DAYS = 62
SlotCode = Annotated[str, Text(32)]
FirstDay = Annotated[int | None, Moment(kept=True)]
LastDay = Annotated[int | None, Moment(end=True, kept=True)]
RevisionNumber = Annotated[int, Whole(1)]
FIELDS = {
    "recommended": "startTime", "ends": "endTime", "pin": "pin", "rank": "rank", "note": "note", "title": "title",
    "description": "description", "tags": "tags", "cover_url": "coverUrl",
}  # fmt: skip


class DayData(msgspec.Struct, rename="camel"):
    """A day in the console's time zone, which has 23 to 25 hours, and its first second."""

    date: str
    start_second: int


class ProgrammeData(msgspec.Struct, rename="camel"):
    """What is planned for a slot from `startTime` to, excluding, `endTime`.

    `entryList` has the entries that are live in some of that time, by start; `boundaryList` the times at which
    something begins or ends.
    """

    slot: str
    revision: int
    rules: RuleData
    time_zone: str
    start_time: str
    end_time: str
    end_second: int
    day_list: list[DayData]
    entry_list: list[EntryData]
    special_list: list[SpecialData]
    boundary_list: list[str]
    conflict_list: list[ConflictData]


class PreviewData(msgspec.Struct, rename="camel"):
    """What a slot shows at a time, and who is left out and why. `nextChange` is when it changes next by the clock."""

    slot: str
    revision: int
    time: str
    second: int
    special: SpecialData | None
    total: int
    place_list: list[PlaceData]
    left_out_list: list[LeftOutData]
    next_change: str


class LineupList(msgspec.Struct, rename="camel"):
    total: int
    revision: int
    lineup_list: list[RevisionData]


class OldEntry(msgspec.Struct, rename="camel"):
    """An entry as it was in a revision; `endTime` is empty without an end, `pin` and `rank` 0 without one."""

    video_id: str
    title: str
    start_time: str
    end_time: str
    pin: int
    rank: int
    note: str


class LineupData(msgspec.Struct, rename="camel"):
    """A revision of a slot and its entries, by start."""

    lineup: RevisionData
    entry_list: list[OldEntry]


class FieldChange(msgspec.Struct, rename="camel"):
    field: str
    old: str
    new: str


class LineupChange(msgspec.Struct, rename="camel"):
    """An entry that differs: `kind` is added, removed or changed."""

    video_id: str
    title: str
    kind: str
    field_list: list[FieldChange]


class LineupDifference(msgspec.Struct, rename="camel"):
    """What changed from one revision to the other."""

    revision: int
    other: int
    change_list: list[LineupChange]


class VideoSlot(msgspec.Struct, rename="camel"):
    """A slot that a video is in. `state` is scheduled or live; without an end `endTime` is empty, without a pin `pin`
    is 0.
    """

    slot: str
    name: str
    state: EntryState
    start_time: str
    end_time: str
    pin: int


class VideoSlots(msgspec.Struct, rename="camel"):
    slot_list: list[VideoSlot]


class SlotList(msgspec.Struct, rename="camel"):
    slot_list: list[SlotData]


@operation("GET", "/vod/getSlots", pure=True)
def get_slots(call: Call) -> SlotList:
    """Return the slots of the app, with their rules and revisions."""
    return SlotList([slot_data(one) for one in call.store.programme.find_slots()])


@operation("GET", "/vod/getVideoSlots")
def get_video_slots(call: Call, *, video_id: str) -> VideoSlots:
    """Return the slots in which a video is live or scheduled; specials are not counted."""
    write, now = ProgrammeWriter(call), call.now()
    return VideoSlots([
        VideoSlot(one.slot, one.name, state_at(one.recommended, one.ends, now), write.time(one.recommended),
                  write.time(one.ends), one.pin or 0)
        for one in call.store.programme.find_slots_of(video_id)
    ])  # fmt: skip


@operation("GET", "/vod/getProgramme")
def get_programme(
    call: Call, *, slot: SlotCode = FEED, start_time: FirstDay = None, end_time: LastDay = None
) -> ProgrammeData:
    """Return what is planned for a slot, by default in this week, with the conflicts to come.

    At most 62 days. A date as `endTime` includes that day.
    """
    zone, now = call.settings.time_zone, call.now()
    week = week_days(day_of(now if start_time is None else start_time, zone))
    start = day_start(week[0], zone) if start_time is None else start_time
    end = day_start(week[-1] + timedelta(days=1), zone) if end_time is None else end_time + 1
    if not start < end <= start + MAX_DAYS * SECONDS_A_DAY:
        raise BadRequest(
            "From startTime to endTime must be at least a second and at most {count} days.", count=MAX_DAYS
        )
    loaded = call.store.programme.load(slot)
    programme, write = loaded.programme, ProgrammeWriter(call)
    shown = [one for one in programme.entries if one.starts < end and (one.ends is None or one.ends > start)]
    specials = [one for one in programme.specials if one.starts < end and one.ends > start]
    cards = loaded.special_cards | loaded.cards
    days, day = [], day_of(start, zone)
    while (first := day_start(day, zone)) < end:
        days.append(DayData(day.isoformat(), first))
        day += timedelta(days=1)
    return ProgrammeData(
        slot, programme.revision, rule_data(programme.rules), zone.key, write.time(start), write.time(end), end, days,
        write.entries(loaded, shown, now), [write.special(one) for one in sorted(specials, key=lambda one: one.starts)],
        [write.time(one) for one in sorted(boundaries(programme)) if start <= one < end],
        [write.conflict(one, cards) for one in conflicts(programme, max(start, now), end)] if now < end else [],
    )  # fmt: skip


@operation("GET", "/vod/previewFeed")
def preview_feed(call: Call, *, slot: SlotCode = FEED, time: Time = None, specials: bool = True) -> PreviewData:
    """Return what a slot shows at a time, by default now, with the reason of every place and of everybody left out.

    `specials` false: the slot's own order, which a special that is on hides until its end.
    """
    loaded, write = call.store.programme.load(slot), ProgrammeWriter(call)
    at = None if time is None else time.at
    if specials:
        lineup = call.store.programme.lineup(slot, at)
    else:
        lineup = own_lineup(loaded.programme, call.now() if at is None else at)
    on, special = lineup.special is not None, lineup.special
    shown = write.entries(loaded, [one.entry for one in lineup.places], lineup.at, special=on)
    left_out = write.entries(loaded, [one.entry for one in lineup.left_out], lineup.at, special=on)
    return PreviewData(
        slot, lineup.revision, write.time(lineup.at), lineup.at, write.special(special) if special else None,
        len(shown),
        [PlaceData(one.place, one.reason, one.moved, one.beside, data)
         for one, data in zip(lineup.places, shown, strict=True)],
        [LeftOutData(one.reason, data) for one, data in zip(lineup.left_out, left_out, strict=True)],
        write.time(lineup.next_change),
    )  # fmt: skip


@operation("GET", "/vod/getLineups")
def get_lineups(
    call: Call, *, slot: SlotCode = FEED, page_index: PageIndex = 1, page_size: PageSize = 20
) -> LineupList:
    """Return the kept revisions of a slot, newest first: the last 500, and all of 90 days."""
    store, write = call.store.programme, ProgrammeWriter(call)
    page, revision = store.find_revisions(slot, page_index, page_size), store.get(slot).revision
    titles = store.find_titles([one.target for one in page.items])
    return LineupList(page.total, revision, [write.revision(one, titles) for one in page.items])


@operation("GET", "/vod/getLineup")
def get_lineup(call: Call, *, revision: RevisionNumber, slot: SlotCode = FEED) -> LineupData:
    """Return a revision of a slot with its entries."""
    store, write = call.store.programme, ProgrammeWriter(call)
    found, rows = store.get_revision(slot, revision)
    titles = store.find_titles([found.target, *(row["video_id"] for row in rows)])
    entries = [
        OldEntry(
            row["video_id"], row["shown"]["title"] or titles.get(row["video_id"], ""), write.time(row["recommended"]),
            write.time(row["ends"]), row["pin"] or 0, row["rank"] or 0, row["note"],
        )
        for row in rows
    ]  # fmt: skip
    return LineupData(write.revision(found, titles), entries)


@operation("GET", "/vod/compareLineups")
def compare_lineups(
    call: Call, *, revision: RevisionNumber, other: Annotated[int | None, Whole(1)] = None, slot: SlotCode = FEED
) -> LineupDifference:
    """Return which entries changed from a revision of a slot to another, by default the present one.

    Revisions do not hold specials and rules.
    """
    store, write = call.store.programme, ProgrammeWriter(call)
    other = store.get(slot).revision if other is None else other
    old, new = ({row["video_id"]: columns_of(row) for row in store.get_revision(slot, number)[1]}
                for number in (revision, other))  # fmt: skip
    titles = store.find_titles([*old, *new])
    changes = []
    for video_id in dict.fromkeys((*old, *new)):
        kind = "added" if video_id not in old else "removed" if video_id not in new else "changed"
        before, after = old.get(video_id, {}), new.get(video_id, {})
        fields = [
            FieldChange(wire, _shown(write, name, before.get(name)), _shown(write, name, after.get(name)))
            for name, wire in FIELDS.items()
            if before.get(name) != after.get(name)
        ]
        if fields or kind != "changed":
            changes.append(LineupChange(video_id, titles.get(video_id, ""), kind, fields))
    return LineupDifference(revision, other, changes)


def _shown(write: ProgrammeWriter, name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    return write.time(value) if name in ("recommended", "ends") else str(value)
