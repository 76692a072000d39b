"""Changes of the recommendation programme: windows, places, specials, rules, and going back to a revision."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from backend.api.parameters import Clearable, ClearableLine, Line, Moment, Text, Whole
from backend.api.registry import operation
from backend.api.wall_clock import EndTime, Time
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.model.programme import FEED, MAX_ENTRIES, MAX_PIN, MAX_RANK, Scheduling
from backend.model.programme_conflicts import conflicts
from backend.model.wall_times import TypedTime, day_of, day_start, shift_days, week_days
from backend.operations.programme import FirstDay, RevisionNumber, SlotCode
from backend.operations.programme_data import ConflictData, NamedVideo, ProgrammeWriter, RevisionData

if TYPE_CHECKING:
    from backend.console import Call

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
MAX_NOTE = 200
Revision = Annotated[int | None, Whole(0)]  # the revision the client has seen; None skips the check
Pin = Annotated[int | None, Whole(0, MAX_PIN)]
Rank = Annotated[int | None, Whole(0, MAX_RANK)]
Note = Annotated[str | None, ClearableLine(MAX_NOTE)]
Reason = Annotated[str, Line(MAX_NOTE)]
Day = Annotated[int, Moment(kept=True)]
Priority = Annotated[int | None, Whole(0, 100)]


class ChangedEntry(msgspec.Struct, rename="camel"):
    """The slot's revision now, and conflicts that the entry takes part in."""

    revision: int
    conflict_list: list[ConflictData]


class MovedEntry(msgspec.Struct, rename="camel"):
    """Where the entry stands in the slot's own order now: 0 if it is not shown there.

    Creator spacing may have moved it by `moved`.
    """

    revision: int
    place: int
    moved: int


class RestoredLineup(msgspec.Struct, rename="camel"):
    """The new revision, the videos that were left out because they may not be shown, and the revisions since the
    restored one that may have changed specials or rules, which stay as they are.
    """

    revision: int
    left_out_list: list[NamedVideo]
    kept_list: list[RevisionData]


class NotCopied(msgspec.Struct, rename="camel"):
    """A video that was not scheduled: notShowable, running if it has not ended yet in this slot, or past if its new
    window is over.
    """

    video_id: str
    title: str
    reason: str


class MovedVideo(msgspec.Struct, rename="camel"):
    """A video that was in the slot already, and its window until now, which is in earlier revisions only."""

    video_id: str
    title: str
    start_time: str
    end_time: str


class SkippedSpecial(msgspec.Struct, rename="camel"):
    """A special that was not copied: exists if the new week has one of its name and window (`specialId` is that one's),
    past if the window would be over, empty if it has no videos.
    """

    special_id: str
    name: str
    reason: str


class CopiedWeek(msgspec.Struct, rename="camel"):
    """`movedList` are the videos that left the old week, because a video is in a slot once; `adjustedList` those whose
    wall time does not exist in the new week and became the next that does.
    """

    revision: int
    entries: int
    specials: int
    left_out_list: list[NotCopied]
    adjusted_list: list[NamedVideo]
    moved_list: list[MovedVideo]
    skipped_special_list: list[SkippedSpecial]


class SavedSpecial(msgspec.Struct, rename="camel"):
    """The special's id, the slot's revision now, and conflicts in its time."""

    special_id: str
    revision: int
    conflict_list: list[ConflictData]


class DeletedSlot(msgspec.Struct, rename="camel"):
    """How many entries and specials went with a slot."""

    entries: int
    specials: int


class RevisionNow(msgspec.Struct, rename="camel"):
    revision: int


@operation("POST", "/vod/editRecommend", message="已保存", right=Right.MANAGE)
def edit_recommend(
    call: Call,
    *,
    video_id: str,
    slot: SlotCode = FEED,
    start_time: Time = None,
    end_time: EndTime = None,
    pin: Pin = None,
    rank: Rank = None,
    note: Note = None,
    revision: Revision = None,
) -> ChangedEntry:
    """Change window, pin, rank or note of an entry; absent parameters stay unchanged.

    An empty `endTime` removes the end, 0 the pin or rank. A start in the past means now. `revision` is the slot's as
    the client has seen it: if somebody changed it since, the answer is 409 and names who.
    """
    wanted = scheduling(start_time, end_time, pin, note, rank)
    now = call.store.programme_changes.edit(slot, video_id, wanted, call.actor, expected=revision)
    return ChangedEntry(now, conflicts_of(call, slot, video_id))


