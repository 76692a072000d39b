"""Media URLs: `/media/<video id>/<media key>/<file name>`, on the console's own host or a CDN.

Knowing a video's key grants access to its files. No other module knows the format.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from backend.model import MediaFile, Video

PREFIX = "/media/"
PATH = "media/{video_id}/{media_key}/{name}"  # without host and leading slash
BEFORE_KEY = PREFIX + r"[^/\s\"']+/"  # in any text
MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".wmv": "video/x-ms-wmv", ".asf": "video/x-ms-asf",
    ".flv": "video/x-flv", ".ts": "video/mp2t", ".mts": "video/mp2t", ".m2ts": "video/mp2t", ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg", ".3gp": "video/3gpp", ".3g2": "video/3gpp2", ".ogv": "video/ogg", ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".vtt": "text/vtt",
}  # fmt: skip
OURS = re.compile(PREFIX + r"([^/]+)/([A-Za-z0-9_-]{8,64})/([^/\\?#.][^/\\?#]*)")
PLAIN = re.compile(PREFIX + r"[\w-]+/[\w-]+/[\w-][\w.-]*")


class MediaPath(NamedTuple):
    """The components of a media URL."""

    video_id: str
    media_key: str
    name: str


def media_path(video: Video, file: MediaFile) -> str:
    """Return the path of a file's URL, without a leading slash; empty if the URL is invalid."""
    if "://" in file.name:  # in cloud mode, files have their own URLs
        try:
            return urlsplit(file.name).path.lstrip("/")
        except ValueError:
            return ""
    return PATH.format(video_id=video.video_id, media_key=video.media_key, name=file.name)


def is_media_path(path: str) -> bool:
    """Return whether this is a media path: three segments below /media; Streamlit's own have one."""
    return path.startswith(PREFIX) and path.count("/") == 4


def read_media_path(path: str) -> MediaPath | None:
    """Parse a decoded media path; None for other paths."""
    parts = path.removeprefix(PREFIX).split("/")
    return MediaPath(*parts) if is_media_path(path) and all(parts) else None


def media_type_of(name: str) -> str:
    """Return the media type of a file that is served, by its extension; empty for others."""
    return MEDIA_TYPES.get("".join(name.rpartition(".")[1:]).lower(), "")


def read_own_url(url: str, base_url: str) -> MediaPath | None:
    """Parse a media URL written by this console, absolute or relative; None for others."""
    found = OURS.fullmatch(url.removeprefix(base_url))
    return MediaPath(*found.groups()) if found else None


def is_plain_path(path: str) -> bool:
    """Return whether this is a media path without characters that proxies might interpret differently."""
    return PLAIN.fullmatch(path) is not None


def with_key(url: str, video_id: str, media_key: str) -> str:
    """Replace the media key in a URL of this video."""
    return re.sub(rf"({PREFIX}{re.escape(video_id)}/)[^/]+(?=/)", lambda found: f"{found[1]}{media_key}", url)
