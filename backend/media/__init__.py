"""The media provider interface: stores the files of videos and makes renditions and images.

To add a provider, write a module beside this one with a class that implements it, choose it in `backend.app`, and add
it to the fixture `media` of tests/contract/test_providers.py: the same tests must pass for every provider.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.errors import ConsoleError
from backend.media.templates import TemplateGroup, Watermark
from backend.model import Actor, JobKind, User, Verdict, Video
from backend.model.fingerprint import Hashes

NO_SNAPSHOTS = (
    "In cloud mode a cover is one of the snapshots, and video {video_id} has none yet. Ask for new snapshots first."
)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track: codec and channel layout as ffmpeg names them: aac, 5.1(side) …"""

    codec: str
    channels: str
    decodes: bool = True  # whether this ffmpeg can decode it


@dataclass(frozen=True, slots=True)
class Probe:
    """Properties of a file and its first frame.

    Width and height are as displayed, in square pixels. Colour properties use ffmpeg's names, empty if absent.
    """

    duration: float  # seconds
    size: int  # bytes
    width: int
    height: int
    codec: str  # of the video stream, as ffmpeg names it: h264, hevc, mpeg2video …
    fps: float
    audio_tracks: tuple[AudioTrack, ...] = ()
    start: float = 0.0  # timestamp of the first frame or sample in seconds
    decodes: bool = True  # whether the first frame was decoded
    transfer: str = ""  # smpte2084 and arib-std-b67 are HDR
    primaries: str = ""
    matrix: str = ""
    full_range: bool = False
    interlaced: bool = False
    rgb: bool = False
    turned: bool = False  # whether ffmpeg rotates the frames while reading

    @property
    def has_audio(self) -> bool:
        return bool(self.audio_tracks)

    @property
    def sound(self) -> int | None:
        """Index of the first decodable audio track, counted among audio tracks."""
        return next((number for number, sound in enumerate(self.audio_tracks) if sound.decodes), None)

    @property
    def channels(self) -> str:
        """Channel layout of that track; empty if there is none."""
        return "" if self.sound is None else self.audio_tracks[self.sound].channels


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on a video, with its reason and comment."""

    video: Video
    verdict: Verdict
    reason: str = ""
    comment: str = ""


@dataclass(slots=True)
class LocalFile:
    """A complete file on this machine that is to be stored: where programs read it, and what is known of it."""

    path: Path
    sha256: str = ""  # "" if nobody has read it yet
    findings: Any = None  # what the provider found when it validated the file


class OpenFile(Protocol):
    """An open file of a video. Whoever opened it closes it."""

    size: int  # bytes
    modified: float  # Unix time
    tag: str  # an ETag: another one whenever the content is another

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Yield the bytes from `start` up to `stop`, in pieces.

        Raises StorageError in an object store that is away, or where the file was replaced or deleted meanwhile.
        """

    def close(self) -> None:
        """Close it."""


class MediaFiles(Protocol):
    """Stores files by video and name: in a folder (`backend.media.folder`), or in a bucket of an object store
    (`backend.media.bucket`).

    Their URLs are those of `backend.model.media_urls`. Uploads and jobs write to `scratch`, a folder of this machine,
    and put what is finished, so that a file is complete whenever it can be seen. No name and no video id leads
    elsewhere. Every method may raise StorageError; after that, what it was to change may have been changed.
    """

    @property
    def scratch(self) -> Path:
        """A folder for unfinished files. It may not exist yet."""

    @property
    def place(self) -> str:
        """Where the files are, for the operator: a folder, or s3://bucket/prefix."""

    def put(self, video_id: str, files: Mapping[str, LocalFile], *, new: bool = False) -> None:
        """Move complete files into storage, durably, replacing those of the same names.

        Raises NotFound unless the video has a source or is `new`, so that a job cannot bring back what was deleted, and
        MediaError for an id or a name that is none.
        """

    def open(self, video_id: str, name: str) -> OpenFile | None:
        """Open a file, or return None if there is none."""

    def exists(self, video_id: str, name: str) -> bool:
        """Return whether there is such a file."""

    def list(self, video_id: str = "") -> Iterator[tuple[str, str]]:
        """Yield (video id, name) of every file, or of those of one video, by name."""

    def delete(self, video_id: str, *names: str) -> None:
        """Delete these files of a video, or all of them; ignore missing ones."""

    def deleting(self, video_id: str) -> AbstractContextManager[None]:
        """Delete all files of a video after the block has succeeded; if that is interrupted, `sweep` does it later."""

    def sweep(self, is_gone: Callable[[str], bool]) -> None:
        """Finish interrupted deletions of videos of which `is_gone` is true."""

    def local(self, video_id: str, name: str) -> AbstractContextManager[LocalFile | None]:
        """Give a file to programs that read from this machine: itself or a temporary copy, not to be changed."""

    def link(self, video_id: str, name: str, seconds: int) -> str:
        """Return a URL at which anybody can get the file for so many seconds; empty if only the console serves it."""

    def describe(self) -> str:
        """Return where the files are, once it is proved that they can be put, read, listed and deleted there.

        Raises StorageError with advice for the operator; it is `passing` if the store may only be away.
        """


