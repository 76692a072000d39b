"""What the servers' catalogues hold: videos of every state, which have no files."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import backend
from backend import Console, Settings
from backend.model import CensorStatus, FileKind, MediaFile, TranscodeStatus, User, Video, VideoStatus
from tests.conftest import TESTS

STATES: tuple[dict[str, Any], ...] = (
    {"censor_status": CensorStatus.CHECK, "transcode_status": TranscodeStatus.SUCCESS},
    {"censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "transcode_status": TranscodeStatus.FAIL},
    {"censor_status": CensorStatus.FAIL, "status": VideoStatus.BLOCKED},
    {"censor_status": CensorStatus.ON_CENSOR, "status": VideoStatus.UPLOADING},
    {
        "censor_status": CensorStatus.SUCCESS,
        "status": VideoStatus.TRANSCODING,
        "narrow_transcode_status": "onTranscode",
    },
)
SEEDED = [f"山里的猫 第 {number} 集" for number in range(1, 14)] + [f"Cats of the hills {n}" for n in range(1, 14)]
USERS = (User("1001", "小林不吃辣"), User("1002", "Marco Rossi"))
HOUR = 3600
PLAYED = (MediaFile(FileKind.COMMON, "common.mp4"),)


@dataclass
class Catalogue:
    """The catalogue of a server, put together beside it: several processes may write into one."""

    console: Console
    number: int = 0

    def add(self, title: str, *, age: int = 0, recommended: bool = False, **values: Any) -> Video:
        """Enter a video that has no files, but for a rendition if it is recommended; `age` is in hours."""
        self.number += 1
        if recommended:
            values = {"censor_status": CensorStatus.SUCCESS, "status": VideoStatus.NORMAL, "files": PLAYED, **values}
        known: dict[str, Any] = {
            "video_id": f"{self.number:032x}",
            "title": title,
            "user": USERS[self.number % 2],
            "created": int(time.time()) - age * HOUR,
            "duration": 12.5,
            "size": 5_600_000,
        }
        video = self.console.store.catalogue.add_video(Video(**{**known, **values}), TESTS)
        if recommended:
            self.console.store.catalogue.recommend(video.video_id, {}, TESTS)
        return video

    def add_seeded(self) -> None:
        for number, (title, state) in enumerate(zip(SEEDED, cycle(STATES), strict=False)):
            self.add(title, age=24 + number, **state)


def open_catalogue(data: Path) -> Catalogue:
    return Catalogue(backend.open_console(Settings(data=data)))
