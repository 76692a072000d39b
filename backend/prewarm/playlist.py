"""HLS playlists: what a player fetches first (RFC 8216)."""

from __future__ import annotations

import re
from urllib.parse import urljoin

import msgspec

FIRST_SEGMENTS = 2
VARIANT, MAP = "#EXT-X-STREAM-INF", "#EXT-X-MAP"
URI = re.compile(r'URI="([^"]*)"')


class FirstFiles(msgspec.Struct, frozen=True):
    """The first variant of a master playlist, or else the first segments of a playlist."""

    variant: str = ""
    segments: tuple[str, ...] = ()


def read_first_files(text: str, url: str) -> FirstFiles:
    """Parse a playlist at this URL; what is none has no files."""
    if not text.lstrip("\ufeff").startswith("#EXTM3U"):
        return FirstFiles()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    files = [_joined(url, line) for line in lines if not line.startswith("#")]
    if any(line.startswith(VARIANT) for line in lines):
        return FirstFiles(variant=files[0] if files else "")
    head = (URI.search(line) for line in lines if line.startswith(MAP))
    first = [_joined(url, found[1]) for found in head if found][:1]
    return FirstFiles(segments=tuple(one for one in (*first, *files[:FIRST_SEGMENTS]) if one))


def _joined(url: str, line: str) -> str:
    """Return the address of a line; empty if it is none."""
    try:
        return urljoin(url, line)
    except ValueError:
        return ""
