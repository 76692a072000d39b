"""The things the console works with. Plain data: nothing here knows how it is stored, served or shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from backend.auth.permissions import Right, Role

SECONDS_A_DAY = 86_400

T = TypeVar("T")


class VideoStatus(StrEnum):
    """`status` of a video, in ApsaraVideo VOD's words."""

    UPLOADING = "Uploading"
    UPLOAD_FAIL = "UploadFail"
    UPLOAD_SUCC = "UploadSucc"
    TRANSCODING = "Transcoding"
    TRANSCODE_FAIL = "TranscodeFail"
    CHECKING = "Checking"
    BLOCKED = "Blocked"
    NORMAL = "Normal"


class CensorStatus(StrEnum):
    """Where a video stands in review."""

    ON_CENSOR = "onCensor"  # the machine is looking
    CHECK = "check"  # waits for a person
    SUCCESS = "success"
    FAIL = "fail"


class TranscodeStatus(StrEnum):
    """State of the plain or of the narrow-band renditions."""

    NEVER = ""
    RUNNING = "onTranscode"
    SUCCESS = "success"
    FAIL = "fail"


class SnapshotStatus(StrEnum):
    """State of cover, first frame and snapshots."""

    NEVER = ""
    RUNNING = "onSnapshot"
    SUCCESS = "success"
    FAIL = "fail"


class Verdict(StrEnum):
    """A person's decision on a video."""

    NORMAL = "Normal"
    BLOCKED = "Blocked"


class FileKind(StrEnum):
    """What a file of a video is."""

    SOURCE = "source"
    COMMON = "common"
    NARROW = "narrow"
    ALIYUN_ENCRYPTED = "aliyunEncrypted"  # a rendition that only Alibaba's own player plays
    HLS_ENCRYPTED = "hlsEncrypted"  # one by HLS's own encryption, for players that are given the key
    COVER = "cover"
    CHOSEN_COVER = "chosenCover"  # by a person: it goes before the other, and new snapshots leave it
    FIRST_FRAME = "firstFrame"
    SNAPSHOT = "snapshot"
    SPRITE = "sprite"  # tiles of the whole video in one picture
    SPRITE_CUES = "spriteCues"  # the WebVTT beside it: which moment each tile shows


ENCRYPTED = (FileKind.ALIYUN_ENCRYPTED, FileKind.HLS_ENCRYPTED)


class JobKind(StrEnum):
    """What a job does. The quick ones (backend.jobs.schedule) do not wait behind the slow ones."""

    SNAPSHOT = "snapshot"
    COVER = "cover"
    TRANSCODE = "transcode"
    NARROW = "narrow"
    PREWARM = "prewarm"
    UPLOAD = "upload"  # from our disk to the cloud
    PULL = "pull"  # a file from an address elsewhere
    DEMO = "demo"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WarmState(StrEnum):
    """State of one prewarmed URL."""

    WAITING = "waiting"
    WARM = "warm"
    FAILED = "failed"


# What pages of lists are made of, and what every call makes, are structs: they are made ten times as quickly as frozen
# dataclasses.


class User(msgspec.Struct, frozen=True, gc=False):
    """The app's user who uploaded a video (not an account of the console)."""

    user_id: str
    user_name: str = ""
    avatar_url: str = ""


class MediaFile(msgspec.Struct, frozen=True, gc=False):
    """One file of a video: `name` is a file name in the video's own folder, or a complete URL elsewhere."""

    kind: FileKind
    name: str
    size: int = 0
    width: int = 0
    height: int = 0
    duration: float = 0.0
    bitrate: int = 0  # bits per second, all streams
    codec: str = ""  # RFC 6381, as in a <source type="…; codecs=…">; empty when unknown
    position: int = 0


class Video(msgspec.Struct, frozen=True, gc=False):
    """One video of the catalogue. Times are seconds since 1970 (UTC), sizes bytes, durations seconds."""

    video_id: str
    title: str
    user: User
    created: int
    id: int = 0
    description: str = ""
    duration: float = 0.0
    size: int = 0
    width: int = 0
    height: int = 0
    cate_id: int = 0
    cate_name: str = ""
    tags: str = ""
    share_url: str = ""
    status: VideoStatus = VideoStatus.CHECKING
    censor_status: CensorStatus = CensorStatus.CHECK
    transcode_status: TranscodeStatus = TranscodeStatus.NEVER
    narrow_transcode_status: TranscodeStatus = TranscodeStatus.NEVER
    snapshot_status: SnapshotStatus = SnapshotStatus.NEVER
    is_recommend: bool = False
    media_key: str = ""  # the unguessable part of its media URLs
    files: tuple[MediaFile, ...] = ()

    def files_of(self, *kinds: FileKind) -> tuple[MediaFile, ...]:
        return tuple(file for file in self.files if file.kind in kinds)

    def file_of(self, kind: FileKind) -> MediaFile | None:
        return next(iter(self.files_of(kind)), None)

    @property
    def cover(self) -> MediaFile | None:
        """The one that a person chose, or else the one that was made."""
        return self.file_of(FileKind.CHOSEN_COVER) or self.file_of(FileKind.COVER)

    @property
    def is_whole(self) -> bool:
        """False while the upload has not finished, or after it broke off."""
        return self.status not in (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)

    @property
    def encrypted(self) -> tuple[MediaFile, ...]:
        """Renditions that plain players cannot play."""
        return self.files_of(*ENCRYPTED)

    @property
    def renditions(self) -> tuple[MediaFile, ...]:
        return self.files_of(FileKind.COMMON, FileKind.NARROW)


