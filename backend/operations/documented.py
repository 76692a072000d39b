"""The thirteen operations of the seed document, in its order, and the one path that the app plays videos through."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backend.api.parameters import Link, PageIndex, PageSize, SeenLine, Size
from backend.api.registry import always, operation
from backend.api.wire import (
    PlayInfoList,
    RecommendedDetail,
    RecommendedPage,
    TokenData,
    VideoDetail,
    VideoPage,
    media_path,
)
from backend.errors import BadRequest, Forbidden
from backend.i18n.messages import say
from backend.lifecycle import deletion
from backend.lifecycle.reviewing import check_words, judge
from backend.model import (
    CensorStatus,
    FileKind,
    JobKind,
    JobState,
    MediaFile,
    Right,
    SnapshotStatus,
    Sort,
    TranscodeStatus,
    Verdict,
    Video,
)
from backend.operations.credentials import check_password
from backend.operations.filters import Filters
from backend.prewarm import MOST_LINES, check_lines
from backend.store.sessions import token_hash

if TYPE_CHECKING:
    from backend.console import Call

# What goes through the search index, or along other orders.
SLOW = frozenset((
    "title", "userName", "sort", "tags", "transcodeStatus", "narrowTranscodeStatus", "isRecommend", "minDuration",
    "maxDuration", "minSize", "maxSize",
))  # fmt: skip


def is_plain_page(sent: Mapping[str, Any]) -> bool:
    """Say whether a page is a small one that no search index and no other order is asked for."""
    return SLOW.isdisjoint(sent) and len(sent.get("pageSize", "")) <= 2


@operation("GET", "/vod/getVideos", pure=True, cheap=is_plain_page)
def get_videos(
    call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10, filters: Filters, sort: Sort = Sort.NEWEST
) -> VideoPage:
    """List the videos that match, newest first, with the exact total. From `cateId` on, parameters are extensions."""
    with call.store.catalogue.listing_videos(filters.wanted, page_index, page_size, sort) as found:
        return VideoPage(found.total, call.ready("videos", found, call.write.listed))


@operation("GET", "/vod/submitTranscode", message="发起非窄带高清转码作业完成!", right=Right.MANAGE, remote=True)
def submit_transcode(call: Call, *, media_id: str) -> None:
    """Queue a plain transcode. While one waits or runs, and where all it would make is there, nothing new begins."""
    _queue(call, JobKind.TRANSCODE, media_id)


@operation("GET", "/vod/createAudit", message="审核完成", right=Right.REVIEW, remote=True)
def create_audit(
    call: Call,
    *,
    media_id: str,
    status: Verdict,
    reason: str = "",
    comment: str = "",
    seen_line: SeenLine = None,
) -> None:
    """Record a person's verdict on a video whose upload has finished.

    Blocking needs a reason of at most 128 bytes of UTF-8; one of blanks alone is none. `seenLine`, an extension, is a
    line of the history (getChanges): 409 where anybody decided something about this video since.
    """
    reason = check_words(status, reason, comment, needs_reason=not call.settings.legacy_clients)
    (problem,) = judge(call.console, [media_id], status, reason, comment, call.actor, seen_line)
    if problem:
        raise problem


@operation("GET", "/vod/submitTabTranscode", message="发起窄带高清转码作业完成!", right=Right.MANAGE, remote=True)
def submit_tab_transcode(call: Call, *, media_id: str) -> None:
    """Queue a narrow-band HD transcode. While one waits or runs, and where it is there, nothing new begins."""
    _queue(call, JobKind.NARROW, media_id)


@operation("GET", "/vod/getVideoById", pure=True, cheap=always, remote=True)
def get_video_by_id(call: Call, *, video_id: str) -> VideoDetail:
    """Return one video."""
    return call.write.detail(call.media.fresh(call.store.catalogue.get_video(video_id)))


@operation("GET", "/vod/getRecommendVideos", pure=True, cheap=is_plain_page)
def get_recommend_videos(
    call: Call, *, page_index: PageIndex = 1, page_size: PageSize = 10, filters: Filters, sort: Sort = Sort.NEWEST
) -> RecommendedPage:
    """List the recommended videos that match, the newest recommendation first; times are those of recommending.

    From `cateId` on, parameters are extensions.
    """
    with call.store.catalogue.listing_recommendations(filters.wanted, page_index, page_size, sort) as found:
        return RecommendedPage(found.total, found.total, call.ready("feed", found, call.write.recommended))


@operation("POST", "/vod/recommendVideo", message="插入推荐视频成功!", right=Right.MANAGE, remote=True)
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
) -> None:
    """Put a video that passed review on the recommended feed; what is absent comes from the catalogue.

    `seenLine` is as for createAudit.
    """
    given: dict[str, Any] = {
        "title": title,
        "user_id": user_id,
        "description": description,
        "duration": duration,
        "cover_url": cover_url,
        "size": size,
        "tags": tags,
        "cate_id": cate_id,
        "cate_name": cate_name,
        "first_frame_url": first_frame_url,
        "transcode_status": transcode_status,
        "snapshot_status": snapshot_status,
        "censor_status": censor_status,
    }
    video = call.media.with_known_renditions(call.store.catalogue.get_video(video_id))
    known = _known(call, video, cover_url)
    shown = {name: None if value in known.get(name, ()) else value for name, value in given.items()}
    call.store.catalogue.recommend(
        video_id,
        shown,
        call.actor,
        narrow=is_narrow and not video.files_of(FileKind.NARROW),
        warm=_worth_warming(call, video) if is_cache else [],
        seen_line=seen_line,
    )


@operation("POST", "/vod/pushObjectCache", message="预热完成", right=Right.MANAGE)
def push_object_cache(call: Call, *, object_path: str) -> None:
    """Prewarm the files of these addresses, one a line, with or without http://: all, or none if one is bad."""
    lines = check_lines(
        object_path.splitlines(), call.console.cache.hosts(), call.console.reachable_url, call.console.own_places
    )
    wrong = [(line, say(line.wrong, call.caller.language)) for line in lines if line.wrong]
    if wrong:
        named = "; ".join(f"{line.number}: {line.text[:120]} ({why})" for line, why in wrong[:10])
        raise BadRequest(
            "Nothing was prewarmed, because some lines have problems ({count}): line {named}",
            count=len(wrong),
            named=named,
        )
    if not 0 < len(lines) <= MOST_LINES:
        raise BadRequest(
            "objectPath has {count} addresses; from 1 to {most} are allowed.", count=len(lines), most=MOST_LINES
        )
    call.store.jobs.enqueue_prewarm([line.url for line in lines], call.actor)


