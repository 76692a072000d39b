"""The recommended feed: listing, adding and removing videos."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from backend.api.parameters import Link, PageIndex, PageSize, SeenLine, Size
from backend.api.registry import always, operation
from backend.api.wall_clock import Time
from backend.api.wire import RecommendedDetail, RecommendedPage
from backend.auth.permissions import Right
from backend.model import CensorStatus, FileKind, MediaFile, SnapshotStatus, Sort, TranscodeStatus, Video
from backend.model.media_urls import media_path
from backend.model.programme import FEED, Scheduling
from backend.operations.programme import SlotCode
from backend.operations.programme_changes import Note, Pin, Revision, scheduling
from backend.operations.video_filters import FeedState, Filters, in_state, is_plain_page
from backend.prewarm import check_lines

if TYPE_CHECKING:
    from backend.console import Call


@operation("GET", "/vod/getRecommendVideos", pure=True, cheap=is_plain_page, place=6)
def get_recommend_videos(
    call: Call,
    *,
    page_index: PageIndex = 1,
    page_size: PageSize = 10,
    filters: Filters,
    sort: Sort = Sort.NEWEST,
    state: FeedState = FeedState.LIVE,
) -> RecommendedPage:
    """List matching recommendations that are live, newest start first; times are those of the start.

    A recommendation is live from its start until its end, if it has a rendition. Parameters from `cateId` on are
    extensions.
    """
    wanted = in_state(filters.wanted, state)
    find = partial(call.store.catalogue.list_recommendations, wanted, page_index, page_size, sort)
    total, entries = call.list_encoded("feed", find, call.write.recommended)
    return RecommendedPage(total, total, entries)


@operation("POST", "/vod/recommendVideo", message="插入推荐视频成功!", right=Right.MANAGE, remote=True, place=7)
def recommend_video(
    call: Call,
    *,
    video_id: str,
    title: str | None = None,
    user_id: str | None = None,
    description: str | None = None,
    duration: float | None = None,
    cover_url: Link | None = None,
    size: Size | None = None,
    tags: str | None = None,
    cate_id: int | None = None,
    cate_name: str | None = None,
    first_frame_url: Link | None = None,
    transcode_status: TranscodeStatus | None = None,
    snapshot_status: SnapshotStatus | None = None,
    censor_status: CensorStatus | None = None,
    is_narrow: bool = False,
    is_cache: bool = False,
    seen_line: SeenLine = None,
    start_time: Time = None,
    end_time: Time = None,
    pin: Pin = None,
    slot: SlotCode = FEED,
    note: Note = None,
    revision: Revision = None,
) -> None:
    """Add an approved video to the recommended feed; absent values come from the catalogue.

    Without `startTime` it is live at once; what is recommended already keeps its window unless it is given another. A
    time is in the console's zone unless it has an offset; a start in the past means now. `pin` is the place it is fixed
    to, 0 for none. `seenLine` is as for createAudit, `revision` as in editRecommend.
    """
    cover_url, first_frame_url = (url and call.signer.bare(url) for url in (cover_url, first_frame_url))
    given: dict[str, Any] = {
        "title": title, "user_id": user_id, "description": description, "duration": duration, "cover_url": cover_url,
        "size": size, "tags": tags, "cate_id": cate_id, "cate_name": cate_name, "first_frame_url": first_frame_url,
        "transcode_status": transcode_status, "snapshot_status": snapshot_status, "censor_status": censor_status,
    }  # fmt: skip
    video = call.media.with_known_renditions(call.store.catalogue.get_video(video_id))
    planned = scheduling(start_time, end_time, pin, note)
    call.store.catalogue.recommend(
        video_id,
        _overrides(call, video, given),
        call.actor,
        narrow=is_narrow and not video.files_of(FileKind.NARROW),
        warm=_worth_warming(call, video) if is_cache else [],
        seen_line=seen_line,
        slot=slot,
        wanted=None if planned == Scheduling() else planned,
        revision=revision,
    )


@operation(
    "GET", "/vod/getRecommendVideoById", message="根据videoId获取视频详情完成!", pure=True, cheap=always, place=9
)
def get_recommend_video_by_id(call: Call, *, video_id: str) -> RecommendedDetail:
    """Return one entry of the recommended feed, with its images and renditions."""
    return call.write.recommended_detail(call.store.catalogue.get_recommendation(video_id))


@operation("POST", "/vod/deleteRecommendById", message="取消推荐完成", right=Right.MANAGE, place=11)
def delete_recommend_by_id(
    call: Call, *, video_id: str, seen_line: SeenLine = None, slot: SlotCode = FEED, revision: Revision = None
) -> None:
    """Remove a video from the recommended feed. `seenLine` is as for createAudit, `revision` as in editRecommend."""
    call.store.catalogue.cancel_recommendation(
        video_id, call.actor, seen_line=seen_line, slot=slot, revision=revision
    )  # fmt: skip


def _overrides(call: Call, video: Video, given: dict[str, Any]) -> dict[str, Any]:
    """Return what an entry shows instead of the catalogue's values: clients send whole rows back."""
    known = _known(call, video, given["cover_url"])
    return {name: None if value in known.get(name, ()) else value for name, value in given.items()}


def _known(call: Call, video: Video, cover_url: str | None) -> dict[str, tuple[Any, ...]]:
    """Return the catalogue's values of these fields."""
    first_frame = video.file_of(FileKind.FIRST_FRAME)
    return {
        "title": (video.title,),
        "user_id": (video.user.user_id,),
        "description": (video.description,),
        "duration": (video.duration,),
        "size": (video.size,),
        "tags": (video.tags,),
        "cate_id": (video.cate_id,),
        "cate_name": (video.cate_name,),
        "transcode_status": (video.transcode_status,),
        "snapshot_status": (video.snapshot_status,),
        "censor_status": (video.censor_status,),
        "cover_url": (cover_url,) if _is_own_cover(call, video, cover_url) else (),
        "first_frame_url": (
            call.signer.bare(call.write.url(video, first_frame)),
            first_frame and f"/{media_path(video, first_frame)}",
        ),
    }


def _is_own_cover(call: Call, video: Video, url: str | None) -> bool:
    """Return whether a URL is a current or former cover of this video."""
    stem = f"/{media_path(video, MediaFile(FileKind.COVER, 'cover'))}"
    own = (url or "").removeprefix(call.write.base_url).startswith((f"{stem}.", f"{stem}-"))
    return own or url == call.signer.bare(call.write.url(video, video.cover))


def _worth_warming(call: Call, video: Video) -> list[str]:
    """Return the URLs of the first frame and renditions that the feed's players fetch, if their hosts can be
    prewarmed.
    """
    files = (video.file_of(FileKind.FIRST_FRAME), *video.renditions)
    urls = [file.name if "://" in file.name else f"/{media_path(video, file)}" for file in files if file]
    lines = check_lines(urls, call.console.cache.hosts(), call.console.reachable_url, call.console.own_hosts)
    return [line.url for line in lines if line.url]
