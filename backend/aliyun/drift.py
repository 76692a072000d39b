"""Settling differences between the catalogue and VOD, one by one, as a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.aliyun.client import Client
from backend.aliyun.media import CloudMedia
from backend.errors import Conflict, NotFound
from backend.model import Actor
from backend.model.cloud import MISSING, Difference

if TYPE_CHECKING:
    from backend.store import Store

HERE, THERE = "here", "there"
COLUMNS = {"title": "title", "description": "description", "tags": "tags", "cateName": "cate_name"}
SENT = {"title": "Title", "description": "Description", "tags": "Tags"}


def mend(
    client: Client, store: Store, media: CloudMedia, video_id: str, what: str, side: str, actor: Actor
) -> None:  # fmt: skip
    """Settle a difference: `side` is the one that is right. Raises NotFound, Conflict and CloudError."""
    found = store.mirror.find_difference(video_id, what)
    if found is None:
        raise NotFound("This difference does not exist any more. Refresh the list.")
    if what == MISSING:
        _mend_missing(store, media, found, side, actor)
    elif side == THERE:
        store.catalogue.edit_video(video_id, {COLUMNS[what]: found.there}, actor)
    elif what in SENT:
        client.call("UpdateVideoInfo", {"VideoId": video_id, SENT[what]: found.here})
    else:
        raise Conflict("Categories are managed in VOD; use the VOD value.")
    store.mirror.end_difference(video_id, what)


def _mend_missing(store: Store, media: CloudMedia, found: Difference, side: str, actor: Actor) -> None:
    if side == HERE:
        raise Conflict(
            "A video that is missing in VOD cannot be sent there from here. Upload it again, or remove it here."
        )
    video = store.catalogue.get_video(found.video_id)
    store.catalogue.delete_video(video.video_id, video.user.user_id, actor)
    media.clear(video.video_id)
