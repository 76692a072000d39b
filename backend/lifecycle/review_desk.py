"""Decisions of the review desk on their way to the provider and into the catalogue, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.lifecycle.review import judge
from backend.media import Judgement
from backend.model import Actor, CensorStatus
from backend.model.review import Decision, Desk, Lease, Ruling

if TYPE_CHECKING:
    from backend.console import Console


def decide(console: Console, key: str, ruling: Ruling, actor: Actor) -> Decision:
    """Record what a person says of the clip that a lease is about; said again, it is what was recorded.

    Raises Conflict where the clip is no longer theirs to judge, or they said something else of it.
    """
    decisions = console.store.review_decisions
    known = decisions.find(key, actor.name, ruling.verdict)
    if known is not None:
        return known
    lease, made = decisions.get_lease(key, actor.name), list[Decision]()

    def record(_: Judgement) -> None:
        made.append(decisions.decide(key, ruling, actor))

    (problem,) = judge(
        console, [lease.video_id], ruling.verdict, ruling.reason, ruling.comment, actor, record=record
    )  # fmt: skip
    if problem:
        raise problem
    return made[0]


def undo(console: Console, key: str, desk: Desk, actor: Actor, seconds: float) -> Lease:
    """Take back what a person did with a lease, and give them the clip again for so many seconds. Raises Conflict."""
    decisions, catalogue = console.store.review_decisions, console.store.catalogue
    made = decisions.find(key, actor.name)
    if made is None or made.undone:
        return decisions.undo(key, desk, actor, seconds)
    video = catalogue.get_video(made.video_id)
    playable = catalogue.find_undone(made.video_id, made.request_id) is not CensorStatus.FAIL
    with console.media.set_playable(video, playable, "UndoAudit", actor):
        return decisions.undo(key, desk, actor, seconds)
