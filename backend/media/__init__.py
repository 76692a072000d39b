"""Media providers: where a video's files live, and who makes its renditions and pictures.

To add one, write a module beside this one with a class that has these methods, choose it in `backend.app`, and
add it to the fixture `media` of tests/contract/test_providers.py: the same tests must pass for every provider.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.errors import ConsoleError
from backend.media.templates import TemplateGroup, Watermark
from backend.model import Actor, JobKind, User, Verdict, Video

NO_SNAPSHOTS = (
    "In cloud mode a cover is one of the snapshots, and video {video_id} has none yet. Ask for new snapshots first."
)


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound track: its codec and its channels, as ffmpeg names them: aac, 5.1(side) …"""

    codec: str
    channels: str
    decodes: bool = True  # whether this ffmpeg has a decoder for it


@dataclass(frozen=True, slots=True)
class Probe:
    """What a file says about itself, and its first picture. Width and height are as shown, in square pixels.

    The names of colours are ffmpeg's, and empty where there is none.
    """

    duration: float  # seconds
    size: int  # bytes
    width: int
    height: int
    codec: str  # of the video stream, as ffmpeg names it: h264, hevc, mpeg2video …
    fps: float
    sounds: tuple[Sound, ...] = ()
    start: float = 0.0  # seconds: the time of the first picture or sound in the file's own count
    decodes: bool = True  # whether a picture came
    transfer: str = ""  # smpte2084 and arib-std-b67 are HDR
    primaries: str = ""
    matrix: str = ""
    full_range: bool = False
    interlaced: bool = False
    rgb: bool = False
    turned: bool = False  # whether ffmpeg turns the pictures while it reads them

    @property
    def has_audio(self) -> bool:
        return bool(self.sounds)

    @property
    def sound(self) -> int | None:
        """The number of the first sound track that can be decoded, counted among those of sound."""
        return next((number for number, sound in enumerate(self.sounds) if sound.decodes), None)

    @property
    def channels(self) -> str:
        """The channels of that track; empty where there is none."""
        return "" if self.sound is None else self.sounds[self.sound].channels


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on a video, with its reason and comment."""

    video: Video
    verdict: Verdict
    reason: str = ""
    comment: str = ""


class MediaProvider(Protocol):
    """Runs the jobs `snapshot`, `cover`, `transcode` and `narrow` of a video, and keeps its files.

    `start` gets the job and its video; when the job is done, `poll` names the files with their kind. A video that the
    provider does not know is a `NotFound`; a file that cannot be used is a `MediaError`.
    """

    @property
    def initial_jobs(self) -> tuple[JobKind, ...]:
        """What is done with every new file."""

    def describe(self) -> str:
        """Say in a line what it works with, for the operator. Raises ConsoleError when it cannot work."""

    def admit(self, path: Path) -> Probe:
        """Look at a file somebody sent. Raises MediaError, in words for people, when it is not a video we can take."""

    def allocate_id(
        self, title: str, file_name: str, description: str = "", tags: str = "", cate_id: int = 0,
        owner: User | None = None,
    ) -> str:  # fmt: skip
        """Return the id under which a new video will be kept, and whose it is where the provider keeps that."""

    def store_file(self, video_id: str, path: Path, extension: str) -> str:
        """Move an admitted file into the video's keeping and return its name there."""

    def is_up_to_date(self, kind: JobKind, video: Video, facts: Mapping[str, Any]) -> bool:
        """Say whether a job `transcode` or `narrow` would make what is there again; `facts` are those of the last."""

    def with_known_renditions(self, video: Video) -> Video:
        """Return the video with the renditions that the provider has and the catalogue may not know, before something
        depends on them. Raises CloudError.
        """

    def update_texts(self, video_id: str, texts: Mapping[str, Any]) -> None:
        """Tell the provider of a new title, description, tags or cate_id (0: none), before the console records them.

        Raises CloudError.
        """

    def template_groups(self) -> list[TemplateGroup]:
        """Return the template groups that a transcode can be asked for with; none where there are none.

        Raises CloudError.
        """

    def watermarks(self) -> list[Watermark]:
        """Return the watermarks that those put on videos. Raises CloudError."""

    def find_cut(self, texts: Mapping[str, Any]) -> list[ConsoleError]:
        """Return in sentences which of these texts the provider holds less of than we do: a title, description or
        tags, a verdict's reason or comment.
        """

    def add_category(self, name: str, parent_id: int) -> int | None:
        """Have the provider make a category, before the console does; return the id that it has there.

        None: the provider knows none, and the console gives the id. Raises BadRequest for a name that it cannot hold,
        and CloudError.
        """

    def rename_category(self, cate_id: int, name: str) -> None:
        """Have the provider rename a category that it gave the id, before the console does.

        Raises as `add_category`, and NotFound where it has it no more.
        """

    def delete_category(self, cate_id: int) -> None:
        """Have the provider delete a category that it gave the id, with all below it; one that is gone is fine.

        Raises CloudError.
        """

    def judging(
        self, judgements: Sequence[Judgement], actor: Actor
    ) -> AbstractContextManager[list[ConsoleError | None]]:
        """Tell the provider of people's verdicts, each on another video; inside, the console records them.

        Gives what was wrong with each, in their order: None where the console is to record it.
        """

    def set_playable(self, video: Video, playable: bool, action: str, actor: Actor) -> AbstractContextManager[None]:
        """Let a video be played, or not, for another reason than a verdict; inside, the console does `action`.

        `action` is TrashVideo, RestoreVideo or UndoAudit.
        """

    def deleting(self, video: Video, actor: Actor, recheck: Callable[[], object]) -> AbstractContextManager[None]:
        """Remove everything of this video; inside, the console forgets it.

        `recheck` raises if the video was restored in the meantime. It is called once the
        deletion can no longer be undone.
        """

    def delete(self, video_id: str) -> None:
        """Remove what is kept of a video that was never entered; nothing happens where there is nothing."""

    def with_current_urls(self, video: Video) -> Video:
        """Return the video with addresses that can be fetched now, where they do not last. Never takes long."""

    def path_of(self, video_id: str, name: str) -> Path | None:
        """The file to serve for a media URL, or None when there is none here."""
