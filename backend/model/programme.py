"""The recommendation programme: what a slot of the app shows at an instant, and why.

Times are seconds since 1970 (UTC). The state of an entry is never stored: it follows from `starts <= now < ends`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from heapq import heappop, heappush, heapreplace
from operator import attrgetter

import msgspec

from backend.model import SECONDS_A_DAY
from backend.model.wall_times import TypedTime

FEED = "feed"  # the slot of the documented operations
MAX_ENTRIES = 2_000  # of a slot
MAX_PIN = 50
MAX_RANK = 1_000_000
NEVER = 2**53  # the end of an entry without one, and the rank of one without


class EntryState(StrEnum):
    """State of an entry at an instant."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"


class PlaceReason(StrEnum):
    """Why an entry stands where it does."""

    PIN = "pin"
    RANK = "rank"
    NEWEST = "newest"


class LeftOutReason(StrEnum):
    """Why an entry is not shown at an instant."""

    SCHEDULED = "scheduled"
    ENDED = "ended"
    NOT_APPROVED = "notApproved"
    NO_RENDITION = "noRendition"
    TOO_OLD = "tooOld"
    BEYOND_SIZE = "beyondSize"


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A video in a slot or in a special, with what composing needs to know of the video.

    A larger `key` was added later. `pin` is the place the entry is fixed to, from 1; a smaller `rank` stands earlier,
    and before those without. `created` is the time of the video.
    """

    key: int
    video_id: str
    creator: str
    starts: int
    ends: int | None = None
    pin: int | None = None
    rank: int | None = None
    note: str = ""
    created: int = 0
    approved: bool = True
    plays: bool = True  # has a rendition

    def state_at(self, at: int) -> EntryState:
        return state_at(self.starts, self.ends, at)


class Rules(msgspec.Struct, frozen=True, rename="camel"):
    """The rules of a slot.

    `size` is the most it shows, `creatorGap` the number of clips of others between two of one creator (0: no matter),
    `needsRendition` whether a clip without a rendition is left out, `maxAgeDays` the age of the oldest video shown.
    `warmFirst` is the number of first clips that are kept in the CDN's cache.
    """

    size: int = 200
    creator_gap: int = 1
    needs_rendition: bool = True
    max_age_days: int | None = None
    warm_first: int = 50


class Special(msgspec.Struct, frozen=True):
    """A list that takes a slot over from `starts` until `ends`, and gives it back by itself."""

    special_id: str
    slot: str
    name: str
    starts: int
    ends: int
    priority: int = 0
    note: str = ""
    entries: tuple[Entry, ...] = ()


class Scheduling(msgspec.Struct, frozen=True):
    """What is wanted of an entry; None leaves a value as it is. `endless` removes the end; 0 removes pin or rank."""

    starts: TypedTime | None = None
    ends: TypedTime | None = None
    endless: bool = False
    pin: int | None = None
    rank: int | None = None
    note: str | None = None


class Programme(msgspec.Struct, frozen=True):
    """A slot with its rules, its entries and its specials, as of a revision."""

    slot: str
    revision: int = 0
    rules: Rules = Rules()
    entries: tuple[Entry, ...] = ()
    specials: tuple[Special, ...] = ()
    name: str = ""


class Place(msgspec.Struct, frozen=True, gc=False):
    """A shown entry. `moved` is by how many places creator spacing moved it up (negative: down); `beside` says that it
    stands next to a clip of its creator because there was no other way.
    """

    place: int
    entry: Entry
    reason: PlaceReason
    moved: int = 0
    beside: bool = False


class LeftOut(msgspec.Struct, frozen=True, gc=False):
    """An entry that is not shown, and why."""

    entry: Entry
    reason: LeftOutReason


class Lineup(msgspec.Struct, frozen=True):
    """What a slot shows at an instant. `next_change` is the next instant at which it may differ, if any."""

    slot: str
    at: int
    revision: int
    places: tuple[Place, ...]
    left_out: tuple[LeftOut, ...]
    special: Special | None = None
    next_change: int | None = None


def state_at(starts: int, ends: int | None, at: int) -> EntryState:
    """Return the state of an entry with this window, half-open: `starts <= at < ends` is live."""
    if at < starts:
        return EntryState.SCHEDULED
    return EntryState.LIVE if ends is None or at < ends else EntryState.ENDED


def lineup_at(programme: Programme, at: int) -> Lineup:
    """Compose what a slot shows at an instant: its own entries, or those of the special that is on."""
    special = special_at(programme.specials, at)
    entries = programme.entries if special is None else special.entries
    places, left_out = compose(entries, programme.rules, at)
    return Lineup(
        programme.slot, at, programme.revision, tuple(places), tuple(left_out), special, next_change(programme, at)
    )


def own_lineup(programme: Programme, at: int) -> Lineup:
    """Compose a slot's own entries at an instant, as if it had no specials."""
    return lineup_at(msgspec.structs.replace(programme, specials=()), at)


def special_at(specials: Iterable[Special], at: int) -> Special | None:
    """Return the special that is on: that of the highest priority, then of the latest start, then of the last id."""
    on = [one for one in specials if one.starts <= at < one.ends]
    return max(on, key=attrgetter("priority", "starts", "special_id"), default=None)


def next_change(programme: Programme, at: int) -> int | None:
    """Return the first instant after `at` at which the line-up may differ although nobody changes the slot."""
    return min((one for one in boundaries(programme) if one > at), default=None)


def boundaries(programme: Programme) -> set[int]:
    """Return all instants at which something begins, ends or grows too old."""
    found = {one.starts for one in programme.entries}
    found.update(one.ends for one in programme.entries if one.ends is not None)
    for special in programme.specials:
        found.update((special.starts, special.ends))
    if programme.rules.max_age_days is not None:
        lists = (programme.entries, *(special.entries for special in programme.specials))
        found.update(_last_second(one, programme.rules.max_age_days) + 1 for entries in lists for one in entries)
    return found


