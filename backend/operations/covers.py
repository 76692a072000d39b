"""Images of a video: sprite, snapshots, and the cover a person chooses."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import msgspec

from backend.api.parameters import SeenLine
from backend.api.registry import operation
from backend.auth.permissions import Right
from backend.errors import BadRequest, Conflict, StorageError
from backend.media import NO_SNAPSHOTS, MediaFiles
from backend.media.source import read_whole
from backend.media.sprite import Cue, read_vtt
from backend.model import FileKind, JobKind, Video

if TYPE_CHECKING:
    from backend.console import Call


MAX_SPRITES = 1000  # whose cues are kept, two kB each


class SpriteData(msgspec.Struct, rename="camel"):
    """Thumbnails of the whole video in one image of `width` × `height` pixels; `vttUrl` has the same cues for players.

    URLs and list are empty while there is no sprite, or the media storage is not responding.
    """

    sprite_url: str
    vtt_url: str
    width: int
    height: int
    tile_list: list[Cue]


@operation("GET", "/vod/getSprite")
def get_sprite(call: Call, *, video_id: str) -> SpriteData:
    """Return the sprite of a video and the time of each tile."""
    return sprite_of(call, call.store.catalogue.get_video(video_id))


def sprite_of(call: Call, video: Video) -> SpriteData:
    """Return the sprite of a video as JSON data."""
    sprite, cues = video.file_of(FileKind.SPRITE), video.file_of(FileKind.SPRITE_CUES)
    if sprite is None or cues is None:
        return SpriteData("", "", 0, 0, [])
    urls = call.write.url(video, sprite), call.write.url(video, cues)
    try:
        tiles = list(_tiles(cast(Hashable, call.media.files), video.video_id, cues.name))
    except LookupError:
        tiles = []
    except StorageError:  # pages show what else they know of the video
        return SpriteData("", "", 0, 0, [])
    return SpriteData(*urls, sprite.width, sprite.height, tiles)


@operation("POST", "/vod/submitSnapshot", message="发起截图作业完成!", right=Right.MANAGE)
def submit_snapshot(call: Call, *, media_id: str) -> None:
    """Queue a new cover, first frame, snapshots and sprite. A cover chosen by a person is kept."""
    call.store.jobs.enqueue_for_video(JobKind.SNAPSHOT, media_id, call.operation.name, call.actor)


@operation("POST", "/vod/chooseCover", message="封面已选定，稍后更新", right=Right.MANAGE)
def choose_cover(call: Call, *, media_id: str, seconds: float, seen_line: SeenLine = None) -> None:
    """Set the frame at this second as the cover of a video; the last choice wins.

    New snapshots do not replace it. The recommended feed shows it too, unless the entry has a cover of its own. In
    cloud mode it is the nearest snapshot, and also becomes VOD's cover. `seenLine` is as for createAudit.
    """
    video = call.store.catalogue.get_video(media_id)
    if call.console.cloud is not None and not video.files_of(FileKind.SNAPSHOT):
        raise Conflict(NO_SNAPSHOTS, video_id=media_id)
    duration = video.duration
    if 0 < duration < seconds:
        raise BadRequest("seconds must be within the {duration} seconds of the video, got {seconds}.",
                         duration=round(duration, 3), seconds=seconds)  # fmt: skip
    call.store.jobs.choose_cover(media_id, seconds, call.actor, seen_line=seen_line)


@lru_cache(MAX_SPRITES)
def _tiles(files: MediaFiles, video_id: str, name: str) -> tuple[Cue, ...]:
    """Return the cues of a sprite; they never change, since the name contains their hash. Raises LookupError."""
    if not (content := read_whole(files, video_id, name)):
        raise LookupError(name)
    return tuple(read_vtt(content.decode()))
