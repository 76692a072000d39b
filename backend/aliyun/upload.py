"""Uploads to VOD: creates the video there; then an app, or a job of ours, sends the file to OSS."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.aliyun import oss_upload
from backend.aliyun.client import Client
from backend.aliyun.errors import GONE, has_code
from backend.aliyun.mapping import number, source_file, user_data
from backend.errors import CloudError, Conflict, ConsoleError, MediaError, NotFound
from backend.jobs.runner import Done, Task
from backend.media import MediaFiles
from backend.model import FileKind, Job, MediaFile, User, Video
from backend.model.cloud import MAX_BYTES, MAX_TAG_BYTES, MAX_TAGS, fitting, is_cut, without_emoji

ACTION = "CreateUploadVideo"
NO_TRANSCODE = "VOD_NO_TRANSCODE"  # a template group that exists in every account
NO_CATEGORY = -1  # the root of VOD's category tree
SENT = {"title": "Title", "description": "Description", "tags": "Tags"}
TRIES = 3
SETTLE_TRIES = 10
PART_OF_SENDING = 0.95
CHECKPOINTS = ".upload"  # a folder beside the file for resuming after a restart
WAITING = ("Uploading", "UploadFail")
NO_SUCH_VIDEO = "There is no video {video_id}. It may have been deleted."
NOT_HERE = "The file of the video {video_id} is not on this machine any more. Upload it again."
HAS_FILE = "The video {video_id} has its file already; another file is another video."
TITLE_IS_CUT = (
    "The title is stored in full here, and as “{there}” in ApsaraVideo VOD, which accepts "
    "no emoji and at most {most} bytes of UTF-8."
)
DESCRIPTION_IS_CUT = (
    "The description is stored in full here, and truncated in ApsaraVideo VOD, which accepts "
    "no emoji and at most {most} bytes of UTF-8."
)
TAGS_ARE_CUT = (
    "The tags are stored in full here, and as “{there}” in ApsaraVideo VOD, which accepts "
    "no emoji and at most {most} tags of {most_bytes} bytes of UTF-8."
)
VERDICT_TEXTS = ("reason", "comment")
VERDICT_IS_CUT = (
    "The verdict's reason and comment are stored in full here, and without emoji in ApsaraVideo VOD, which accepts "
    "none."
)
NOT_ARRIVED = "The file was sent, but ApsaraVideo VOD still says {status}; try again."


@dataclass(frozen=True, slots=True)
class Grant:
    """Parameters for Alibaba's upload SDKs: the file's destination and temporary credentials."""

    video_id: str
    address: str
    auth: str


class Uploads:
    """Creates videos at VOD and sends their files."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def open(self, file_name: str, owner: User | None = None, reference: str = "", **texts: Any) -> Grant:
        """Create a video at VOD that waits for its file.

        Raises CloudError, and Conflict if it has its file already. The ReferenceId, which VOD accepts once, prevents
        duplicates after lost responses and for repeated calls with the same `reference`. VOD stores the owner and does
        not transcode: approved videos are transcoded by our own job, and billed once.
        """
        reference = reference or f"qu-{secrets.token_hex(16)}"
        wanted = {
            **fitted(texts), "FileName": f"video{Path(file_name).suffix.lower() or '.mp4'}",
            "TemplateGroupId": NO_TRANSCODE, "ReferenceId": reference,
        }  # fmt: skip
        wanted["Title"] = wanted.get("Title") or "video"
        if owner is not None:
            wanted["UserData"] = user_data(owner)
        for _ in range(TRIES - 1):
            try:
                return self._create(wanted)
            except CloudError as error:
                if not (error.unknown or names_reference(error)):
                    raise
                if found := self._find(reference):
                    return self.renew(found)
        return self._create(wanted)

    def renew(self, video_id: str) -> Grant:
        """Issue new credentials for a video that waits for its file.

        Raises CloudError, and Conflict if it has its file already, because credentials allow replacing the file without
        a review.
        """
        if self._info(video_id)["Status"] not in WAITING:
            raise Conflict(HAS_FILE, video_id=video_id)
        return self._refresh(video_id)

    def _create(self, wanted: dict[str, str]) -> Grant:
        return read_grant(self._client.call(ACTION, wanted, expect="VideoId", repeat=False))

    def _refresh(self, video_id: str) -> Grant:
        answer = self._client.call("RefreshUploadVideo", {"VideoId": video_id}, expect="UploadAuth")
        return read_grant({"VideoId": video_id, **answer})

    def _find(self, reference: str) -> str:
        """Return the video created by a call without a response; empty if there is none."""
        try:
            answer = self._client.call("GetVideoInfo", {"ReferenceId": reference}, expect="Video.VideoId")
        except CloudError as error:
            if has_code(error, *GONE):
                return ""
            raise
        return str(answer["Video"]["VideoId"])

    def send(self, video_id: str, path: Path | None, task: Task) -> Done:
        """Send a video's file, unless VOD has it, resuming an earlier attempt.

        Raises CloudError, and Cancelled if the job is cancelled.
        """
        for attempt in range(TRIES):
            if self._info(video_id)["Status"] not in WAITING:
                break
            if path is None:
                raise MediaError(NOT_HERE, video_id=video_id)
            try:
                oss_upload.send(
                    lambda: self._upload_target(video_id), path, path.parent / CHECKPOINTS,
                    lambda part: task.report(part * PART_OF_SENDING),
                )  # fmt: skip
            except CloudError as error:
                if oss_upload.is_ended(error) and self._is_there(video_id):
                    break
                if attempt == TRIES - 1 or not (
                    error.passing or oss_upload.is_expired(error) or oss_upload.is_ended(error)
                ):
                    raise
                self._client.wait(2.0**attempt)
        return Done((self._arrived(video_id),))

    def _upload_target(self, video_id: str) -> oss_upload.UploadTarget:
        grant = self._refresh(video_id)
        return oss_upload.UploadTarget.read(grant.address, grant.auth)

    def _arrived(self, video_id: str) -> MediaFile:
        """Wait until VOD has noticed the file."""
        info = self._settled(video_id)
        if info["Status"] in WAITING:
            raise CloudError(NOT_ARRIVED, status=info["Status"])
        return source_file(video_id, int(number(info.get("Size"))))

    def _is_there(self, video_id: str) -> bool:
        return self._settled(video_id)["Status"] not in WAITING

    def _settled(self, video_id: str) -> dict[str, Any]:
        """Return VOD's data of a video, waiting some seconds for the file to be noticed."""
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


