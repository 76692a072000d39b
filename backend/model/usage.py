"""What the account at Alibaba used: figures by day, and videos by plays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

BEIJING = timedelta(hours=8)


class Figure(StrEnum):
    """What is counted of each day. Days are those of Beijing, by which Alibaba bills."""

    TRAFFIC = "traffic"  # bytes that the CDN gave out
    BANDWIDTH = "bandwidth"  # bits a second, the highest of the day
    STORAGE = "storage"  # bytes in VOD's storage at the end of the day
    TRANSCODED = "transcoded"  # seconds of video that were transcoded
    PLAYS = "plays"
    VIEWERS = "viewers"
    PLAYED = "played"  # seconds that were watched


class UsageSource(StrEnum):
    """Where figures come from: each is asked, and fails, by itself."""

    CDN = "cdn"
    STORAGE = "storage"
    TRANSCODES = "transcodes"
    PLAYS = "plays"
    TOP_VIDEOS = "topVideos"
    QUOTA = "quota"


class SourceState(Struct, frozen=True):
    """When a source answered last (0: never), and what it said since, as a packed error."""

    source: UsageSource
    read: float = 0.0
    error: str = ""


class Plays(Struct, frozen=True):
    """How often a video was played, by how many people, and for how many seconds in all."""

    video_id: str
    title: str
    plays: int
    viewers: int
    seconds: float
    is_here: bool = True  # the catalogue has it


def day_of(second: float) -> str:
    """Return the day in Beijing of a second since 1970."""
    return (datetime.fromtimestamp(second, UTC) + BEIJING).strftime("%Y-%m-%d")