@operation("POST", "/vod/moveRecommend", message="已保存", right=Right.MANAGE)
def move_recommend(
    call: Call,
    *,
    video_id: str,
    slot: SlotCode = FEED,
    place: Annotated[int, Whole(1, MAX_ENTRIES)] = 0,
    before: Annotated[str, Text(128)] = "",
    after: Annotated[str, Text(128)] = "",
    note: Reason = "",
    revision: Revision = None,
) -> MovedEntry:
    """Move an entry to a place (from 1), or before or after another shown video.

    Places are counted in the slot's own order (`previewFeed` with `specials` false), also while a special hides it.
    A pinned entry is pinned there, and pins between its old and its new place give way by one; any other gets a rank,
    and so do those before it. `revision` as in editRecommend.
    """
    if sum(map(bool, (place, before, after))) != 1:
        raise BadRequest("One of place, before and after is required.")
    if video_id in (before, after):
        raise BadRequest("A video cannot be moved beside itself.")
    lineup = call.store.programme_changes.move(
        slot, video_id, call.actor, place=place, before=before, after=after, note=note, expected=revision
    )
    found = next((one for one in lineup.places if one.entry.video_id == video_id), None)
    return MovedEntry(lineup.revision, found.place if found else 0, found.moved if found else 0)


@operation("POST", "/vod/restoreLineup", message="已恢复", right=Right.MANAGE)
def restore_lineup(
    call: Call, *, lineup: RevisionNumber, slot: SlotCode = FEED, note: Reason = "", revision: Revision = None
) -> RestoredLineup:
    """Make a new revision of a slot with the entries of the revision `lineup`. Specials and rules stay as they are.

    Videos that may not be shown any more are left out and named. `revision` as in editRecommend.
    """
    store, write = call.store.programme, ProgrammeWriter(call)
    kept = store.find_kept(slot, lineup)
    made, missing = call.store.programme_changes.restore(slot, lineup, call.actor, note=note, expected=revision)
    titles = store.find_titles([*missing, *(one.target for one in kept)])
    return RestoredLineup(
        made, [NamedVideo(video_id, titles.get(video_id, "")) for video_id in missing],
        [write.revision(one, titles) for one in kept],
    )  # fmt: skip


@operation("POST", "/vod/copyWeek", message="已复制", right=Right.MANAGE)
def copy_week(
    call: Call,
    *,
    to_date: Day,
    from_date: FirstDay = None,
    slot: SlotCode = FEED,
    note: Reason = "",
    revision: Revision = None,
) -> CopiedWeek:
    """Copy what began in one week, by default this one, to the same wall times of another.

    Both weeks are named by any day in them.

    A video has one window in a slot: those that have not ended yet are left out and named, and the others leave the old
    week, which only earlier revisions have then. Specials are copied, but not twice. `revision` as in editRecommend.
    """
    zone = call.settings.time_zone
    from_day = call.now() if from_date is None else from_date
    old, new = (week_days(day_of(second, zone))[0] for second in (from_day, to_date))
    days = (new - old).days
    if not days:
        raise BadRequest("fromDate and toDate are in the same week.")
    if day_start(new + timedelta(days=7), zone) <= call.now():
        raise BadRequest("toDate is in a week that is over.")
    start, end = day_start(old, zone), day_start(old + timedelta(days=7), zone)
    rows = call.store.programme.find_entries_at(slot, min(end, call.now() + 1))
    programme = call.store.programme.get(slot)
    windows, adjusted = {}, []
    for row in rows:
        if start <= row["recommended"] < end:
            starts, as_typed = shift_days(row["recommended"], days, zone)
            ends, also = (None, True) if row["ends"] is None else shift_days(row["ends"], days, zone)
            windows[row["video_id"]] = (row, starts, ends)
            if not (as_typed and also):
                adjusted.append(row["video_id"])
    specials: list[dict[str, Any]] = [
        {
            "name": one.name, "priority": one.priority, "note": one.note, "zone": zone.key,
            "starts": shift_days(one.starts, days, zone)[0], "ends": shift_days(one.ends, days, zone)[0],
            "video_ids": [entry.video_id for entry in one.entries], "special_id": one.special_id,
        }
        for one in programme.specials
        if start <= one.starts < end
    ]  # fmt: skip
    made = call.store.programme_changes.copy_week(
        slot, windows, specials, call.actor, target=new.isoformat(), note=note, expected=revision
    )
    titles, write = call.store.programme.find_titles(list(windows)), call.write
    return CopiedWeek(
        made.revision, len(made.copied), made.specials,
        [NotCopied(video_id, titles.get(video_id, ""), why) for video_id, why in made.left_out.items()],
        [NamedVideo(video_id, titles.get(video_id, "")) for video_id in adjusted if video_id in made.copied],
        [MovedVideo(video_id, titles.get(video_id, ""), write.time(first), write.time(last))
         for video_id, (first, last) in made.moved.items()],
        [SkippedSpecial(*one) for one in made.skipped],
    )  # fmt: skip


