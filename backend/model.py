"""The things the console works with. Plain data: nothing here knows how it is stored, served or shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

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


class Right(StrEnum):
    """What an operation asks of its caller."""

    READ = "read"
    EXPORT = "export"
    REVIEW = "review"
    MANAGE = "manage"
    ADMIN = "admin"


class Role(StrEnum):
    """What an account may do."""

    ADMIN = "admin"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    ANALYST = "analyst"

    @property
    def rights(self) -> frozenset[Right]:
        return RIGHTS[self]


RIGHTS = {
    Role.ADMIN: frozenset(Right),
    Role.MANAGER: frozenset(Right) - {Right.ADMIN},
    Role.REVIEWER: frozenset({Right.READ, Right.REVIEW}),
    Role.ANALYST: frozenset({Right.READ, Right.EXPORT}),
}


class FileKind(StrEnum):
    """What a file of a video is."""

    SOURCE = "source"
    COMMON = "common"
    NARROW = "narrow"
    COVER = "cover"
    FIRST_FRAME = "firstFrame"
    SNAPSHOT = "snapshot"


class JobKind(StrEnum):
    """What a job does. The two quick ones do not wait behind the slow ones."""

    SNAPSHOT = "snapshot"
    TRANSCODE = "transcode"
    NARROW = "narrow"
    PREWARM = "prewarm"
    UPLOAD = "upload"  # from our disk to the cloud
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


@dataclass(frozen=True, slots=True)
class User:
    """The app's user who uploaded a video (not an account of the console)."""

    user_id: str
    user_name: str = ""
    avatar_url: str = ""


@dataclass(frozen=True, slots=True)
class MediaFile:
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


@dataclass(frozen=True, slots=True)
class Video:
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
    def renditions(self) -> tuple[MediaFile, ...]:
        return self.files_of(FileKind.COMMON, FileKind.NARROW)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """An entry of the recommended feed: the video as it is shown there, and when it came in."""

    video: Video
    recommended: int
    cover_url: str = ""  # given with the recommendation; empty: the video's own
    first_frame_url: str = ""


@dataclass(frozen=True, slots=True)
class VideoFilter:
    """What a list is narrowed to; an empty field narrows nothing. Times are inclusive."""

    video_id: str = ""
    user_id: str = ""
    title: str = ""
    user_name: str = ""
    censor_status: CensorStatus | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list, and how many there are in all."""

    total: int
    items: tuple[T, ...]


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
    detail: str = ""  # the tool's own words
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
class Actor:
    """Who asks: kept with every change, and written into the log."""

    name: str  # account, or what acts by itself: "worker", "command line"
    way: str  # rest, page, command line, worker
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One change: who did what to which video, when, and what it was before and after."""

    at: int
    actor: Actor
    action: str
    target: str
    before: dict[str, Any]
    after: dict[str, Any]
