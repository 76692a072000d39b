"""The files of videos, sent to whoever knows their key."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from starlette.responses import FileResponse, Response

from backend.asked import Asked
from backend.console import Console
from backend.errors import NotFound, Refused
from backend.model import CensorStatus, Video

# A CDN may keep, and so prewarming may warm, what passed review. Blocking and deleting end an address here at once, and
# s-maxage ends what a cache has of it within a day.
PUBLIC, PRIVATE = "public, max-age=31536000, s-maxage=86400, immutable", "private, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".wmv": "video/x-ms-wmv", ".asf": "video/x-ms-asf",
    ".flv": "video/x-flv", ".ts": "video/mp2t", ".mts": "video/mp2t", ".m2ts": "video/mp2t", ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg", ".3gp": "video/3gpp", ".3g2": "video/3gpp2", ".ogv": "video/ogg", ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".vtt": "text/vtt",
}  # fmt: skip


async def send_media(asked: Asked) -> Response:
    """Send a file of a video to whoever knows its key."""
    asked.only("GET", "HEAD")
    path, may_be_shared = await asked.run(find_media, asked.console, asked.request.path_params)
    media_type = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
    headers = {"Cache-Control": PUBLIC if may_be_shared else PRIVATE, "X-Request-Id": asked.caller.request_id}
    return FileResponse(path, headers=headers, media_type=media_type)


def find_media(console: Console, wanted: Mapping[str, str]) -> tuple[Path, bool]:
    """Return a file, and whether caches that many people share may keep it. Raises Refused where there is none."""
    name, path = wanted["name"], None
    video = _video(console, wanted)
    if video is not None and not name.startswith(".") and "\\" not in name and name.isprintable():
        path = console.media.path_of(video.video_id, name)
    if video is None or path is None or not path.is_file():
        raise Refused(404, "The file does not exist.")
    return path, video.is_whole and video.censor_status is CensorStatus.SUCCESS


def _video(console: Console, wanted: Mapping[str, str]) -> Video | None:
    try:
        video = console.store.catalogue.get_video(wanted["video_id"])
    except NotFound:
        return None
    return video if secrets.compare_digest(video.media_key.encode(), wanted["media_key"].encode()) else None