@operation("GET", "/vod/getRecommendVideoById", message="根据videoId获取视频详情完成!", pure=True, cheap=always)
def get_recommend_video_by_id(call: Call, *, video_id: str) -> RecommendedDetail:
    """Return one entry of the recommended feed, with its pictures and renditions."""
    return call.write.recommended_detail(call.store.catalogue.get_recommendation(video_id))


@operation("POST", "/vod/deleteVideoById", message="删除完成!", right=Right.MANAGE, remote=True)
def delete_video_by_id(call: Call, *, video_id: str, user_id: str, seen_line: SeenLine = None) -> None:
    """Delete a video of this owner, with its media and its recommendation.

    For QU_TRASH_DAYS it stays in the trash (getTrash), where it can be restored. `seenLine` is as for createAudit.
    """
    video = call.store.catalogue.get_own_video(video_id, user_id)
    deletion.delete(call.console, video, call.actor, seen_line=seen_line)


@operation("POST", "/vod/deleteRecommendById", message="取消推荐完成", right=Right.MANAGE)
def delete_recommend_by_id(call: Call, *, video_id: str, seen_line: SeenLine = None) -> None:
    """Take a video off the recommended feed. `seenLine` is as for createAudit."""
    call.store.catalogue.cancel_recommendation(video_id, call.actor, seen_line=seen_line)


@operation("POST", "/user/login", message="登录成功!", right=None)
def login(call: Call, *, user_name: str, password: str) -> TokenData:
    """Sign in. Several sessions of one account live side by side."""
    account = check_password(call, user_name, password)
    if call.caller.way == "page" and Right.DASHBOARD not in account.role.rights:
        raise Forbidden(
            "Accounts with the role {role} are for programs and cannot use the dashboard.", role=account.role
        )
    token = secrets.token_hex(24)
    actor = replace(call.actor, name=account.user_name, token="")
    call.store.sessions.open_session(account, token, call.settings.token_days, actor, call.caller.agent)
    return TokenData(token)


@operation("POST", "/user/signOut", message="退出完成!", right=None)
def sign_out(call: Call, *, user_name: str = "", password: str = "") -> None:
    """End the session of the token; with userName and password instead, every session of that account."""
    if call.access is not None:
        call.store.sessions.end_session(token_hash(call.token), call.actor)
    elif user_name or password:
        account = check_password(call, user_name, password)
        call.store.sessions.end_sessions_of(account, replace(call.actor, name=account.user_name))
    elif not call.token:
        raise BadRequest("consoletoken is required, or userName and password.")


@operation("GET", "/vodVideo/getVideoById", extension=True, pure=True, cheap=always, remote=True)
def get_play_info(call: Call, *, video_id: str) -> PlayInfoList:
    """Return what can be played of a video, as existing clients ask for it."""
    return call.write.play_info(call.media.fresh(call.store.catalogue.get_video(video_id)))


def _queue(call: Call, kind: JobKind, media_id: str) -> None:
    jobs = call.store.jobs
    last = jobs.find_jobs(video_id=media_id, kind=kind, state=JobState.DONE, size=1).items
    facts = last[0].result if last else {}
    video = call.media.with_known_renditions(call.store.catalogue.get_video(media_id))
    if not call.media.has_made(kind, video, facts):
        jobs.enqueue_for_video(kind, media_id, call.operation.name, call.actor)


def _known(call: Call, video: Video, cover_url: str | None) -> dict[str, tuple[Any, ...]]:
    """What the catalogue says already: clients send a whole row back, and an entry should follow what changes later."""
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
        "first_frame_url": (call.write.url(video, first_frame), first_frame and f"/{media_path(video, first_frame)}"),
    }


def _is_own_cover(call: Call, video: Video, url: str | None) -> bool:
    """Say whether an address is that of a cover which the video has or had: a chosen one takes the place of others."""
    stem = f"/{media_path(video, MediaFile(FileKind.COVER, 'cover'))}"
    own = (url or "").removeprefix(call.write.base_url).startswith((f"{stem}.", f"{stem}-"))
    return own or url == call.write.url(video, video.cover)


def _worth_warming(call: Call, video: Video) -> list[str]:
    """The first frame and the files that players of the feed fetch, as far as they are on hosts that can be warmed."""
    files = (video.file_of(FileKind.FIRST_FRAME), *video.renditions)
    urls = [file.name if "://" in file.name else f"/{media_path(video, file)}" for file in files if file]
    lines = check_lines(urls, call.console.cache.hosts(), call.console.reachable_url, call.console.own_places)
    return [line.url for line in lines if line.url]
