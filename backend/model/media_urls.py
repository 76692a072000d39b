"""Addresses of media: `/media/<id of the video>/<its key>/<name of the file>`, on the console's own host or a CDN's."""

from __future__ import annotations

from typing import NamedTuple


class MediaPath(NamedTuple):
    """What the address of a file of ours names. Whoever knows the key of a video gets its files."""

    video_id: str
    media_key: str
    name: str

    @property
    def path(self) -> str:
        """The address below its host, without a leading slash."""
        return f"media/{self.video_id}/{self.media_key}/{self.name}"


def read_media_path(path: str) -> MediaPath | None:
    """Return what the path of an address names, percent-encoding undone; None for any other path."""
    parts = path.split("/")
    return MediaPath(*parts[2:]) if len(parts) == 5 and parts[:2] == ["", "media"] and all(parts[2:]) else None
