"""VOD's answers in the console's words: times, statuses, files."""

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

MAX_EXTEND_BYTES = 512  # of UTF-8, of what VOD repeats in events
MAX_FIELD = 128  # characters of a user's id or name
HLS_ENCRYPTION = "HLSEncryption"  # the EncryptType beside AliyunVoDEncryption
ORIGINAL = "OD"  # the definition of a stream that is the uploaded file itself
SOURCE_SCHEME = "vod://"  # in front of a video's id: its source lies in VOD, and every use asks for a fresh address


def utc(second: float) -> str:
    """Return a time as Alibaba writes it: `2019-01-09T14:11:29Z`."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def second(text: str) -> int | None:
    """Return the second that one of Alibaba's times means; None where it is none that can be shown everywhere."""
    with suppress(ValueError):
        found = int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
        return found if FIRST_SECOND <= found <= LAST_SECOND else None
    return None


def words(value: Any) -> str:
    """Return text, but for characters that cannot be kept."""
    return NO_TEXT.sub("\ufffd", str(value or ""))


def number(value: Any) -> float:
    """Return a number, which some answers hold as text; 0 where it is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if 0 <= found < 1e15 else 0.0


def status(text: Any) -> VideoStatus | None:
    return VideoStatus(text) if text in set(VideoStatus) else None


def unsigned(url: str) -> str:
    """Return an address without what makes it valid for a while."""
    try:
        parts = urlsplit(url)
    except ValueError:  # it is none
        return ""
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def user_of(data: Any) -> User:
    """Return whose video it is, if the app said so with its upload: `{"userId": …, "userName": …}`, as JSON or not.

    UserData holds that under `Extend`, and events hold what is under `Extend`.
    """
    said = extend_of(data)
    if not said.get("userId"):
        return NOBODY
    return User(words(said["userId"])[:MAX_FIELD], words(said.get("userName"))[:MAX_FIELD])


def user_data(owner: User, more: Mapping[str, str] | None = None) -> str:
    """Return the UserData that names an owner, as `user_of` reads it, and `more` that `extend_of` gives back.

    A name that VOD has no room for is left out.
    """
    said = {"userId": owner.user_id, "userName": owner.user_name, **(more or {})}
    if len(json.dumps(said, ensure_ascii=False).encode()) > MAX_EXTEND_BYTES:
        del said["userName"]
    return json.dumps({"Extend": said}, ensure_ascii=False)


def extend_of(data: Any) -> Mapping[str, Any]:
    """Return what UserData holds under `Extend`, or what an event holds there: a JSON object, as text or not."""
    said = _object(data)
    return _object(said["Extend"]) if "Extend" in said else said


def _object(data: Any) -> Mapping[str, Any]:
    try:
        found = json.loads(data) if isinstance(data, str) else data
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


def video_of(info: Mapping[str, Any], now: int) -> Video:
    """Return what GetVideoInfo(s) or SearchMedia say of a video. Its owner is known where the app named one."""
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
        censor_status=censor_of(found, str(info.get("AuditStatus") or "")),  # SearchMedia tells no verdict
        transcode_status=TranscodeStatus.SUCCESS if found is VideoStatus.NORMAL else TranscodeStatus.NEVER,
        files=tuple(files),
    )


def censor_of(found: VideoStatus, audit: str) -> CensorStatus:
    """Return where a video stands in review. A status of Normal is no verdict: VOD gives it to all that can play."""
    if "Blocked" in (audit, found):
        return CensorStatus.FAIL
    return CensorStatus.SUCCESS if audit == "Normal" else CensorStatus.CHECK


def source_file(video_id: str, size: int = 0) -> MediaFile:
    return MediaFile(FileKind.SOURCE, SOURCE_SCHEME + video_id, size)


def rendition(info: Mapping[str, Any], position: int, kinds: Mapping[str, JobKind]) -> MediaFile:
    """Return the file of a GetPlayInfo stream. Our own record of its job says best which kind it is."""
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
    """Return a GetPlayInfo answer without the streams that were made of a file which another one has replaced."""
    since, old = records.file_since(video_id), records.old_streams(video_id)
    streams = (answer.get("PlayInfoList") or {}).get("PlayInfo") or []
    kept = [
        one for one in streams
        if one.get("JobId") not in old and (second(str(one.get("CreationTime"))) or since) >= since
    ]  # fmt: skip
    return {**answer, "PlayInfoList": {"PlayInfo": kept}}


def renditions(answer: Mapping[str, Any], kinds: Mapping[str, JobKind]) -> list[MediaFile]:
    """Return the renditions of a GetPlayInfo answer that a browser can play, the smallest picture first.

    The uploaded file is among the streams where no transcoding was asked for; it is no rendition.
    """
    good = [info for info in _streams(answer) if not number(info.get("Encrypt"))]
    return [rendition(info, position, kinds) for position, info in enumerate(good)]


def encrypted(answer: Mapping[str, Any]) -> list[MediaFile]:
    """Return the renditions of a GetPlayInfo answer that plain players cannot play, the smallest picture first."""
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
