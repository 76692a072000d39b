"""Usage of the Alibaba account: daily figures and plays per video."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from msgspec import Struct

BEIJING = timedelta(hours=8)


class Figure(StrEnum):
    """A daily figure. Days are in Beijing time, as in Alibaba's billing."""

    TRAFFIC = "traffic"  # bytes served by the CDN
    BANDWIDTH = "bandwidth"  # bits per second, the day's peak
    STORAGE = "storage"  # bytes in VOD's storage at the end of the day
    TRANSCODED = "transcoded"  # seconds of transcoded video
    PLAYS = "plays"
    VIEWERS = "viewers"
    PLAYED = "played"  # seconds watched


class UsageSource(StrEnum):
    """A source of usage figures; each is queried, and fails, separately."""

    CDN = "cdn"
    STORAGE = "storage"
    TRANSCODES = "transcodes"
    PLAYS = "plays"
    TOP_VIDEOS = "topVideos"
    QUOTA = "quota"


class SourceState(Struct, frozen=True):
    """When a source last responded (0: never), and its error since then, packed."""

    source: UsageSource
    read: float = 0.0
    error: str = ""


class Plays(Struct, frozen=True):
    """Plays of a video: how often, by how many viewers, and for how many seconds in total."""

    video_id: str
    title: str
    plays: int
    viewers: int
    seconds: float
    is_here: bool = True  # whether the catalogue has it


def day_of(second: float) -> str:
    """Return the day in Beijing time of a second since 1970."""
    return (datetime.fromtimestamp(second, UTC) + BEIJING).strftime("%Y-%m-%d")
