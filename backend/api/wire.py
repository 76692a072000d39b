"""JSON structures of the documented API: names (including misspellings), times, URLs and the envelope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from backend.api.definitions import definitions
from backend.api.signing import UrlSigner
from backend.model import FileKind, MediaFile, Recommendation, Video
from backend.model.limits import write_time
from backend.model.media_urls import media_path


class UserData(msgspec.Struct, rename="camel"):
    """The owner of a video."""

    user_id: str
    user_name: str
    avatar_url: str


class VideoData(msgspec.Struct, rename="camel"):
    """A video as documented; `isRecommend` is an addition read by existing clients."""

    id: str
    video_id: str
    title: str
    description: str
    duration: float
    cover_url: str
    creation_time: str
    status: str
    first_frame_url: str
    size: int
    cate_id: int
    cate_name: str
    tags: str
    share_url: str
    user: UserData
    transcode_status: str
    snapshot_status: str
    censor_status: str
    narrow_transcode_status: str
    is_recommend: str


class ListedVideo(VideoData, rename="camel"):
    """A video with images and renditions.

    The documented name is `SnapshotList`; existing clients read `snapshotList`.
    """

    seed_snapshot_list: list[str] = msgspec.field(name="SnapshotList")
    snapshot_list: list[str]
    file_url_list: list[str]


class VideoDetail(ListedVideo, rename="camel"):
    """ListedVideo plus the documented second spelling of the renditions, `fileUrilList`."""

    seed_file_url_list: list[str] = msgspec.field(name="fileUrilList")


class SameFile(msgspec.Struct, rename="camel"):
    """A video with an identical file."""

    video_id: str
    title: str


class EditedVideo(VideoDetail, rename="camel"):
    """A changed video; `warningList` has messages about texts the provider stores differently."""

    warning_list: list[str]


class UploadedVideo(EditedVideo, rename="camel"):
    """A new video; `sameFileList` names existing videos with an identical file."""

    same_file_list: list[SameFile]


class RecommendedVideo(VideoData, rename="camel"):
    """An entry of the recommended feed; `fileUrl` is a path on the media host, without a leading slash."""

    file_url: str


class RecommendedDetail(VideoDetail, rename="camel"):
    """An entry of the recommended feed, with images and renditions as in VideoDetail."""

    file_url: str


class VideoPage(msgspec.Struct, rename="camel"):
    total: int
    video_list: list[ListedVideo]


class RecommendedPage(msgspec.Struct, rename="camel"):
    """`nowTotal` equals `total`; existing clients read it."""

    total: int
    now_total: int
    video_list: list[RecommendedVideo]


class PlayInfo(msgspec.Struct, rename="camel"):
    """A rendition in the players' format (`definition`, `playURL`), plus its properties.

    `kind` is `common` (plain), `narrow` (narrow-band HD) or `source`.
    """

    definition: str
    play_url: str = msgspec.field(name="playURL")
    kind: str
    width: int
    height: int
    size: int
    duration: float
    bitrate: int
    codecs: str


class UnplayedInfo(msgspec.Struct, rename="camel"):
    """A rendition without a URL for plain players: `kind` is as in PlayInfo, or, if encrypted, `aliyunEncrypted`
    (playable by Alibaba's player only) or `hlsEncrypted` (by players that have the key).
    """

    kind: str
    width: int
    height: int
    size: int
    duration: float
    bitrate: int


class PlayInfoList(msgspec.Struct, rename="camel"):
    """The playable renditions, the encrypted ones in `encryptedInfoList`, and in `awaitedInfoList` those that VOD has
    not returned a valid URL for: request them again in a few seconds.
    """

    video_base: VideoDetail
    play_info_list: list[PlayInfo]
    encrypted_info_list: list[UnplayedInfo]
    awaited_info_list: list[UnplayedInfo]


class TokenData(msgspec.Struct, rename="camel"):
    console_token: str


MAX_WHOLE = 2**53  # JSON parsers round larger integers
HALF_UP = 1e-10  # seconds; rounds halves up as both databases do in exports, where Python would say 0.062 for 0.0625


class Writer(msgspec.Struct, frozen=True):
    """Builds API structures from the model, for one time zone and media base URL."""

    zone: ZoneInfo
    base_url: str = ""
    signer: UrlSigner = UrlSigner()

    def time(self, second: int) -> str:
        """Format a time as `2019-01-09 22:11:29.0`."""
        return f"{write_time(second, self.zone)}.0"

    def url(self, video: Video, file: MediaFile | None) -> str:
        """Return the URL of a file, or empty."""
        if file is None or not file.name:
            return ""
        return self.signer.sign(file.name) if "://" in file.name else f"{self.base_url}/{media_path(video, file)}"

    def listed(self, video: Video) -> ListedVideo:
        return ListedVideo(**self._video(video), **self._lists(video))

    def detail(self, video: Video) -> VideoDetail:
        return VideoDetail(**self._video(video), **self._detail_lists(video))

    def edited(self, video: Video, warnings: list[str]) -> EditedVideo:
        return EditedVideo(**self._video(video), **self._detail_lists(video), warning_list=warnings)

    def uploaded(self, video: Video, same: Iterable[Video], warnings: list[str]) -> UploadedVideo:
        found = [SameFile(one.video_id, one.title) for one in same]
        lists = self._detail_lists(video)
        return UploadedVideo(**self._video(video), **lists, warning_list=warnings, same_file_list=found)

    def recommended(self, entry: Recommendation) -> RecommendedVideo:
        return RecommendedVideo(**self._entry(entry))

    def recommended_detail(self, entry: Recommendation) -> RecommendedDetail:
        return RecommendedDetail(**self._entry(entry), **self._detail_lists(entry.video))

    def _entry(self, entry: Recommendation) -> dict[str, Any]:
        video = entry.video
        values = self._video(video)
        values["creation_time"] = self.time(entry.recommended)
        values["cover_url"] = self.given_url(entry.cover_url) or values["cover_url"]
        values["first_frame_url"] = self.given_url(entry.first_frame_url) or values["first_frame_url"]
        file = video.file_of(FileKind.COMMON) or video.file_of(FileKind.NARROW)
        return {**values, "file_url": media_path(video, file) if file else ""}

    def play_info(self, video: Video) -> PlayInfoList:
        """Return playable files: plain renditions, then narrow-band ones, or the source if there are none.

        Empty while the upload is unfinished.
        """
        source = () if video.encrypted else video.files_of(FileKind.SOURCE)
        files = (video.renditions or source) if video.is_whole else ()
        infos = [
            PlayInfo(
                definition=definition,
                play_url=self.url(video, file),
                kind=file.kind.value,
                width=file.width,
                height=file.height,
                size=file.size,
                duration=number(file.duration),
                bitrate=file.bitrate,
                codecs=file.codec,
            )
            for file, definition in zip(files, definitions(files), strict=True)
            if file.name
        ]
        awaited = [unplayed(file) for file in files if not file.name]
        return PlayInfoList(self.detail(video), infos, [unplayed(file) for file in video.encrypted], awaited)

    def given_url(self, url: str) -> str:
        """Return a URL that somebody gave, which may be a path on this console."""
        return f"{self.base_url}{url}" if url.startswith("/") else self.signer.sign(url)

    def _lists(self, video: Video) -> dict[str, Any]:
        snapshots = [self.url(video, file) for file in video.files_of(FileKind.SNAPSHOT)]
        return {
            "seed_snapshot_list": snapshots,
            "snapshot_list": snapshots,
            "file_url_list": [self.url(video, file) for file in video.renditions if file.name],
        }

    def _detail_lists(self, video: Video) -> dict[str, Any]:
        lists = self._lists(video)
        return {**lists, "seed_file_url_list": lists["file_url_list"]}

    def _video(self, video: Video) -> dict[str, Any]:
        return {
            "id": str(video.id),
            "video_id": video.video_id,
            "title": video.title,
            "description": video.description,
            "duration": number(video.duration),
            "cover_url": self.url(video, video.cover),
            "creation_time": self.time(video.created),
            "status": video.status.value,
            "first_frame_url": self.url(video, video.file_of(FileKind.FIRST_FRAME)),
            "size": video.size,
            "cate_id": video.cate_id,
            "cate_name": video.cate_name,
            "tags": video.tags,
            "share_url": video.share_url,
            "user": UserData(video.user.user_id, video.user.user_name, video.user.avatar_url),
            "transcode_status": video.transcode_status.value,
            "snapshot_status": video.snapshot_status.value,
            "censor_status": video.censor_status.value,
            "narrow_transcode_status": video.narrow_transcode_status.value,
            "is_recommend": "true" if video.is_recommend else "false",
        }


def unplayed(file: MediaFile) -> UnplayedInfo:
    return UnplayedInfo(file.kind.value, file.width, file.height, file.size, number(file.duration), file.bitrate)


def number(value: float) -> int | float:
    """Return 12.0 as 12, as documented, with at most millisecond precision; 0 for infinity and NaN."""
    if not math.isfinite(value):
        return 0
    return int(value) if value.is_integer() and abs(value) < MAX_WHOLE else round(value + HALF_UP, 3)


def envelope(code: str, message: str, data: Any, request_id: str) -> dict[str, Any]:
    """Return the response envelope, with keys in the documented order."""
    return {
        "result": "true" if code == "200" else "false",
        "requestId": request_id,
        "message": message,
        "code": code,
        "data": data,
    }


encode: Callable[[Any], bytes] = msgspec.json.encode