class Recommendation(msgspec.Struct, frozen=True, gc=False):
    """An entry of the recommended feed: the video as it is shown there, and when it came in."""

    video: Video
    recommended: int
    cover_url: str = ""  # given with the recommendation; empty: the video's own
    first_frame_url: str = ""


@dataclass(frozen=True, slots=True)
class Trashed:
    """A deleted video, as it was, that can be restored. Times are seconds since 1970 (UTC)."""

    video: Video
    deleted: int
    until: int
    deleted_by: str


class VideoFilter(msgspec.Struct, frozen=True):
    """What a list is narrowed to; an empty field narrows nothing. Ranges hold both their ends."""

    video_id: str = ""
    user_id: str = ""
    title: str = ""
    user_name: str = ""
    censor_status: CensorStatus | None = None
    start: int | None = None
    end: int | None = None
    cate_id: int | None = None
    transcode_status: TranscodeStatus | None = None
    narrow_transcode_status: TranscodeStatus | None = None
    recommended: bool | None = None
    tags: str = ""  # separated by commas; a video has all of them
    min_duration: float | None = None  # seconds
    max_duration: float | None = None
    min_size: int | None = None  # bytes
    max_size: int | None = None


class Sort(StrEnum):
    """The order of a list: by when it came in, duration, bytes or title; with a minus from the greatest down."""

    NEWEST = "-creationTime"
    OLDEST = "creationTime"
    LONGEST = "-duration"
    SHORTEST = "duration"
    LARGEST = "-size"
    SMALLEST = "size"
    TITLE = "title"
    TITLE_DOWN = "-title"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and how many there are in all."""

    total: int
    items: tuple[T, ...]


# A row's key, and its video's media key and version: another mark after every change to what is shown.
Mark: TypeAlias = tuple[int, str, int]


Missing: TypeAlias = Callable[[list[Mark]], list[Mark]]  # says whose rows somebody has not got, in their order


class Listed(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list by the marks of its rows, in order, and how many there are in all.

    `rows` are those of the marks alone that were said to be missing, in their order.
    """

    total: int
    marks: list[Mark]
    rows: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """A piece of work that outlives the request that asked for it."""

    job_id: str
    kind: JobKind
    state: JobState
    created: int
    video_id: str = ""
    attempts: int = 0
    progress: float = 0.0
    reference: str = ""
    started: int | None = None
    finished: int | None = None
    error: str = ""  # a packed ConsoleError
    detail: str = ""  # the tool's own words: why it failed, or what it complained about and did all the same
    payload: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)  # what a finished job found out


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may use the console."""

    account_id: int
    user_name: str
    role: Role
    created: int
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """Who holds a token, and what may be done with it: `token` is the name of an API token, empty for a session."""

    account: Account
    rights: frozenset[Right]
    token: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in that lasts, or an API token: one with a name and a right. Times are seconds since 1970 (UTC)."""

    session_id: str
    user_name: str
    created: int
    expires: int
    last_seen: int  # to a minute
    address: str = ""
    channel: str = ""
    agent: str = ""
    name: str = ""
    granted: str = ""


class Actor(msgspec.Struct, frozen=True):
    """Who asks: kept with every change, and written into the log."""

    name: str  # account, or what acts by itself: "worker", "command line"
    channel: str  # rest, page, command line, worker
    address: str = ""
    request_id: str = ""
    token: str = ""  # the name of the API token that was shown


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change: who did what to which video, when, and what it was before and after; `line` counts from 1."""

    at: int
    actor: Actor
    action: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    line: int = 0


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What the history is narrowed to; an empty field narrows nothing. Times are inclusive."""

    actor: str = ""
    channel: str = ""
    action: str = ""
    target: str = ""
    start: int | None = None
    end: int | None = None
