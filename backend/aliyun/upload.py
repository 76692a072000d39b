"""Uploads: VOD gives a new video its id, and a job sends the file from our disk to OSS."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backend.aliyun import oss
from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.facts import number, source_file
from backend.errors import CloudError, MediaError
from backend.jobs.runner import Done, Task
from backend.model import FileKind, MediaFile
from backend.model.cloud import fitting

ACTION = "CreateUploadVideo"
NO_TRANSCODE = "VOD_NO_TRANSCODE"  # a template group that every account has
NO_CATEGORY = -1  # the root of VOD's tree
SENT = {"title": "Title", "description": "Description", "tags": "Tags"}
TRIES = 3
SETTLE_TRIES = 10
PART_OF_SENDING = 0.95
CHECKPOINTS = ".upload"  # a folder beside the file, for an upload that goes on after a restart
WAITING = ("Uploading", "UploadFail")
NOT_HERE = "The file of the video {video_id} is not on this machine any more. Upload it again."
NOT_ARRIVED = "The file was sent, but ApsaraVideo VOD still says {status}; try again."


class Uploads:
    """Opens videos at VOD and sends their files."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def open(self, file_name: str, **texts: Any) -> str:
        """Return the id of a new video at VOD, which waits for its file. Raises CloudError.

        The ReferenceId, which VOD takes once, makes it one video whatever happens to the answer. VOD transcodes nothing
        by itself: what passes review is transcoded by a job of ours, and paid once.
        """
        reference = f"qu-{secrets.token_hex(16)}"
        wanted = {
            **fitted(texts), "FileName": f"video{Path(file_name).suffix.lower() or '.mp4'}",
            "TemplateGroupId": NO_TRANSCODE, "ReferenceId": reference,
        }  # fmt: skip
        wanted["Title"] = wanted.get("Title") or "video"
        for _ in range(TRIES - 1):
            try:
                return self._create(wanted)
            except CloudError as error:
                if not error.unknown:
                    raise
                if found := self._find(reference):
                    return found
        return self._create(wanted)

    def _create(self, wanted: dict[str, str]) -> str:
        return str(self._client.call(ACTION, wanted, expect="VideoId", repeat=False)["VideoId"])

    def _find(self, reference: str) -> str:
        """Return the video that an unanswered call made; empty where it made none."""
        try:
            answer = self._client.call("GetVideoInfo", {"ReferenceId": reference}, expect="Video.VideoId")
        except CloudError as error:
            if has_code(error, *GONE):
                return ""
            raise
        return str(answer["Video"]["VideoId"])

    def send(self, video_id: str, path: Path | None, task: Task) -> Done:
        """Send a video's file, unless VOD has it, from where an earlier try broke off.

        Raises CloudError, and Cancelled when somebody stopped it.
        """
        for attempt in range(TRIES):
            if self._info(video_id)["Status"] not in WAITING:
                break
            if path is None:
                raise MediaError(NOT_HERE, video_id=video_id)
            try:
                oss.send(
                    lambda: self._place(video_id), path, path.parent / CHECKPOINTS,
                    lambda part: task.report(part * PART_OF_SENDING),
                )  # fmt: skip
            except CloudError as error:
                if oss.is_ended(error) and self._is_there(video_id):
                    break
                if attempt == TRIES - 1 or not (error.passing or oss.is_expired(error) or oss.is_ended(error)):
                    raise
                self._client.wait(2.0**attempt)
        return Done((self._arrived(video_id),))

    def _place(self, video_id: str) -> oss.Place:
        answer = self._client.call("RefreshUploadVideo", {"VideoId": video_id}, expect="UploadAuth")
        return oss.Place.read(str(answer.get("UploadAddress")), str(answer["UploadAuth"]))

    def _arrived(self, video_id: str) -> MediaFile:
        """Wait until VOD has noticed its file."""
        info = self._settled(video_id)
        if info["Status"] in WAITING:
            raise CloudError(NOT_ARRIVED, status=info["Status"])
        return source_file(video_id, int(number(info.get("Size"))))

    def _is_there(self, video_id: str) -> bool:
        return self._settled(video_id)["Status"] not in WAITING

    def _settled(self, video_id: str) -> dict[str, Any]:
        """Return what VOD says of a video, once it says that the file is there or some seconds have passed."""
        info = self._info(video_id)
        for _ in range(SETTLE_TRIES):
            if info["Status"] not in WAITING:
                break
            self._client.wait(1.0)
            info = self._info(video_id)
        return info

    def _info(self, video_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._client.call("GetVideoInfo", {"VideoId": video_id}, expect="Video.Status")["Video"]
        return found


def fitted(texts: Mapping[str, Any]) -> dict[str, str]:
    """Return a title, a description, tags and a category under VOD's names, as VOD can hold them."""
    fits = {SENT[what]: fitting(what, texts[what]) for what in SENT if texts.get(what) is not None}
    cate_id = texts.get("cate_id")
    return fits if cate_id is None else {**fits, "CateId": str(cate_id or NO_CATEGORY)}


def is_local(file: MediaFile) -> bool:
    """Say whether a source still lies on our disk."""
    return file.kind is FileKind.SOURCE and "://" not in file.name
