"""Finding videos the plain way, one by one: what the statements of the store are held against."""

from __future__ import annotations

from backend.model import Sort, Video, VideoFilter
from backend.store.folding import fold as folded

FLAGS = ["", "none", "black", "black,silent", "", "mayFlash", "flashing,black,noSound"]  # of every seventh video


def flags_of(video: Video) -> str:
    return FLAGS[int(video.video_id[1:]) % len(FLAGS)]


def reports_of(video: Video) -> int:
    return max(int(video.video_id[1:]) % 5 - 2, 0)


def has_flag(flags: str, wanted: str) -> bool:
    return flags not in ("", "none") if wanted == "any" else not wanted or wanted in flags.split(",")


def matches(
    video: Video, wanted: VideoFilter, created: int, flags: str | None = None, reports: int | None = None
) -> bool:
    return (
        (not wanted.video_id or video.video_id == wanted.video_id)
        and (not wanted.user_id or video.user.user_id == wanted.user_id)
        and folded(wanted.title) in folded(video.title)
        and folded(wanted.user_name) in folded(video.user.user_name)
        and (wanted.censor_status is None or video.censor_status is wanted.censor_status)
        and (wanted.start is None or created >= wanted.start)
        and (wanted.end is None or created <= wanted.end)
        and all(
            asked is None or asked == has
            for asked, has in (
                (wanted.cate_id, video.cate_id),
                (wanted.transcode_status, video.transcode_status),
                (wanted.narrow_transcode_status, video.narrow_transcode_status),
                (wanted.recommended, video.is_recommend),
            )
        )
        and set(tags_of(wanted.tags)) <= set(tags_of(video.tags))
        and (wanted.min_duration is None or video.duration >= wanted.min_duration)
        and (wanted.max_duration is None or video.duration <= wanted.max_duration)
        and (wanted.min_size is None or video.size >= wanted.min_size)
        and (wanted.max_size is None or video.size <= wanted.max_size)
        and has_flag(flags_of(video) if flags is None else flags, wanted.flag)
        and (reports_of(video) if reports is None else reports) >= (wanted.min_reports or 0)
    )


def tags_of(text: str) -> list[str]:
    return [tag.strip() for tag in folded(text).split(",") if tag.strip()]


def ordered(videos: list[Video], sort: Sort) -> list[Video]:
    """Return videos that come newest first in another order; among equals the newest counts as the greatest."""
    value = {
        "creationTime": lambda video: 0,
        "duration": lambda video: video.duration,
        "size": lambda video: video.size,
        "title": lambda video: folded(video.title),
    }[sort.removeprefix("-")]
    rising = videos[::-1]
    rising.sort(key=value)
    return rising[::-1] if sort.startswith("-") else rising
