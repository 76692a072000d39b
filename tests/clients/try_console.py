"""Signs in, lists and uploads with the generated client: python try_console.py ADDRESS NAME PASSWORD CLIP."""

import json
import sys
from pathlib import Path

from client import AuthenticatedClient, Client
from client.api.user import login
from client.api.vod import get_videos, upload_video
from client.models import LoginBody, UploadVideoBody
from client.types import File


def main(address: str, user_name: str, password: str, clip: str) -> None:
    with Client(address) as nobody:
        signed_in = login.sync(client=nobody, body=LoginBody(user_name, password))
    with AuthenticatedClient(address, token=signed_in.data.console_token) as client, Path(clip).open("rb") as payload:
        before = get_videos.sync(client=client, page_size=5)
        body = UploadVideoBody(File(payload, "海边.mp4", "video/mp4"), tags="海,travel")
        uploaded = upload_video.sync(client=client, body=body)
        after = get_videos.sync(client=client, title="海边")
    (video,) = after.data.video_list
    found = {
        "codes": [signed_in.code, before.code, uploaded.code, after.code],
        "totals": [before.data.total, after.data.total],
        "sameVideo": video.video_id == uploaded.data.video_id,
        "title": video.title, "tags": video.tags, "duration": video.duration, "size": video.size,
        "user": video.user.user_name, "lists": [len(video.snapshot_list), len(video.file_url_list)],
    }  # fmt: skip
    sys.stdout.write(json.dumps(found))


main(*sys.argv[1:])