def compose(entries: Iterable[Entry], rules: Rules, at: int) -> tuple[list[Place], list[LeftOut]]:
    """Return the shown entries in order, and the others with their reasons."""
    candidates: list[Entry] = []
    left_out: list[LeftOut] = []
    for entry in entries:
        reason = _hindrance(entry, rules, at)
        if reason is None:
            candidates.append(entry)
        else:
            left_out.append(LeftOut(entry, reason))
    pinned = _pinned(candidates)
    free = sorted((one for one in candidates if one.pin is None), key=_order)
    places = _arrange(free, pinned, rules)
    if len(places) < len(candidates):
        shown = {place.entry.key for place in places}
        rest = (one for one in (*free, *pinned.values()) if one.key not in shown)
        left_out += (LeftOut(entry, LeftOutReason.BEYOND_SIZE) for entry in rest)
    return places, left_out


def _hindrance(entry: Entry, rules: Rules, at: int) -> LeftOutReason | None:
    """Return why an entry cannot be shown at an instant, or None."""
    if at < entry.starts:
        return LeftOutReason.SCHEDULED
    if entry.ends is not None and at >= entry.ends:
        return LeftOutReason.ENDED
    if not entry.approved:
        return LeftOutReason.NOT_APPROVED
    if rules.needs_rendition and not entry.plays:
        return LeftOutReason.NO_RENDITION
    if rules.max_age_days is not None and at > _last_second(entry, rules.max_age_days):
        return LeftOutReason.TOO_OLD
    return None


def _last_second(entry: Entry, max_age_days: int) -> int:
    return entry.created + max_age_days * SECONDS_A_DAY


def _order(entry: Entry) -> tuple[int, int, int]:
    """Rank, then newest start; of entries that start together, the one added last."""
    return (NEVER if entry.rank is None else entry.rank, -entry.starts, -entry.key)


def _pinned(candidates: Iterable[Entry]) -> dict[int, Entry]:
    """Return the pinned entries by their place: their own, or the next free one."""
    found: dict[int, Entry] = {}
    wanted = ((one.pin, -one.starts, -one.key, one) for one in candidates if one.pin is not None)
    for pin, _, _, entry in sorted(wanted, key=lambda one: one[:3]):
        place = pin
        while place in found:
            place += 1
        found[place] = entry
    return found


def _arrange(free: Sequence[Entry], pinned: dict[int, Entry], rules: Rules) -> list[Place]:
    """Return the places in order: pinned entries stay, the others are spaced by creator."""
    number = min(rules.size, len(free) + len(pinned))
    # Where there are too few others to stand between, pinned ones close up.
    closed = iter([pinned[place] for place in sorted(pinned)])
    waiting = _Spaced([one.creator for one in free])
    places: list[Place] = []
    creators: list[str] = []
    given = 0  # free entries that have got a place
    for place in range(1, number + 1):
        around = creators[-rules.creator_gap :] if rules.creator_gap else []
        if place in pinned or given == len(free):
            entry = next(closed)
            found = Place(place, entry, PlaceReason.PIN, 0, entry.creator in around)
        else:
            after = [pinned[one].creator for one in range(place + 1, place + 1 + rules.creator_gap) if one in pinned]
            position = waiting.take([*around, *after]) if rules.creator_gap else given
            entry = free[position]
            reason = PlaceReason.NEWEST if entry.rank is None else PlaceReason.RANK
            found = Place(place, entry, reason, position - given, entry.creator in around)
            given += 1
        places.append(found)
        creators.append(found.entry.creator)
    return places


class _Spaced:
    """Hands out positions of a list, the earliest first, so that neighbours have different creators if possible.

    On all lists of up to 8 entries of 4 creators this leaves as few neighbours of one creator as possible, and lists
    without any as they are.
    """

    def __init__(self, creators: Sequence[str]) -> None:
        self._creators = creators
        self._positions: dict[str, list[int]] = {}  # of each creator, last first
        for position in range(len(creators) - 1, -1, -1):
            self._positions.setdefault(creators[position], []).append(position)
        self._left = len(creators)
        self._first = sorted(positions[-1] for positions in self._positions.values())  # a heap
        self._most = sorted((-len(positions), creator) for creator, positions in self._positions.items())  # a heap

    def take(self, near: Sequence[str]) -> int:
        """Remove and return the earliest position whose creator is not among `near`, or else the earliest.

        A creator who holds more than half of what is left goes first, because it could not be spaced later.
        """
        major = self._major()
        if major is not None and major not in near:
            return self._remove(major)
        passed: list[int] = []
        found = None
        while self._first:
            position = self._next_first()
            if position is None:
                break
            if self._creators[position] not in near:
                found = position
                break
            passed.append(heappop(self._first))
        for position in passed:
            heappush(self._first, position)
        return self._remove(self._creators[self._first[0] if found is None else found])

    def _next_first(self) -> int | None:
        """Return the earliest position left, after dropping outdated ones from the heap."""
        while self._first:
            position = self._first[0]
            positions = self._positions[self._creators[position]]
            if positions and positions[-1] == position:
                return position
            heappop(self._first)
        return None

    def _major(self) -> str | None:
        while True:
            number, creator = self._most[0]
            now = -len(self._positions[creator])
            if now == number:
                return creator if -number * 2 > self._left else None
            heapreplace(self._most, (now, creator))

    def _remove(self, creator: str) -> int:
        positions = self._positions[creator]
        position = positions.pop()
        if positions:
            heappush(self._first, positions[-1])
        self._left -= 1
        return position
