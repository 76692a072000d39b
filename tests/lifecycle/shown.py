"""A video with files of every kind, and what people and apps see of everything."""

from __future__ import annotations

from msgspec import structs

from backend.model import FileKind, MediaFile

FILES = (
    MediaFile(FileKind.SOURCE, "source.mp4", 5),
    MediaFile(FileKind.COVER, "cover.jpg", 1),
    MediaFile(FileKind.CHOSEN_COVER, "cover-7.jpg", 1),
    MediaFile(FileKind.SNAPSHOT, "snapshot-1.jpg", 1, position=1),
    MediaFile(FileKind.COMMON, "common-720.mp4", 9, 1280, 720),
    MediaFile(FileKind.NARROW, "narrow-720.mp4", 4, 1280, 720),
)


def without_key(video):
    return structs.replace(video, media_key="")


def seen(do, video):
    """What people and apps see of everything, but for the addresses of this video's media."""
    lists = [
        do("getVideos", title="sea"),
        do("getVideos", userName="Anne", cateId=12, sort="size"),
        do("getRecommendVideos"),
        do("getRecommendVideos", title="海报"),
    ]
    text = str([*lists, do("getFacets"), do("getStatistics"), do("getVideoById", videoId=video.video_id)])
    return text.replace(video.media_key, "KEY")
