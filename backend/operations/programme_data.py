"""JSON structures of the recommendation programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.wire import number
from backend.model import FileKind, MediaFile, User, Video
from backend.model.programme import Entry, Rules, Special
from backend.model.programme_conflicts import ProgrammeConflict
from backend.store.programme import Card, Loaded, Revision, Slot

if TYPE_CHECKING:
    from backend.console import Call

NO_CARD = Card("", "", 0.0, "", "", "")


class EntryData(msgspec.Struct, rename="camel"):
    """A video in a slot.

    `state` is scheduled, live or ended. `endTime` is empty and `endSecond` 0 without an end; `pin` and `rank` are 0
    without one. `playable` says whether it has a rendition. The typed times are as somebody entered them, in
    `typedZone`.
    """

    video_id: str
    title: str
    cover_url: str
    user_id: str
    user_name: str
    duration: float
    state: str
    start_time: str
    end_time: str
    start_second: int
    end_second: int
    pin: int
    rank: int
    note: str
    approved: bool
    playable: bool
    typed_start: str
    typed_end: str
    typed_zone: str


class PlaceData(msgspec.Struct, rename="camel"):
    """A shown entry: `reason` is pin, rank or newest; creator spacing moved it up by `moved` places (negative: down).
    `beside` says that it stands next to a clip of its creator because there was no other way.
    """

    place: int
    reason: str
    moved: int
    beside: bool
    entry: EntryData


class LeftOutData(msgspec.Struct, rename="camel"):
    """An entry that is not shown: scheduled, ended, notApproved, noRendition, tooOld or beyondSize."""

    reason: str
    entry: EntryData


class RuleData(msgspec.Struct, rename="camel"):
    """The rules of a slot; `maxAgeDays` is 0 without a limit."""

    size: int
    creator_gap: int
    needs_rendition: bool
    max_age_days: int
    warm_first: int


class SlotData(msgspec.Struct, rename="camel"):
    """A list in the app and its rules; every change gives it the next revision."""

    slot: str
    name: str
    revision: int
    rules: RuleData


class SpecialData(msgspec.Struct, rename="camel"):
    """A list that takes a slot over and gives it back by itself."""

    special_id: str
    slot: str
    name: str
    start_time: str
    end_time: str
    start_second: int
    end_second: int
    priority: int
    note: str
    video_ids: list[str]


class ConflictData(msgspec.Struct, rename="camel"):
    """A probable mistake: samePin (two videos want the place `pin`), hidden (a special hides the video all its time) or
    fewClips (only `count` clips can be shown).
    """

    kind: str
    start_time: str
    end_time: str
    start_second: int
    video_list: list[NamedVideo]
    pin: int
    count: int


class NamedVideo(msgspec.Struct, rename="camel"):
    video_id: str
    title: str


class RevisionData(msgspec.Struct, rename="camel"):
    """Who changed a slot, when and how; `action` is the name of the operation.

    `target` is the id of a video or special, whose `title` or name follows, the restored revision, or the Monday of
    the week that was copied to.
    """

    revision: int
    time: str
    user_name: str
    action: str
    target: str
    title: str
    note: str


class ProgrammeWriter(msgspec.Struct, frozen=True):
    """Builds the structures for one call."""

    call: Call

    def time(self, second: int | None) -> str:
        return "" if second is None else self.call.write.time(second)

    def entries(self, loaded: Loaded, entries: list[Entry], at: int, *, special: bool = False) -> list[EntryData]:
        """Return entries as of an instant, in order."""
        cards, write = loaded.special_cards if special else loaded.cards, self.call.write
        zone_time = write.time
        found = []
        for one in entries:
            card = cards.get(one.video_id, NO_CARD)
            if card.cover_url:
                cover = write.given_url(card.cover_url)
            elif card.cover:
                video = Video(one.video_id, "", NOBODY, 0, media_key=card.media_key)
                cover = write.url(video, MediaFile(FileKind.COVER, card.cover))
            else:
                cover = ""
            found.append(EntryData(
                one.video_id, card.title, cover, one.creator, card.user_name, number(card.duration),
                one.state_at(at).value, zone_time(one.starts), "" if one.ends is None else zone_time(one.ends),
                one.starts, one.ends or 0, one.pin or 0, one.rank or 0, one.note, one.approved, one.plays,
                card.starts_typed, card.ends_typed, card.zone,
            ))  # fmt: skip
        return found

    def special(self, one: Special) -> SpecialData:
        return SpecialData(
            one.special_id, one.slot, one.name, self.time(one.starts), self.time(one.ends), one.starts, one.ends,
            one.priority, one.note, [entry.video_id for entry in one.entries],
        )  # fmt: skip

    def conflict(self, one: ProgrammeConflict, cards: dict[str, Card]) -> ConflictData:
        videos = [NamedVideo(video_id, cards.get(video_id, NO_CARD).title) for video_id in one.video_ids]
        return ConflictData(
            one.kind, self.time(one.starts), self.time(one.ends), one.starts, videos, one.pin, one.count
        )

    def revision(self, one: Revision, titles: dict[str, str]) -> RevisionData:
        title = titles.get(one.target, "")
        return RevisionData(one.revision, self.time(one.at), one.actor, one.action, one.target, title, one.note)


NOBODY = User("")


def rule_data(rules: Rules) -> RuleData:
    """Return the rules of a slot."""
    return RuleData(
        rules.size, rules.creator_gap, rules.needs_rendition, rules.max_age_days or 0, rules.warm_first
    )  # fmt: skip


def slot_data(slot: Slot) -> SlotData:
    """Return a slot."""
    return SlotData(slot.slot, slot.name, slot.revision, rule_data(slot.rules))
