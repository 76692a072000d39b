"""The domain model: plain data, independent of storage, transport and presentation."""

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
    """`status` of a video, as defined by ApsaraVideo VOD."""

    UPLOADING = "Uploading"
    UPLOAD_FAIL = "UploadFail"
    UPLOAD_SUCC = "UploadSucc"
    TRANSCODING = "Transcoding"
    TRANSCODE_FAIL = "TranscodeFail"
    CHECKING = "Checking"
    BLOCKED = "Blocked"
    NORMAL = "Normal"


class CensorStatus(StrEnum):
    """Review state of a video."""

    ON_CENSOR = "onCensor"  # under machine review
    CHECK = "check"  # waiting for a person
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
    """A reviewer's decision on a video."""

    NORMAL = "Normal"
    BLOCKED = "Blocked"


class FileKind(StrEnum):
    """The kind of a video's file."""

    SOURCE = "source"
    COMMON = "common"
    NARROW = "narrow"
    ALIYUN_ENCRYPTED = "aliyunEncrypted"  # a rendition only Alibaba's player can play
    HLS_ENCRYPTED = "hlsEncrypted"  # a rendition with HLS encryption, for players that have the key
    COVER = "cover"
    CHOSEN_COVER = "chosenCover"  # chosen by a person: takes precedence, and is kept when snapshots are renewed
    FIRST_FRAME = "firstFrame"
    SNAPSHOT = "snapshot"
    SPRITE = "sprite"  # thumbnails of the whole video in one image
    SPRITE_CUES = "spriteCues"  # its WebVTT cues, with the time of each thumbnail


ENCRYPTED = (FileKind.ALIYUN_ENCRYPTED, FileKind.HLS_ENCRYPTED)


class JobKind(StrEnum):
    """What a job does. Fast kinds (backend.jobs.concurrency) do not wait behind slow ones."""

    SNAPSHOT = "snapshot"
    COVER = "cover"
    TRANSCODE = "transcode"
    NARROW = "narrow"
    PREWARM = "prewarm"
    UPLOAD = "upload"  # from the local disk to the cloud
    PULL = "pull"  # fetch a file from a URL
    FLAGS = "flags"  # measure what technical flags are about
    BULK = "bulk"  # one action on many videos
    DEMO = "demo"


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class WarmState(StrEnum):
    """State of a prewarmed URL."""

    WAITING = "waiting"
    WARM = "warm"
    FAILED = "failed"


# Classes instantiated per row or per call are structs, which are created ten times as fast as frozen dataclasses.


class User(msgspec.Struct, frozen=True, gc=False):
    """The app's user who owns a video (not a console account)."""

    user_id: str
    user_name: str = ""
    avatar_url: str = ""


class MediaFile(msgspec.Struct, frozen=True, gc=False):
    """A file of a video: `name` is a file name in the video's folder, or a complete URL.

    It is empty if a provider that was asked for current URLs has none.
    """

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
    """A video in the catalogue. Times are seconds since 1970 (UTC), sizes bytes, durations seconds."""

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
        """The chosen cover, or else the generated one."""
        return self.file_of(FileKind.CHOSEN_COVER) or self.file_of(FileKind.COVER)

    @property
    def is_whole(self) -> bool:
        """False while the upload is unfinished, or after it failed."""
        return self.status not in (VideoStatus.UPLOADING, VideoStatus.UPLOAD_FAIL)

    @property
    def encrypted(self) -> tuple[MediaFile, ...]:
        """Renditions that standard players cannot play."""
        return self.files_of(*ENCRYPTED)

    @property
    def renditions(self) -> tuple[MediaFile, ...]:
        return self.files_of(FileKind.COMMON, FileKind.NARROW)


class MediaAccess(msgspec.Struct, frozen=True, gc=False):
    """What requests for a video's files depend on: the key they need, and whether shared caches may store the files."""

    media_key: str
    may_be_shared: bool


class Recommendation(msgspec.Struct, frozen=True, gc=False):
    """An entry of the recommended feed: the video as shown there, and the time of recommendation."""

    video: Video
    recommended: int
    cover_url: str = ""  # override from the recommendation; empty: the video's own
    first_frame_url: str = ""


@dataclass(frozen=True, slots=True)
class Trashed:
    """A deleted video that can be restored. Times are seconds since 1970 (UTC)."""

    video: Video
    deleted: int
    until: int
    deleted_by: str


class VideoFilter(msgspec.Struct, frozen=True):
    """Filters of a list; empty fields match everything. Ranges are inclusive."""

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
    tags: str = ""  # comma-separated; a video must have all of them
    min_duration: float | None = None  # seconds
    max_duration: float | None = None
    min_size: int | None = None  # bytes
    max_size: int | None = None
    flag: str = ""  # a technical flag, `any` or `none`
    min_reports: int | None = None  # of viewers, since the last verdict
    state: str | None = None  # of entries of the recommended feed: scheduled, live or ended; None: all
    at: int | None = None  # the instant at which `state` or `recommended` holds, set by the store
    playing: bool = False  # whether live ones need a rendition, set by the store


class Sort(StrEnum):
    """Sort order: time, duration, size or title; a minus sign means descending."""

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
    """One page of a list, and the total."""

    total: int
    items: tuple[T, ...]


# A row's key, and its video's media key and version; it differs after every change of what is shown.
RowVersion: TypeAlias = tuple[int, str, int]


Missing: TypeAlias = Callable[[list[RowVersion]], list[RowVersion]]  # selects the rows that are not cached


class RowPage(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list as marks, in order, and the total. `rows` are only those reported missing from the cache."""

    total: int
    versions: list[RowVersion]
    rows: tuple[T, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """Work that outlives the request that queued it."""

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
    detail: str = ""  # the tool's output: the cause of a failure, or warnings
    payload: dict[str, Any] = field(default_factory=dict)
    result: dict[str, Any] = field(default_factory=dict)  # findings of a finished job


@dataclass(frozen=True, slots=True)
class Account:
    """A user account of the console."""

    account_id: int
    user_name: str
    role: Role
    created: int
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """The account and permissions of a token; `token` is the name of an API token, empty for a session, and `desk` the
    id of a review desk if the token is its key.
    """

    account: Account
    rights: frozenset[Right]
    token: str = ""
    desk: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A sign-in session, or an API token with name and permission. Times are seconds since 1970 (UTC)."""

    session_id: str
    user_name: str
    created: int
    expires: int
    last_seen: int  # precision: one minute
    address: str = ""
    channel: str = ""
    agent: str = ""
    name: str = ""
    granted: str = ""


class Actor(msgspec.Struct, frozen=True):
    """Who makes a request; stored with every change and logged."""

    name: str  # account name, or "worker", "command line" …
    channel: str  # rest, page, command line, worker
    address: str = ""
    request_id: str = ""
    token: str = ""  # the name of the API token used


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change: who did what to which target, when, with the values before and after; `line` counts from 1."""

    at: int
    actor: Actor
    action: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
    line: int = 0


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Filters of the history; empty fields match everything. Times are inclusive."""

    actor: str = ""
    channel: str = ""
    action: str = ""
    target: str = ""
    start: int | None = None
    end: int | None = None
