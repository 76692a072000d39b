"""What an action on many videos edits of one: its category or its tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backend.errors import BadRequest
from backend.model import Actor, Video
from backend.model.bulks import Bulk, BulkAction

if TYPE_CHECKING:
    from backend.console import Console


def edit(console: Console, bulk: Bulk, video: Video) -> None:
    """Set the category of a video, or add or remove tags. Raises what editVideo raises."""
    given = bulk.form
    if bulk.action is not BulkAction.CATEGORY:
        given = {"tags": console.store.bulks.find_tags(bulk, video)}
    _save(console, video.video_id, {**given, "seenLine": str(bulk.seen_line)}, bulk.actor)


def restore(console: Console, actor: Actor, before: Mapping[str, Mapping[str, Any]], video_id: str) -> None:
    """Give a video the tags or the category that it had before. Raises what editVideo raises."""
    old = before[video_id]
    given = {"tags": str(old["tags"])} if "tags" in old else _category(console, old)
    _save(console, video_id, given, actor)


def _category(console: Console, old: Mapping[str, Any]) -> dict[str, str]:
    """Return how editVideo is told of a category that may have been deleted since."""
    cate_id, name = old.get("cate_id"), old.get("cate_name", "")
    if not cate_id:
        return {"cateId": "0"} if cate_id == 0 else {"cateName": str(name)}
    try:
        console.store.catalogue.settle_category(cate_id, None)
    except BadRequest:
        return {"cateId": str(cate_id), "cateName": str(name)}
    return {"cateId": str(cate_id)}


def _save(console: Console, video_id: str, given: Mapping[str, Any], actor: Actor) -> None:
    console.run_as_operator("editVideo", {"videoId": video_id, **given}, actor)