@operation("POST", "/vod/saveSpecial", message="已保存", right=Right.MANAGE)
def save_special(
    call: Call,
    *,
    slot: SlotCode = FEED,
    special_id: Annotated[str, Text(32)] = "",
    name: Annotated[str | None, Line(100)] = None,
    start_time: Time = None,
    end_time: Time = None,
    priority: Priority = None,
    video_ids: Annotated[str | None, Clearable(MAX_ENTRIES * 129)] = None,
    note: Note = None,
    revision: Revision = None,
) -> SavedSpecial:
    """Add a special to a slot, or change the one with this id; absent parameters stay unchanged.

    It shows `videoIds` (comma-separated, in order; at least one) instead of the slot's own entries from `startTime`
    until, excluding, `endTime`. Of overlapping ones the highest `priority` is shown, then the latest start. `revision`
    as in editRecommend.
    """
    given: dict[str, Any] = {
        "name": name or None, "starts": start_time, "ends": end_time, "priority": priority, "note": note,
        "video_ids": None if video_ids is None else [one.strip() for one in video_ids.split(",") if one.strip()],
    }  # fmt: skip
    wanted = {key: value for key, value in given.items() if value is not None}
    made, now = call.store.programme_changes.save_special(slot, special_id, wanted, call.actor, expected=revision)
    loaded, write = call.store.programme.load(slot), ProgrammeWriter(call)
    special = next((one for one in loaded.programme.specials if one.special_id == made), None)
    # None: somebody has deleted it since
    found = conflicts(loaded.programme, special.starts, special.ends) if special else []
    return SavedSpecial(made, now, [write.conflict(one, loaded.cards) for one in found])


@operation("POST", "/vod/deleteSpecial", message="已删除", right=Right.MANAGE)
def delete_special(
    call: Call, *, special_id: Annotated[str, Text(32)], slot: SlotCode = FEED, revision: Revision = None
) -> RevisionNow:
    """Delete a special; the slot shows its own entries again. `revision` as in editRecommend."""
    return RevisionNow(call.store.programme_changes.delete_special(slot, special_id, call.actor, expected=revision))


@operation("POST", "/vod/saveSlot", message="已保存", right=Right.MANAGE)
def save_slot(
    call: Call,
    *,
    slot: SlotCode,
    name: Annotated[str | None, Line(100)] = None,
    size: Annotated[int | None, Whole(1, 500)] = None,
    creator_gap: Annotated[int | None, Whole(0, 5)] = None,
    needs_rendition: bool | None = None,
    max_age_days: Annotated[int | None, Whole(0, 3650)] = None,
    warm_first: Annotated[int | None, Whole(0, 500)] = None,
    revision: Revision = None,
) -> RevisionNow:
    """Add a slot, or change name and rules of the one with this code; absent parameters stay unchanged.

    `maxAgeDays` 0 removes the limit. `revision` as in editRecommend; with one, a slot that was deleted is not added
    again, but 404.
    """
    if not CODE.fullmatch(slot):
        raise BadRequest("slot must be small letters, digits, - and _, got {slot!r}.", slot=slot)
    rules: dict[str, Any] = {
        "size": size, "creator_gap": creator_gap, "needs_rendition": needs_rendition, "warm_first": warm_first,
    }  # fmt: skip
    rules = {key: value for key, value in rules.items() if value is not None}
    if max_age_days is not None:
        rules["max_age_days"] = max_age_days or None
    return RevisionNow(call.store.programme_changes.save_slot(slot, name, rules, call.actor, expected=revision))


@operation("POST", "/vod/deleteSlot", message="已删除", right=Right.MANAGE)
def delete_slot(call: Call, *, slot: SlotCode, revision: Revision = None) -> DeletedSlot:
    """Delete a slot with its entries and specials; the app's getFeed of it answers 404 from then on.

    Its revisions are kept as long as any: a slot that is added with the same code can restore them. The slot `feed`
    stays. `revision` as in editRecommend.
    """
    videos, specials = call.store.programme_changes.delete_slot(slot, call.actor, expected=revision)
    return DeletedSlot(videos, specials)


def scheduling(
    start_time: TypedTime | None, end_time: TypedTime | str | None, pin: int | None, note: str | None,
    rank: int | None = None,
) -> Scheduling:  # fmt: skip
    """Return what is wanted of an entry; an empty `end_time` removes the end."""
    ends = end_time if isinstance(end_time, TypedTime) else None
    return Scheduling(start_time, ends, end_time == "", pin, rank, note)


def conflicts_of(call: Call, slot: str, video_id: str) -> list[ConflictData]:
    """Return the conflicts that an entry takes part in, in all its time."""
    loaded, write = call.store.programme.load(slot), ProgrammeWriter(call)
    entry = next((one for one in loaded.programme.entries if one.video_id == video_id), None)
    if entry is None:
        return []
    start = max(entry.starts, call.now())
    end = entry.ends or start + 366 * 86_400
    found = conflicts(loaded.programme, start, end) if start < end else []
    return [write.conflict(one, loaded.cards) for one in found if video_id in one.video_ids]
