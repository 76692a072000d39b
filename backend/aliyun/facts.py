"""VOD's answers in the console's words: times, statuses, files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from backend.model import CensorStatus, FileKind, JobKind, MediaFile, TranscodeStatus, User, Video, VideoStatus

NOBODY = User("vod", "VOD")  # VOD knows no users
SOURCE_SCHEME = "vod://"  # in front of a video's id: its source lies in VOD, and every use asks for a fresh address


def utc(second: float) -> str:
    """Return a time as Alibaba writes it: `2019-01-09T14:11:29Z`."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def second(text: str) -> int | None:
    """Return the second that one of Alibaba's times means; None where it is none."""
    with suppress(ValueError):
        return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
    return None


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
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def video_of(info: Mapping[str, Any], now: int) -> Video:
    """Return what GetVideoInfo(s) or SearchMedia say of a video, as a video of nobody in particular."""
    found = status(info.get("Status")) or VideoStatus.UPLOAD_SUCC
    cover = str(info.get("CoverURL") or "")
    video_id = str(info["VideoId"])
    has_source = found not in (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)
    files = [source_file(video_id, int(number(info.get("Size"))))] if has_source else []
    files += [MediaFile(FileKind.COVER, unsigned(cover))] if cover else []
    return Video(
        video_id=video_id,
        title=str(info.get("Title") or ""),
        user=NOBODY,
        created=second(str(info.get("CreationTime", ""))) or now,
        description=str(info.get("Description") or ""),
        duration=number(info.get("Duration")),
        size=int(number(info.get("Size"))),
        cate_id=int(number(info.get("CateId"))),
        cate_name=str(info.get("CateName") or ""),
        tags=str(info.get("Tags") or ""),
        status=found,
        censor_status=censor_of(found, str(info.get("AuditStatus") or "")),
        transcode_status=TranscodeStatus.SUCCESS if found is VideoStatus.NORMAL else TranscodeStatus.NEVER,
        files=tuple(files),
    )


def censor_of(found: VideoStatus, audit: str) -> CensorStatus:
    """Return where a video stands in review: VOD's verdict where it has one, else what its status says."""
    if "Blocked" in (audit, found):
        return CensorStatus.FAIL
    if "Normal" in (audit, found):
        return CensorStatus.SUCCESS
    return CensorStatus.CHECK


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


def renditions(answer: Mapping[str, Any], kinds: Mapping[str, JobKind]) -> list[MediaFile]:
    """Return the files of a GetPlayInfo answer that a browser can play, the smallest picture first."""
    streams = (answer.get("PlayInfoList") or {}).get("PlayInfo") or []
    good = [
        info for info in streams
        if info.get("PlayURL") and not int(number(info.get("Encrypt"))) and info.get("StreamType", "video") == "video"
    ]  # fmt: skip
    good.sort(key=lambda info: (number(info.get("Width")), str(info.get("PlayURL"))))
    return [rendition(info, position, kinds) for position, info in enumerate(good)]
