"""Videos for a server that is about to start."""

from __future__ import annotations

from pathlib import Path

import backend
from backend import Settings
from backend.model import Actor, User, Video

ACTOR = Actor("tests", "command line")


def add_videos(data: Path, count: int, database: str = "") -> list[str]:
    """Add so many videos to the data of a server, and return their ids."""
    console = backend.open_console(Settings(data=data, database=database))
    made = [
        Video(f"{number:032x}", f"短视频 {number}", User("1", "Anne"), created=1_700_000_000 + number)
        for number in range(count)
    ]
    ids = [console.store.catalogue.add_video(video, ACTOR).video_id for video in made]
    console.close()
    return ids
