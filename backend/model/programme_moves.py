"""Moving an entry of a slot to another place: which pins and ranks have to change."""

from __future__ import annotations

from backend.errors import BadRequest
from backend.model.programme import MAX_PIN, Entry, Rules, compose


def pins_and_ranks(
    entries: tuple[Entry, ...], rules: Rules, at: int, entry: Entry, place: int
) -> dict[str, dict[str, int]]:
    """Return the new pin or ranks, by video, that put an entry at a place (from 1) among what is live.

    A pinned entry gets another pin. Any other gets a rank between its new neighbours, as the list shows them; those
    before it and those with a rank are numbered anew. Raises BadRequest for a pin beyond the last.
    """
    if entry.pin is not None:
        if place > MAX_PIN:
            raise BadRequest("place is {place}; a pinned video can be at {most} at most.", place=place, most=MAX_PIN)
        return {entry.video_id: {"pin": place}}
    places, _ = compose(entries, Rules(len(entries), rules.creator_gap, rules.needs_rendition), at)
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
