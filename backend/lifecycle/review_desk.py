"""Applies review desk decisions to the provider and the catalogue, and undoes them."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING

from backend.model import Actor, CensorStatus
from backend.model.review import Decision, Desk, Lease, Ruling

if TYPE_CHECKING:
    from backend.console import Console


def decide(console: Console, key: str, ruling: Ruling, actor: Actor) -> Decision:
    """Record the decision on a leased video; repeating the same decision is idempotent.

    Raises Conflict if the lease was lost or a different decision was recorded.
    """
    decisions = console.store.review_decisions
    known = decisions.find(key, actor.name, ruling.verdict)
    if known is not None:
        return known
    # In cloud mode nobody waits for VOD: the outbox tells it of the verdict (backend/aliyun/verdict_outbox.py).
    return decisions.decide(key, ruling, actor, tell=console.cloud is not None, day_start=midnight(console))


def midnight(console: Console) -> float:
    """Return when the day began, in the console's time zone."""
    zone = console.settings.time_zone
    return datetime.combine(datetime.fromtimestamp(console.store.now(), zone).date(), time(), zone).timestamp()


def undo(console: Console, key: str, desk: Desk, actor: Actor, seconds: float) -> Lease:
    """Undo what a user did with a lease, and lease the video to them again for `seconds`. Raises Conflict."""
    decisions, catalogue = console.store.review_decisions, console.store.catalogue
    made = decisions.find(key, actor.name)
    if made is None or made.undone or made.kind.is_blind:
        return decisions.undo(key, desk, actor, seconds)
    video = catalogue.get_video(made.video_id)
    playable = catalogue.find_undone(made.video_id, made.request_id) is not CensorStatus.FAIL
    with console.media.set_playable(video, playable, "UndoAudit", actor):
        return decisions.undo(key, desk, actor, seconds)
