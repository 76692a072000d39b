"""What was pressed at review desks, and how it compares with the history."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

DECIDE, SKIP, UNDO, UNSKIP = "decide", "skip", "undo", "unskip"
# A line of the history or what should be one: action, user, status, reason and comment.
Entry = tuple[str, str, str, str, str]


@dataclass
class Press:
    """One thing done with a clip; `shown` and `left` are when it was on the screen, in seconds of one clock."""

    person: str
    kind: str
    video: str
    keys: str
    status: str = ""
    reason: str = ""
    comment: str = ""
    shown: float = 0.0
    left: float = 0.0
    is_claimed: bool = False  # the page said that it was stored
    is_unsure: bool = False  # the browser was killed before it could say so

    @property
    def entry(self) -> Entry:
        if self.kind == UNDO:
            return "undoAudit", self.person, "", "", ""
        return "createAudit", self.person, self.status, self.reason, self.comment


@dataclass
class Comparison:
    """What is wrong, by kind. `unsure_stored` counts what is in the history, though the browser was killed before it
    could say so."""

    lost: list[str] = field(default_factory=list)
    never_pressed: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    by_two: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)
    seen_by_two: list[str] = field(default_factory=list)
    unsure_stored: int = 0

    @property
    def faults(self) -> dict[str, list[str]]:
        return {name: found for name, found in vars(self).items() if isinstance(found, list)}


def compare(presses: Sequence[Press], history: Iterable[tuple[str, Entry]]) -> Comparison:
    """Compare the log of all people, in the order of time, with the history: videos and entries, oldest first."""
    pressed, told, found = defaultdict(list), defaultdict(list), Comparison()
    for press in presses:
        if press.kind in (DECIDE, UNDO):
            pressed[press.video].append(press)
    for video, entry in history:
        told[video].append(entry)
    for video in pressed.keys() | told.keys():
        _compare_one(video, pressed[video], told[video], found)
    found.seen_by_two = list(_seen_by_two(presses))
    return found


def _compare_one(video: str, pressed: list[Press], told: list[Entry], found: Comparison) -> None:
    left = list(told)
    for press in sorted(pressed, key=lambda press: not press.is_claimed):
        if press.entry in left:
            left.remove(press.entry)
            found.unsure_stored += press.is_unsure and not press.is_claimed
        elif press.is_claimed:
            found.lost.append(f"{video}: {press.entry}")
    found.never_pressed += [f"{video}: {entry}" for entry in left]
    standing = list[Entry]()
    for entry in told:
        if entry[0] == "undoAudit":
            standing.pop()
        else:
            standing.append(entry)
    if len(standing) > 1:
        found.doubled.append(f"{video}: {standing}")
    if len({entry[1] for entry in standing}) > 1:
        found.by_two.append(f"{video}: {standing}")
    if not _explains(pressed, told):
        found.out_of_order.append(f"{video}: pressed {[press.entry for press in pressed]}, history {told}")


def _explains(pressed: list[Press], told: list[Entry]) -> bool:
    """Return whether what was pressed leads to this history: in order, and without what may be missing."""
    if not pressed:
        return not told
    first, rest = pressed[0], pressed[1:]
    if told and told[0] == first.entry and _explains(rest, told[1:]):
        return True
    if first.is_unsure and not first.is_claimed and _explains(rest, told):
        return True
    # An undo takes a decision that was not sent yet out of the outbox.
    is_pair = first.kind == DECIDE and rest and rest[0].kind == UNDO and rest[0].person == first.person
    return bool(is_pair) and not first.is_claimed and _explains(rest[1:], told)


def _seen_by_two(presses: Sequence[Press]) -> Iterable[str]:
    """Yield clips that two people had on the screen at once."""
    shown = defaultdict(list)
    for press in presses:
        if press.kind in (DECIDE, SKIP):  # the others name the clip that they bring back
            shown[press.video].append(press)
    for video, views in shown.items():
        views.sort(key=lambda press: press.shown)
        for one, other in itertools.pairwise(views):
            if one.person != other.person and other.shown < one.left:
                yield f"{video}: {one.person} and {other.person}"