class Sender:
    """Runs `upload` jobs: sends files uploaded to this console to VOD."""

    def __init__(self, uploads: Uploads, files: MediaFiles) -> None:
        self._uploads, self._files = uploads, files

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        if video is None:
            raise NotFound(NO_SUCH_VIDEO, video_id=job.video_id)
        source = video.file_of(FileKind.SOURCE)
        with self._files.local(video.video_id, source.name if source and is_local(source) else "") as file:
            return self._uploads.send(video.video_id, file.path if file else None, task)


def read_grant(answer: Mapping[str, Any]) -> Grant:
    return Grant(str(answer["VideoId"]), str(answer.get("UploadAddress") or ""), str(answer.get("UploadAuth") or ""))


def names_reference(error: CloudError) -> bool:
    """Return whether VOD refused a ReferenceId; the undocumented code for a used one contains that word."""
    return "referenceid" in error.cloud_code.lower()


def fitted(texts: Mapping[str, Any]) -> dict[str, str]:
    """Return title, description, tags and category under VOD's names, shortened to its limits."""
    fits = {SENT[what]: fitting(what, texts[what]) for what in SENT if texts.get(what) is not None}
    cate_id = texts.get("cate_id")
    return fits if cate_id is None else {**fits, "CateId": str(cate_id or NO_CATEGORY)}


def find_cut(texts: Mapping[str, Any]) -> list[ConsoleError]:
    """Return warnings about texts that VOD stores shortened."""
    found = [what for what in SENT if texts.get(what) and is_cut(what, texts[what])]
    told = [_said(what, fitting(what, texts[what])) for what in found]
    words = [texts.get(what) or "" for what in VERDICT_TEXTS]
    return told + [ConsoleError(VERDICT_IS_CUT)] * any(without_emoji(text) != text.strip() for text in words)


def _said(what: str, there: str) -> ConsoleError:
    if what == "title":
        return ConsoleError(TITLE_IS_CUT, there=there, most=MAX_BYTES["title"])
    if what == "description":
        return ConsoleError(DESCRIPTION_IS_CUT, most=MAX_BYTES["description"])
    return ConsoleError(TAGS_ARE_CUT, there=there, most=MAX_TAGS, most_bytes=MAX_TAG_BYTES)


def is_local(file: MediaFile) -> bool:
    """Return whether a source is still on the local disk."""
    return file.kind is FileKind.SOURCE and "://" not in file.name
