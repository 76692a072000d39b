"""Moving an entry of a slot to another place: which pins and ranks have to change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec.structs import replace

from backend.errors import BadRequest
from backend.model.programme import MAX_PIN, Entry, Rules, compose


def pins_and_ranks(
    entries: tuple[Entry, ...], rules: Rules, at: int, entry: Entry, place: int
) -> dict[str, dict[str, int]]:
    """Return the new pin or ranks, by video, that put an entry at a place (from 1) among what is live.

    A pinned entry gets another pin, and pins that are in the way move by one towards its old place. Any other gets a
    rank between its new neighbours, as the list shows them; those before it and those with a rank are numbered anew.
    Raises BadRequest for a pin beyond the last.
    """
    rules = replace(rules, size=len(entries))
    if entry.pin is not None:
        if place > MAX_PIN:
            raise BadRequest("place is {place}; a pinned video can be at {most} at most.", place=place, most=MAX_PIN)
        return _pins(entries, rules, at, entry, place)
    places, _ = compose(entries, rules, at)
    others = [one for one in places if one.entry.key != entry.key]
    pinned = [one.place for one in others if one.entry.pin is not None]
    free = [one.entry for one in others if one.entry.pin is None]
    was = next((number for number, one in enumerate(p for p in places if p.entry.pin is None)
                if one.entry.key == entry.key), 0)  # fmt: skip
    index = max(0, min(place - 1 - sum(one < place for one in pinned), len(free)))
    order = [*free[:index], entry, *free[index:]]
    ranked = max((number for number, one in enumerate(order) if one.rank is not None), default=0)
    last = max(index, was, ranked)
    return {
        one.video_id: {"rank": number}
        for number, one in enumerate(order[: last + 1], 1)
        if one.rank != number
    }  # fmt: skip


def _pins(
    entries: Sequence[Entry], rules: Rules, now: int, entry: Entry, place: int
) -> dict[str, dict[str, int]]:  # fmt: skip
    """Return the pins that put a pinned entry at a place, and those in its way one place nearer to its old one."""
    places, _ = compose(entries, rules, now)
    was = next((one.place for one in places if one.entry.key == entry.key), None)
    if was is None or place > len(places):  # where it is not shown, or beyond the end, it meets nobody
        return {entry.video_id: {"pin": place}}
    wanted = {one.place: one.entry for one in places if one.entry.pin is not None and one.entry.key != entry.key}
    step = 1 if was > place else -1
    given, at = entry, place
    changed = {}
    while (met := wanted.get(at)) is not None:
        wanted[at], changed[given.key] = given, at
        given, at = met, at + step
    wanted[at], changed[given.key] = given, at
    if _shown(entries, rules, now, changed) != {at: one.key for at, one in wanted.items()}:
        # Of two pins on one place, and where pins close up, the places differ from the pins: pin all where they stand.
        changed = {one.key: at for at, one in wanted.items()}
    return {
        one.video_id: {"pin": at} for at, one in wanted.items()
        if changed.get(one.key) == at != one.pin and at <= MAX_PIN
    }  # fmt: skip


def _shown(entries: Iterable[Entry], rules: Rules, at: int, pins: Mapping[int, int]) -> dict[int, int]:
    """Return the keys of the pinned entries by their place, if entries had these pins."""
    changed = [replace(one, pin=pins[one.key]) if one.key in pins else one for one in entries]
    return {one.place: one.entry.key for one in compose(changed, rules, at)[0] if one.entry.pin is not None}
