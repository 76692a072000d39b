"""Puts videos into slots of the programme and takes them out, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.model import Actor, JobKind
from backend.model.programme import FEED, EntryState, Scheduling, state_at
from backend.model.warm_plan import SentBy
from backend.store import entries, history, job_rows, lineups
from backend.store.engine import Database
from backend.store.rows import read_video


def recommend(
    db: Database,
    now: int,
    video_id: str,
    shown: dict[str, Any],
    actor: Actor,
    *,
    narrow: bool,
    warm: Sequence[str],
    at: int | None,
    slot: str,
    wanted: Scheduling | None,
) -> None:
    """Add a video to a slot or change its entry, as `Catalogue.recommend` describes."""
    video = read_video(db, video_id)
    entries.check_showable(video)
    before = entries.find(db, video_id, slot)
    if at is None:
        values = entries.scheduled(before, wanted or Scheduling(), now, at_once=True)
    else:
        values = {} if before else {"recommended": at}
    queued = narrow and job_rows.enqueue(db, JobKind.NARROW, now=now, video_id=video_id) is not None
    if warm:
        by = {"source": SentBy.RECOMMENDATION, "actor": actor.name}
        queued = job_rows.enqueue_urls(db, list(warm), now=now, payload=by) is not None or queued
    changed = {name: value for name, value in shown.items() if value != before.get(name)}
    if before and not changed and not values and not queued:
        return
    if at is None and (not before or state_at(before["recommended"], before["ends"], now) is EntryState.ENDED):
        entries.check_room(db, slot, now)
    lineups.begin(db, slot, actor, now, "recommendVideo", target=video_id)
    entries.save(db, video_id, slot, before, {**shown, **values}, now)
    old = {"isRecommend": video.is_recommend, **{name: before.get(name) for name in changed}}
    new = {"isRecommend": True, **changed, "isNarrow": narrow, "prewarm": list(warm)}
    if before or wanted or slot != FEED:
        old |= entries.history_values({name: before.get(name) for name in values})
        new |= {**entries.history_values(values), **({} if slot == FEED else {"slot": slot})}
    history.append(db, at=now, actor=actor, action="recommendVideo", target=video_id, before=old, after=new)


def cancel(db: Database, now: int, video_id: str, actor: Actor, slot: str) -> None:
    """Remove a video from a slot. Raises NotFound if it is not in it."""
    entries.get(db, video_id, slot)
    lineups.begin(db, slot, actor, now, "deleteRecommendById", target=video_id)
    entries.delete(db, video_id, slot)
    before: dict[str, Any] = {"isRecommend": True} if slot == FEED else {"slot": slot}
    after = {"isRecommend": False} if slot == FEED else {}
    history.append(db, at=now, actor=actor, action="deleteRecommendById", target=video_id, before=before, after=after)
