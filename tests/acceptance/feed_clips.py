"""Clips for the feed of a server that is about to start."""

from __future__ import annotations

from pathlib import Path

import backend
from backend import Settings
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoStatus

ACTOR = Actor("tests", "command line")
SIZE = 40_000  # bytes of each file


def add_clips(data: Path, count: int, *, recommended: int, with_files: int = 0) -> tuple[list[str], str]:
    """Add approved clips, of which some are in the feed and the first ones have files; return their ids, and a key."""
    console = backend.open_console(Settings(data=data))
    ids = []
    for number in range(count):
        video_id = f"{number:032x}"
        files = (MediaFile(FileKind.COMMON, "common.mp4", SIZE, 720, 1280), MediaFile(FileKind.COVER, "cover.jpg"))
        video = Video(
            video_id, f"短视频 {number}", User(f"user{number % 30}", "Anne"), 1_700_000_000 + number, duration=10.0,
            size=SIZE, width=720, height=1280, status=VideoStatus.NORMAL, censor_status=CensorStatus.SUCCESS,
            files=files,
        )  # fmt: skip
        ids.append(console.store.catalogue.add_video(video, ACTOR).video_id)
        if number < with_files:
            folder = console.settings.media_folder / video_id
            folder.mkdir(parents=True)
            (folder / "common.mp4").write_bytes(bytes(range(250)) * (SIZE // 250))
            (folder / "cover.jpg").write_bytes(b"jpeg" * 100)
        if number < recommended:
            console.store.catalogue.recommend(video_id, {}, ACTOR)
    key = console.store.feed_keys.add(ACTOR).key
    console.close()
    return ids, key
