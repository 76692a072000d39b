"""Addresses of media: `/media/<id of the video>/<its key>/<name of the file>`, on the console's own host or a CDN's.

Whoever knows the key of a video gets its files. No other module knows what such an address is made of.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from backend.model import MediaFile, Video

PREFIX = "/media/"
PATH = "media/{video_id}/{media_key}/{name}"  # below the host, without a leading slash
BEFORE_KEY = PREFIX + r"[^/\s\"']+/"  # in any text
OURS = re.compile(PREFIX + r"([^/]+)/([A-Za-z0-9_-]{8,64})/([^/\\?#.][^/\\?#]*)")
PLAIN = re.compile(PREFIX + r"[\w-]+/[\w-]+/[\w-][\w.-]*")


class MediaPath(NamedTuple):
    """What the address of a file names."""

    video_id: str
    media_key: str
    name: str


def media_path(video: Video, file: MediaFile) -> str:
    """Return the address of a file below its host, without a leading slash; "" for an address that cannot be read."""
    if "://" in file.name:  # in cloud mode files have addresses of their own
        try:
            return urlsplit(file.name).path.lstrip("/")
        except ValueError:
            return ""
    return PATH.format(video_id=video.video_id, media_key=video.media_key, name=file.name)


def is_media_path(path: str) -> bool:
    """Say whether a path is one of ours, with three segments below /media; Streamlit's own media have one."""
    return path.startswith(PREFIX) and path.count("/") == 4


def read_media_path(path: str) -> MediaPath | None:
    """Return what the path of an address names, percent-encoding undone; None for any other path."""
    parts = path.removeprefix(PREFIX).split("/")
    return MediaPath(*parts) if is_media_path(path) and all(parts) else None


def read_own_url(url: str, base_url: str) -> MediaPath | None:
    """Return what an address names that the console itself wrote, whole or as a path; None for any other."""
    found = OURS.fullmatch(url.removeprefix(base_url))
    return MediaPath(*found.groups()) if found else None


def is_plain_path(path: str) -> bool:
    """Say whether a path is one of ours and holds nothing that a proxy could take for another."""
    return PLAIN.fullmatch(path) is not None


def with_key(url: str, video_id: str, media_key: str) -> str:
    """Return an address with another key, where it is one of this video's files."""
    return re.sub(rf"({PREFIX}{re.escape(video_id)}/)[^/]+(?=/)", lambda found: f"{found[1]}{media_key}", url)
