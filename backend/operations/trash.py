"""The trash: deleted videos, restoring and purging them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backend.api.parameters import PageIndex, PageSize
from backend.api.registry import operation
from backend.api.wire import UserData, number
from backend.auth.permissions import Right
from backend.lifecycle import trash

if TYPE_CHECKING:
    from backend.console import Call


class TrashedData(msgspec.Struct, rename="camel"):
    """A deleted video. It is purged permanently at `purgeTime`."""

    video_id: str
    title: str
    user: UserData
    size: int
    duration: float
    delete_time: str
    purge_time: str
    deleted_by: str


class TrashPage(msgspec.Struct, rename="camel"):
    total: int
    trash_list: list[TrashedData]


@operation("GET", "/vod/getTrash", right=Right.MANAGE)
def get_trash(call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10, title: str = "") -> TrashPage:
    """List deleted videos that can be restored, most recently deleted first. `title` matches any part of a title."""
    page = call.store.trash.find(page_index, page_size, title)
    return TrashPage(
        page.total,
        [
            TrashedData(
                video_id=one.video.video_id, title=one.video.title,
                user=UserData(one.video.user.user_id, one.video.user.user_name, one.video.user.avatar_url),
                size=one.video.size, duration=number(one.video.duration), delete_time=call.write.time(one.deleted),
                purge_time=call.write.time(one.until), deleted_by=one.deleted_by,
            )
            for one in page.items
        ],
    )  # fmt: skip


@operation("POST", "/vod/restoreVideo", message="已恢复", right=Right.MANAGE, remote=True)
def restore_video(call: Call, *, video_id: str) -> None:
    """Restore a deleted video with everything it had. Its media get new URLs; the old ones stay invalid."""
    trash.restore(call.console, video_id, call.actor)


@operation("POST", "/vod/purgeVideo", message="已彻底删除", right=Right.MANAGE, remote=True)
def purge_video(call: Call, *, video_id: str) -> None:
    """Delete a video in the trash permanently, now."""
    trash.purge(call.console, video_id, call.actor)