class MediaProvider(Protocol):
    """Runs the jobs `snapshot`, `cover`, `transcode` and `narrow` of a video, and stores its files.

    Runs them either in this process (`run`) or remotely (`start`, `poll`). Unknown videos raise `NotFound`, unusable
    files `MediaError`.
    """

    @property
    def files(self) -> MediaFiles:
        """The files that this console stores."""

    @property
    def initial_jobs(self) -> tuple[JobKind, ...]:
        """The jobs queued for every new file."""

    def describe(self) -> str:
        """Return a one-line description for the operator. Raises ConsoleError if the provider cannot work."""

    def admit(self, file: LocalFile) -> Probe:
        """Validate an uploaded file, which is read once; what is found is noted in it.

        Raises MediaError, with a message for the user, if it is not an acceptable video.
        """

    def allocate_id(
        self, title: str, file_name: str, description: str = "", tags: str = "", cate_id: int = 0,
        owner: User | None = None,
    ) -> str:  # fmt: skip
        """Return the id of a new video, registering it and its owner at a remote provider."""

    def store_file(self, video_id: str, file: LocalFile, extension: str) -> str:
        """Store a validated file as the source of a new video and return its name there."""

    def source_hash(self, video: Video) -> str:
        """Return the SHA-256 of a stored source; "" if there is none here."""

    def fingerprint(self, video: Video, download: Callable[[str], bytes]) -> tuple[Hashes, ...]:
        """Return the hashes of frames of a video, taken from its images, once per way of cutting the frames.

        Empty if there are no images, or none is clear. `download` returns an image stored elsewhere. Raises MediaError.
        """

    def is_up_to_date(self, kind: JobKind, video: Video, facts: Mapping[str, Any]) -> bool:
        """Return whether a `transcode` or `narrow` job would only repeat what exists; `facts` are those of the last
        job.
        """

    def with_known_renditions(self, video: Video) -> Video:
        """Return the video with renditions that the provider has but the catalogue may not know. Raises CloudError."""

    def update_texts(self, video_id: str, texts: Mapping[str, Any]) -> None:
        """Send a new title, description, tags or cate_id (0: none) to the provider, before the console records them.

        Raises CloudError.
        """

    def template_groups(self) -> list[TemplateGroup]:
        """Return the template groups available for transcodes; empty if there are none. Raises CloudError."""

    def watermarks(self) -> list[Watermark]:
        """Return the watermarks used by template groups. Raises CloudError."""

    def find_cut(self, texts: Mapping[str, Any]) -> list[ConsoleError]:
        """Return warnings about texts the provider stores shortened: title, description, tags, or a verdict's
        reason or comment.
        """

    def add_category(self, name: str, parent_id: int) -> int | None:
        """Create a category at the provider, before the console does; return its id there.

        None if the provider has no categories, and the console assigns the id. Raises BadRequest for an invalid name,
        and CloudError.
        """

    def rename_category(self, cate_id: int, name: str) -> None:
        """Rename a provider's category, before the console does.

        Raises as `add_category`, and NotFound if it no longer exists there.
        """

    def delete_category(self, cate_id: int) -> None:
        """Delete a provider's category and its descendants; ignore one that does not exist. Raises CloudError."""

    def judging(
        self, judgements: Sequence[Judgement], actor: Actor
    ) -> AbstractContextManager[list[ConsoleError | None]]:
        """Send verdicts on different videos to the provider; the console records them inside the block.

        Yields the error of each, in order; None if the console is to record it.
        """

    def set_playable(self, video: Video, playable: bool, action: str, actor: Actor) -> AbstractContextManager[None]:
        """Enable or disable playback for another reason than a verdict; the console performs `action` inside the block.

        `action` is TrashVideo, RestoreVideo or UndoAudit.
        """

    def deleting(self, video: Video, actor: Actor, recheck: Callable[[], object]) -> AbstractContextManager[None]:
        """Delete all files of a video; the console deletes its rows inside the block.

        `recheck` is called after the deletion is recorded and can no longer be undone; it raises if the video was
        restored in the meantime.
        """

    def delete(self, video_id: str) -> None:
        """Delete the files of a video that was never inserted; ignore missing ones."""

    def with_current_urls(self, video: Video, renew: bool = False) -> Video:
        """Return the video with URLs that are valid now, if they expire. Returns quickly.

        The name of a file without a valid URL is empty. `renew`: the last URLs did not play.
        """
