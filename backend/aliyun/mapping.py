"""Maps VOD's responses to the model: times, statuses, files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from msgspec.structs import replace

from backend.model import CensorStatus, FileKind, JobKind, MediaFile, TranscodeStatus, User, Video, VideoStatus
from backend.model.cloud import NOBODY
from backend.model.limits import FIRST_SECOND, LAST_SECOND, MAX_BYTES, MAX_SECONDS, NO_TEXT

if TYPE_CHECKING:
    from backend.store.cloud import CloudRecords

MAX_EXTEND_BYTES = 512  # in UTF-8; VOD repeats it in events
MAX_FIELD = 128  # characters of a user's id or name
HLS_ENCRYPTION = "HLSEncryption"  # the other EncryptType is AliyunVoDEncryption
ORIGINAL = "OD"  # the definition of a stream that is the original file
SOURCE_SCHEME = "vod://"  # prefix of a video id: the source is in VOD and gets a fresh URL on every use


def utc(second: float) -> str:
    """Format a time as Alibaba does: `2019-01-09T14:11:29Z`."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def second(text: str) -> int | None:
    """Parse one of Alibaba's times into a second; None if invalid or out of range."""
    with suppress(ValueError):
        found = int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
        return found if FIRST_SECOND <= found <= LAST_SECOND else None
    return None


def words(value: Any) -> str:
    """Return text without characters that cannot be stored."""
    return NO_TEXT.sub("\ufffd", str(value or ""))


def number(value: Any) -> float:
    """Return a number, which some responses give as text; 0 if invalid."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if 0 <= found < 1e15 else 0.0


def status(text: Any) -> VideoStatus | None:
    return VideoStatus(text) if text in set(VideoStatus) else None


def unsigned(url: str) -> str:
    """Return a URL without its query, which holds the expiring signature."""
    try:
        parts = urlsplit(url)
    except ValueError:  # an invalid URL
        return ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def user_of(data: Any) -> User:
    """Return the owner of a video, if the app sent one with its upload: `{"userId": …, "userName": …}`, as JSON
    text or object. UserData has it under `Extend`; events have the content of `Extend`.
    """
    said = extend_of(data)
    if not said.get("userId"):
        return NOBODY
    return User(words(said["userId"])[:MAX_FIELD], words(said.get("userName"))[:MAX_FIELD])


def user_data(owner: User, more: Mapping[str, str] | None = None) -> str:
    """Return the UserData for an owner, as read by `user_of`, plus `more` as read by `extend_of`.

    A name that does not fit is left out.
    """
    said = {"userId": owner.user_id, "userName": owner.user_name, **(more or {})}
    if len(json.dumps(said, ensure_ascii=False).encode()) > MAX_EXTEND_BYTES:
        del said["userName"]
    return json.dumps({"Extend": said}, ensure_ascii=False)


def extend_of(data: Any) -> Mapping[str, Any]:
    """Return the `Extend` object of UserData or of an event, given as text or object."""
    said = _object(data)
    return _object(said["Extend"]) if "Extend" in said else said


def _object(data: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def video_of(info: Mapping[str, Any], now: int) -> Video:
    """Build a video from GetVideoInfo(s) or SearchMedia. The owner is known only if the app named one."""
    found = status(info.get("Status")) or VideoStatus.UPLOAD_SUCC
    cover = words(info.get("CoverURL"))
    video_id = str(info["VideoId"])
    has_source = found not in (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)
    files = [source_file(video_id, int(number(info.get("Size"))))] if has_source else []
    files += [MediaFile(FileKind.COVER, unsigned(cover))] if cover else []
    return Video(
        video_id=video_id,
        title=words(info.get("Title")),
        user=user_of(info.get("UserData")),
        created=second(str(info.get("CreationTime", ""))) or now,
        description=words(info.get("Description")),
        duration=min(number(info.get("Duration")), MAX_SECONDS),
        size=min(int(number(info.get("Size"))), MAX_BYTES),
        cate_id=int(number(info.get("CateId"))),
        cate_name=words(info.get("CateName")),
        tags=words(info.get("Tags")),
        status=found,
        censor_status=censor_of(found, str(info.get("AuditStatus") or "")),  # SearchMedia has no verdict
        transcode_status=TranscodeStatus.SUCCESS if found is VideoStatus.NORMAL else TranscodeStatus.NEVER,
        files=tuple(files),
    )


def censor_of(found: VideoStatus, audit: str) -> CensorStatus:
    """Return the review state. A status of Normal is not a verdict: VOD sets it for everything playable."""
    if "Blocked" in (audit, found):
        return CensorStatus.FAIL
    return CensorStatus.SUCCESS if audit == "Normal" else CensorStatus.CHECK


def source_file(video_id: str, size: int = 0) -> MediaFile:
    return MediaFile(FileKind.SOURCE, SOURCE_SCHEME + video_id, size)


def rendition(info: Mapping[str, Any], position: int, kinds: Mapping[str, JobKind]) -> MediaFile:
    """Build the file of a GetPlayInfo stream. Our own record of its job takes precedence for the kind."""
    asked = kinds.get(str(info.get("JobId")))
    narrow = asked is JobKind.NARROW or (asked is None and str(info.get("NarrowBandType") or "0") not in ("0", ""))
    return MediaFile(
        kind=FileKind.NARROW if narrow else FileKind.COMMON,
        name=str(info["PlayURL"]),
        size=int(number(info.get("Size"))),
        width=int(number(info.get("Width"))),
        height=int(number(info.get("Height"))),
        duration=number(info.get("Duration")),
        bitrate=round(number(info.get("Bitrate")) * 1000),
        position=position,
    )


def of_present_file(records: CloudRecords, video_id: str, answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return a GetPlayInfo response without streams made from a replaced file."""
    since, old = records.file_since(video_id), records.old_streams(video_id)
    streams = (answer.get("PlayInfoList") or {}).get("PlayInfo") or []
    kept = [
        one for one in streams
        if one.get("JobId") not in old and (second(str(one.get("CreationTime"))) or since) >= since
    ]  # fmt: skip
    return {**answer, "PlayInfoList": {"PlayInfo": kept}}


def renditions(answer: Mapping[str, Any], kinds: Mapping[str, JobKind]) -> list[MediaFile]:
    """Return the renditions of a GetPlayInfo response that browsers can play, smallest first.

    Without transcoding, the response includes the original file, which is not a rendition.
    """
    good = [info for info in _streams(answer) if not number(info.get("Encrypt"))]
    return [rendition(info, position, kinds) for position, info in enumerate(good)]


def encrypted(answer: Mapping[str, Any]) -> list[MediaFile]:
    """Return the encrypted renditions of a GetPlayInfo response, smallest first."""
    found = [info for info in _streams(answer) if number(info.get("Encrypt"))]
    return [
        replace(
            rendition(info, position, {}),
            kind=FileKind.HLS_ENCRYPTED if info.get("EncryptType") == HLS_ENCRYPTION else FileKind.ALIYUN_ENCRYPTED,
        )
        for position, info in enumerate(found)
    ]


def _streams(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    streams = (answer.get("PlayInfoList") or {}).get("PlayInfo") or []
    found = [
        info for info in streams
        if info.get("PlayURL") and info.get("StreamType", "video") == "video" and info.get("Definition") != ORIGINAL
    ]  # fmt: skip
    return sorted(found, key=lambda info: (number(info.get("Width")), str(info.get("PlayURL"))))
