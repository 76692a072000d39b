"""The catalogue: listing, reading, editing and deleting videos."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import msgspec

from backend.api.parameters import Clearable, ClearableLine, PageIndex, PageSize, SeenLine
from backend.api.registry import always, operation
from backend.api.wire import EditedVideo, PlayInfoList, VideoDetail, VideoPage
from backend.auth.permissions import Right
from backend.errors import BadRequest
from backend.lifecycle import category_changes, trash
from backend.model import Sort
from backend.operations.fields import CateId
from backend.operations.uploads import warnings_of
from backend.operations.video_filters import Filters, is_plain_page

if TYPE_CHECKING:
    from backend.console import Call


class CategoryCount(msgspec.Struct, rename="camel"):
    cate_id: int
    cate_name: str
    total: int


class UserCount(msgspec.Struct, rename="camel"):
    user_id: str
    user_name: str
    total: int


class FacetsData(msgspec.Struct, rename="camel"):
    """Largest counts first."""

    by_censor_status: dict[str, int]
    category_list: list[CategoryCount]
    user_list: list[UserCount]


@operation("GET", "/vod/getVideos", pure=True, cheap=is_plain_page, place=1)
def get_videos(
    call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10, filters: Filters, sort: Sort = Sort.NEWEST
) -> VideoPage:
    """List matching videos, newest first, with the exact total. Parameters from `cateId` on are extensions."""
    find = partial(call.store.catalogue.list_videos, filters.wanted, page_index, page_size, sort)
    return VideoPage(*call.list_encoded("videos", find, call.write.listed))


@operation("GET", "/vod/getVideoById", pure=True, cheap=always, remote=True, place=5)
def get_video_by_id(call: Call, *, video_id: str) -> VideoDetail:
    """Return one video."""
    return call.write.detail(call.media.with_current_urls(call.store.catalogue.get_video(video_id)))


@operation("GET", "/vodVideo/getVideoById", pure=True, cheap=always, remote=True)
def get_play_info(call: Call, *, video_id: str, renew: bool = False) -> PlayInfoList:
    """Return the playable files of a video, in the format existing clients expect.

    With `renew`, for a player whose URLs failed, VOD is asked for new ones.
    """
    return call.write.play_info(call.media.with_current_urls(call.store.catalogue.get_video(video_id), renew))


@operation("POST", "/vod/editVideo", message="修改完成", right=Right.MANAGE, remote=True)
def edit_video(
    call: Call,
    *,
    video_id: str,
    title: Annotated[str | None, ClearableLine(200)] = None,
    description: Annotated[str | None, Clearable(2000)] = None,
    tags: Annotated[str | None, ClearableLine(500)] = None,
    cate_id: CateId | None = None,
    cate_name: Annotated[str | None, ClearableLine(100)] = None,
    seen_line: SeenLine = None,
) -> EditedVideo:
    """Change title, description, tags or category; absent parameters stay unchanged, empty ones are cleared.

    The title cannot be empty. The category is an existing one, by id or name, or a new one by name; its id is assigned
    by the console unless cateId is given. A cateId of 0 or an empty cateName clears it. `seenLine` is as for
    createAudit.
    """
    if title == "":
        raise BadRequest("title may not be empty.")
    given = {"title": title, "description": description, "tags": tags}
    changes = {name: value for name, value in given.items() if value is not None}
    has_category = cate_id is not None or cate_name is not None
    if not changes and not has_category:
        raise BadRequest("No change was given.")
    call.store.catalogue.get_video(video_id)
    call.store.catalogue.check_seen(video_id, seen_line)
    category = category_changes.settle(call.console, cate_id, cate_name, call.actor) if has_category else None
    call.media.update_texts(video_id, {**changes, **({"cate_id": category[0] or 0} if category else {})})
    call.store.catalogue.edit_video(video_id, changes, call.actor, category=category, seen_line=seen_line)
    video = call.store.catalogue.get_video(video_id)
    return call.write.edited(video, warnings_of(call, video.title, video.description, video.tags))


@operation("POST", "/vod/deleteVideoById", message="删除完成!", right=Right.MANAGE, remote=True, place=10)
def delete_video_by_id(call: Call, *, video_id: str, user_id: str, seen_line: SeenLine = None) -> None:
    """Delete a video of this owner, with its media and its recommendation.

    For QU_TRASH_DAYS it can be restored from the trash (getTrash). `seenLine` is as for createAudit.
    """
    video = call.store.catalogue.get_own_video(video_id, user_id)
    trash.delete(call.console, video, call.actor, seen_line=seen_line)


@operation("GET", "/vod/getFacets")
def get_facets(call: Call, *, filters: Filters) -> FacetsData:
    """Count matching videos by status, category and user (the ten with the most).

    Each count ignores its own filter, so that it shows what choosing another value would find.
    """
    facets = call.store.catalogue.count_facets(filters.wanted)
    return FacetsData(
        by_censor_status={status.value: count for status, count in facets.by_censor_status.items()},
        category_list=[CategoryCount(*category) for category in facets.by_category],
        user_list=[UserCount(user.user_id, user.user_name, count) for user, count in facets.by_user],
    )
