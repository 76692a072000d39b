"""What somebody writes with the typed client; a test runs it, and another has mypy read it."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import assert_type

from backend.api.wire import VideoPage
from backend.exports.download import Download
from backend.model import CensorStatus, Verdict
from backend.typed_client import CallFailed, ConsoleClient


def publish(console: ConsoleClient, clip: Path) -> str:
    """Upload a clip, approve it, and return its title."""
    uploaded = console.upload_video(file=clip, tags="海,travel")
    page = console.get_videos(
        title="海", censor_status=CensorStatus.CHECK, start_time=datetime(2019, 1, 1), page_size=20, is_recommend=False
    )
    assert_type(page, VideoPage)
    (video,) = page.video_list
    assert video.video_id == uploaded.video_id
    assert_type(video.duration, float)
    assert_type(console.create_audit(media_id=video.video_id, status=Verdict.NORMAL), None)
    assert_type(console.export_videos(), Download)
    return video.title


def main(address: str, user_name: str, password: str, clip: str) -> None:
    console = ConsoleClient(address)
    console.sign_in(user_name, password)
    try:
        sys.stdout.write(publish(console, Path(clip)))
    except CallFailed as failed:
        sys.exit(f"{failed.code}: {failed.message}")


if __name__ == "__main__":
    main(*sys.argv[1:])
