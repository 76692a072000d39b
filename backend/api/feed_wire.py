"""JSON structures of the app's feed."""

from __future__ import annotations

import msgspec

from backend.api.definitions import definitions
from backend.api.wire import UserData, Writer, number
from backend.model import FileKind, Recommendation, Video


class FeedPlayInfo(msgspec.Struct, rename="camel"):
    """A rendition that standard players play; `size` is in bytes, `codec` as in RFC 6381."""

    definition: str
    play_url: str = msgspec.field(name="playURL")
    size: int
    codec: str


class FeedClip(msgspec.Struct, rename="camel"):
    """A clip of the feed; `duration` is in seconds, width and height in pixels, `tags` separated by commas.

    `place` counts from 1 within the version.
    """

    video_id: str
    title: str
    cover_url: str
    first_frame_url: str
    duration: float
    width: int
    height: int
    tags: str
    user: UserData
    play_info_list: list[FeedPlayInfo]
    place: int = 0


class FeedData(msgspec.Struct, rename="camel"):
    """A page of a version of the feed.

    `nextCursor` asks for the page after it; it is empty on the last page. `nextChange` is when the feed is next known
    to change, in seconds since 1970, or null. `restarted`: the cursor is unknown or too old, so this is the first page.
    """

    version: str
    total: int
    video_list: list[FeedClip]
    next_cursor: str
    next_change: int | None
    restarted: bool


def clip_of(entry: Recommendation, writer: Writer) -> FeedClip:
    """Build a clip as phones are shown it, without its place."""
    video = entry.video
    user = video.user
    return FeedClip(
        video_id=video.video_id,
        title=video.title,
        cover_url=writer.given_url(entry.cover_url) or writer.url(video, video.cover),
        first_frame_url=writer.given_url(entry.first_frame_url)
        or writer.url(video, video.file_of(FileKind.FIRST_FRAME)),
        duration=number(video.duration),
        width=video.width,
        height=video.height,
        tags=video.tags,
        user=UserData(user.user_id, user.user_name, user.avatar_url),
        play_info_list=_play_infos(video, writer),
    )


def _play_infos(video: Video, writer: Writer) -> list[FeedPlayInfo]:
    source = () if video.encrypted else video.files_of(FileKind.SOURCE)
    files = video.renditions or source
    return [
        FeedPlayInfo(definition, writer.url(video, file), file.size, file.codec)
        for file, definition in zip(files, definitions(files), strict=True)
        if file.name
    ]
