"""Resolves differences between the catalogue and VOD, as chosen by a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.aliyun.client import Client
from backend.aliyun.mapping import number, words
from backend.aliyun.media import CloudMedia
from backend.errors import Conflict, NotFound
from backend.model import Actor
from backend.model.cloud import MISSING, Difference

if TYPE_CHECKING:
    from backend.store import Store

HERE, THERE = "here", "there"
COLUMNS = {"title": "title", "description": "description", "tags": "tags"}
CATEGORY = "cateName"


def mend(
    client: Client, store: Store, media: CloudMedia, video_id: str, what: str, side: str, actor: Actor
) -> None:  # fmt: skip
    """Resolve a difference; `side` is the one to keep. Raises NotFound, Conflict and CloudError."""
    found = store.cloud_catalogue.find_difference(video_id, what)
    if found is None:
        raise NotFound("This difference does not exist any more. Refresh the list.")
    if what == MISSING:
        _mend_missing(store, media, found, side, actor)
    elif what == CATEGORY:
        _mend_category(client, store, media, found, side, actor)
    elif side == THERE:
        store.catalogue.edit_video(video_id, {COLUMNS[what]: found.there}, actor)
    else:
        media.update_texts(video_id, {what: found.here})
    store.cloud_catalogue.end_difference(video_id, what)


def _mend_category(
    client: Client, store: Store, media: CloudMedia, found: Difference, side: str, actor: Actor
) -> None:  # fmt: skip
    """Set VOD's category to the one here, creating it there if needed, or the other way round."""
    if side == THERE:
        info = client.call("GetVideoInfo", {"VideoId": found.video_id}, expect="Video.VideoId")["Video"]
        store.cloud_catalogue.take_category(
            found.video_id, int(number(info.get("CateId"))), words(info.get("CateName"))
        )
        return
    known = [one for one in store.categories.find() if one.names == (found.here,)]
    there = next((one.cate_id for one in known if store.categories.is_at_provider(one.cate_id)), None)
    if there is None:
        there = store.categories.add(found.here, 0, actor, media.add_category(found.here, 0)).cate_id
    media.update_texts(found.video_id, {"cate_id": there})
    store.catalogue.edit_video(found.video_id, {"cate_id": there, "cate_name": found.here}, actor)


def _mend_missing(store: Store, media: CloudMedia, found: Difference, side: str, actor: Actor) -> None:
    if side == HERE:
        raise Conflict(
            "A video that is missing in VOD cannot be sent there from here. Upload it again, or remove it here."
        )
    video = store.catalogue.get_video(found.video_id)
    store.catalogue.delete_video(video.video_id, video.user.user_id, actor)
    media.clear(video.video_id)
