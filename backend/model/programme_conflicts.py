"""Conflicts of a programme: what a content manager probably does not want. They warn, and refuse nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise

import msgspec

from backend.model.programme import NEVER, Entry, Programme, Rules, special_at

MAX_CONFLICTS = 100  # of a kind


class ConflictKind(StrEnum):
    """What is wrong."""

    SAME_PIN = "samePin"
    FEW_CLIPS = "fewClips"
    HIDDEN = "hidden"


class ProgrammeConflict(msgspec.Struct, frozen=True):
    """A conflict and when it holds. `pin` is the place that two want, `count` how few clips are live."""

    kind: ConflictKind
    starts: int
    ends: int
    video_ids: tuple[str, ...] = ()
    pin: int = 0
    count: int = 0


def conflicts(programme: Programme, start: int, end: int) -> list[ProgrammeConflict]:
    """Return the conflicts in a span of time."""
    found = [*_same_pins(programme, start, end)][:MAX_CONFLICTS]
    found += [*_hidden(programme, start, end)][:MAX_CONFLICTS]
    return found + _few_clips(programme, start, end)


def _end(entry: Entry) -> int:
    return NEVER if entry.ends is None else entry.ends


def _special_spans(programme: Programme) -> list[tuple[int, int]]:
    """Return when specials are on, without a break, in order."""
    spans: list[tuple[int, int]] = []
    for special in sorted(programme.specials, key=lambda one: one.starts):
        if spans and special.starts <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], special.ends))
        else:
            spans.append((special.starts, special.ends))
    return spans


def _same_pins(programme: Programme, start: int, end: int) -> Iterator[ProgrammeConflict]:
    """Find entries that want one place, unless specials hide that all the time."""
    spans = _special_spans(programme)
    by_pin: dict[int, list[Entry]] = defaultdict(list)
    for entry in programme.entries:
        if entry.pin is not None and entry.starts < end and _end(entry) > start:
            by_pin[entry.pin].append(entry)
    for pin, entries in sorted(by_pin.items()):
        open_: list[Entry] = []
        for entry in sorted(entries, key=lambda one: one.starts):
            open_ = [one for one in open_ if _end(one) > entry.starts]
            for other in open_:
                both = (max(entry.starts, start), min(_end(other), _end(entry), end))
                if any(first <= both[0] and both[1] <= last for first, last in spans):
                    continue
                yield ProgrammeConflict(ConflictKind.SAME_PIN, *both, (other.video_id, entry.video_id), pin)
            open_.append(entry)


def _hidden(programme: Programme, start: int, end: int) -> Iterator[ProgrammeConflict]:
    """Find entries that specials hide all their time."""
    for first, last in _special_spans(programme):
        for entry in programme.entries:
            if first <= entry.starts and _end(entry) <= last and entry.starts < end and _end(entry) > start:
                yield ProgrammeConflict(ConflictKind.HIDDEN, entry.starts, _end(entry), (entry.video_id,))


def _few_clips(programme: Programme, start: int, end: int) -> list[ProgrammeConflict]:
    """Find when fewer clips are live than the slot shows: one conflict, with the time of the fewest."""
    rules = programme.rules
    steps: dict[int, int] = defaultdict(int)
    steps[start] += 0
    for entry in programme.entries:
        if _counts(entry, rules) and entry.starts < end and _end(entry) > start:
            steps[max(entry.starts, start)] += 1
            if _end(entry) < end:
                steps[_end(entry)] -= 1
    for special in programme.specials:
        for one in (special.starts, special.ends):
            if start < one < end:
                steps[one] += 0
    fewest, live = None, 0
    for at, until in pairwise([*sorted(steps), end]):
        live += steps[at]
        taken = special_at(programme.specials, at)
        number = live if taken is None else sum(_counts(one, rules) for one in taken.entries)
        if number < rules.size and (fewest is None or number < fewest.count):
            fewest = ProgrammeConflict(ConflictKind.FEW_CLIPS, at, until, count=number)
    return [fewest] if fewest else []


def _counts(entry: Entry, rules: Rules) -> bool:
    return entry.approved and (entry.plays or not rules.needs_rendition)
