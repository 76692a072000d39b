"""The local media provider: files in a folder of this machine, processed by ffmpeg.

Each video has its own folder. Files are written with the suffix `.part` and renamed when complete, so that only
complete files are served.
"""

from __future__ import annotations

import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from backend.errors import ConsoleError, MediaError, NotFound
from backend.jobs.runner import Done, Task
from backend.media import Judgement, Probe
from backend.media.ffmpeg import MAX_PIXELS, Ffmpeg, Report
from backend.media.files import atomic_replace, sync_folder, temp_file
from backend.media.narrow_band import narrow, plain_renditions, uses_av1
from backend.media.packets import DAMAGED, count_packets
from backend.media.snapshots import take_cover, take_pictures
from backend.media.templates import TemplateGroup, Watermark
from backend.media.transcode import NO_ENCODER, sides, transcode
from backend.model import Actor, FileKind, Job, JobKind, User, Video

CUT_OFF = (
    "The file is cut off: it should run {expected} seconds, but only {actual} are there. Send the whole file again."
)
TOO_LONG = "The video is {actual} hours long; at most {limit} are allowed. Upload it in parts."
TOO_LARGE = (
    "The picture is {width}x{height} pixels; at most {side} on a side and {millions} million in all are allowed. "
    "Scale it down."
)
TOO_COSTLY = (
    "The video has {pictures} pictures of {width}x{height}, {actual} gigapixels in all; at most {limit} are allowed "
    "(QU_MAX_GIGAPIXELS). Scale it down, or cut it into parts."
)
NO_DECODER = "The video uses the codec {codec}, which cannot be decoded here. Convert it to MP4 and send it again."
NO_SUCH_VIDEO = "There are no files of the video {video_id} here."
SOURCE_GONE = "The source of the video {video_id} is gone. Upload it again."
BAD_NAME = "{name} cannot be the name of a video."

MAX_DURATION = 6 * 3600.0  # seconds
MAX_SIDE = 8192  # pixels
# never an extension that browsers would execute
EXTENSIONS = re.compile("3g2|3gp|asf|avi|flv|m2ts|m4v|mkv|mov|mp4|mpeg|mpg|mts|ts|webm|wmv")
_VIDEO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.[A-Za-z0-9]{1,8}")

Work: TypeAlias = Callable[[Path, Path, Report], Done]  # video folder, source file
# Additionally, the file names known to the catalogue
Take: TypeAlias = Callable[[Path, Path, frozenset[str], Report], Done]


class LocalMedia:
    """Stores the files of all videos in one folder, and makes renditions and images in this process."""

    initial_jobs = (JobKind.SNAPSHOT, JobKind.TRANSCODE)

    def __init__(
        self,
        folder: Path,
        ffmpeg: Ffmpeg,
        narrow_codec: str = "auto",
        rungs: Sequence[int] = (720,),
        max_gigapixels: int = 2000,
    ) -> None:
        """`narrow_codec`: auto, av1 or h264; `rungs`: short sides of the renditions in pixels; `max_gigapixels`:
        limit of all frames of a video together, which determines the cost of its renditions.
        """
        self._folder, self._ffmpeg, self._narrow_codec, self._rungs = folder, ffmpeg, narrow_codec, rungs
        self._max_gigapixels = max_gigapixels

    def describe(self) -> str:
        """Return the ffmpeg version and narrow-band codec. Raises ConsoleError if there is no usable ffmpeg."""
        if "libx264" not in self._ffmpeg.encoders:
            raise ConsoleError(NO_ENCODER)
        narrow_by = "AV1" if uses_av1(self._ffmpeg, self._narrow_codec) else "H.264"
        return f"ffmpeg {self._ffmpeg.version}, narrow-band in {narrow_by}"

    def admit(self, path: Path) -> Probe:
        """Validate an uploaded file; only its first frame is decoded.

        Raises MediaError if it is not acceptable. Duration and frame rate are those of the actual frames.
        """
        probe = self._ffmpeg.probe(path)
        if max(probe.width, probe.height) > MAX_SIDE or probe.width * probe.height > MAX_PIXELS:
            millions = MAX_PIXELS // 1_000_000
            raise MediaError(TOO_LARGE, width=probe.width, height=probe.height, side=MAX_SIDE, millions=millions)
        _check_length(probe.duration)
        if probe.codec not in self._ffmpeg.decodable:
            raise MediaError(NO_DECODER, codec=probe.codec)
        packets = count_packets(self._ffmpeg, path, probe)
        if packets.cut_off:
            expected, actual = round(packets.declared, 1), round(packets.video.end, 1)
            raise MediaError(CUT_OFF, detail=packets.words, expected=expected, actual=actual)
        _check_length(packets.end)
        self._check_cost(probe, packets.video.packets)
        if not probe.decodes:
            raise MediaError(DAMAGED, detail=packets.words)
        return replace(probe, duration=round(packets.end, 3), fps=round(packets.video.rate, 3) or probe.fps)

    def _check_cost(self, probe: Probe, pictures: int) -> None:
        gigapixels = pictures * probe.width * probe.height / 1e9
        if gigapixels > self._max_gigapixels:
            raise MediaError(
                TOO_COSTLY,
                pictures=pictures,
                width=probe.width,
                height=probe.height,
                actual=round(gigapixels),
                limit=self._max_gigapixels,
            )

    def allocate_id(
        self, title: str, file_name: str, description: str = "", tags: str = "", cate_id: int = 0,
        owner: User | None = None,
    ) -> str:  # fmt: skip
        """Return a random id."""
        return uuid.uuid4().hex

    def store_file(self, video_id: str, path: Path, extension: str) -> str:
        """Move a validated file to the video's folder, durably, and return its name there.

        A non-video extension (such as `.html`) is replaced by `.mp4`.
        """
        folder = self._own_folder(video_id)
        if folder is None:
            raise MediaError(BAD_NAME, name=video_id[:140])
        kind = extension.lower().strip().removeprefix(".")
        name = f"source.{kind if EXTENSIONS.fullmatch(kind) else 'mp4'}"
        folder.mkdir(parents=True, exist_ok=True)
        sync_folder(self._folder)
        with temp_file(folder, "source") as whole:
            shutil.move(path, whole)  # a rename, or a copy if the incoming folder is on another disk
            atomic_replace(whole, folder / name)
        return name

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        """Run a snapshot, cover, transcode or narrow job.

        Raises NotFound if the video has no files, MediaError if it has no source. A cancelled job leaves no files.
        """
        source = self._source(video)
        known = frozenset(file.name for file in video.files) if video else frozenset()
        works: dict[JobKind, Work] = {
            JobKind.SNAPSHOT: partial(self._take, partial(take_pictures, self._ffmpeg), known),
            JobKind.COVER: partial(
                self._take, partial(take_cover, self._ffmpeg, float(job.payload.get("seconds", 0))), known
            ),
            JobKind.TRANSCODE: partial(transcode, self._ffmpeg, self._rungs),
            JobKind.NARROW: partial(narrow, self._ffmpeg, self._narrow_codec, self._rungs),
        }
        return works[job.kind](source.parent, source, task.report)

    def is_up_to_date(self, kind: JobKind, video: Video, facts: Mapping[str, Any]) -> bool:
        """Return whether all renditions exist in the configured sizes and codec."""
        files = video.files_of(FileKind.NARROW if kind is JobKind.NARROW else FileKind.COMMON)
        if not files or not all(self.path_of(video.video_id, file.name) for file in files):
            return False
        if kind is JobKind.NARROW:
            wanted = "av1" if uses_av1(self._ffmpeg, self._narrow_codec) else "h264"
            plain = {(file.width, file.height) for file in video.files_of(FileKind.COMMON)}
            return facts.get("codec") == wanted and plain == {(file.width, file.height) for file in files}
        short = min(video.width, video.height)
        made = {side - side % 2 for side in (min(rung, short) for rung in sides(self._rungs, video))}
        return made == {min(file.width, file.height) for file in files}

    def with_known_renditions(self, video: Video) -> Video:
        return video

    def update_texts(self, video_id: str, texts: Mapping[str, Any]) -> None:
        """Do nothing: texts are stored by the console only."""

    def template_groups(self) -> list[TemplateGroup]:
        """Return nothing: renditions follow the settings."""
        return []

    def watermarks(self) -> list[Watermark]:
        """Return nothing: watermarks are not supported."""
        return []

    def find_cut(self, texts: Mapping[str, Any]) -> list[ConsoleError]:
        """Return nothing: no texts are shortened."""
        return []

    def add_category(self, name: str, parent_id: int) -> int | None:
        """Return None: the console assigns the ids."""
        return None

    def rename_category(self, cate_id: int, name: str) -> None:
        """Do nothing: categories are stored by the console only."""

    def delete_category(self, cate_id: int) -> None:
        """Do nothing: categories are stored by the console only."""

    @contextmanager
    def judging(self, judgements: Sequence[Judgement], actor: Actor) -> Iterator[list[ConsoleError | None]]:
        """Accept all verdicts: they are stored by the console only."""
        yield [None] * len(judgements)

    @contextmanager
    def set_playable(self, video: Video, playable: bool, action: str, actor: Actor) -> Iterator[None]:
        """Do nothing: media URLs become invalid with their media key."""
        yield

    @contextmanager
    def deleting(self, video: Video, actor: Actor, recheck: Callable[[], object]) -> Iterator[None]:
        """Delete the folder after the rows, unless deleting the rows fails."""
        yield
        self.delete(video.video_id)

    def with_current_urls(self, video: Video) -> Video:
        """Return the video unchanged: local URLs do not expire."""
        return video

    def delete(self, video_id: str) -> None:
        """Delete the video's folder. It is renamed first, so that running jobs cannot publish into it."""
        folder = self._own_folder(video_id)
        if folder is None or not folder.is_dir():
            return
        graves = self._folder / ".deleted"
        graves.mkdir(exist_ok=True)
        folder.rename(graves / uuid.uuid4().hex)
        sync_folder(self._folder)
        for grave in graves.iterdir():  # ours, and leftovers of a crashed server
            shutil.rmtree(grave, ignore_errors=True)

    def path_of(self, video_id: str, name: str) -> Path | None:
        """Return the complete file with this name, or None for invalid names, unfinished files and links."""
        folder = self._own_folder(video_id)
        if folder is None or not _NAME.fullmatch(name) or name.endswith(".part"):
            return None
        path = folder / name
        try:
            return path if stat.S_ISREG(path.lstat().st_mode) else None
        except OSError:
            return None

    @staticmethod
    def _take(take: Take, known: frozenset[str], folder: Path, path: Path, report: Report) -> Done:
        """Take images from the plain rendition, which decodes faster, or else from the source."""
        rendition = next(iter(plain_renditions(folder)), None)
        done = take(folder, rendition or path, known, report)
        return replace(done, facts={}) if rendition else done  # the rendition may be smaller than the video

    def _own_folder(self, video_id: str) -> Path | None:
        return self._folder / video_id if _VIDEO_ID.fullmatch(video_id) else None

    def _source(self, video: Video | None) -> Path:
        if video is None or (folder := self._own_folder(video.video_id)) is None or not folder.is_dir():
            raise NotFound(NO_SUCH_VIDEO, video_id=video.video_id[:140] if video else "")
        recorded = video.file_of(FileKind.SOURCE)
        named = self.path_of(video.video_id, recorded.name) if recorded else None
        for path in (named, *sorted(folder.glob("source.*"))):
            if path and self.path_of(video.video_id, path.name):
                return path
        raise MediaError(SOURCE_GONE, video_id=video.video_id)


def _check_length(seconds: float) -> None:
    if seconds > MAX_DURATION:
        raise MediaError(TOO_LONG, actual=round(seconds / 3600, 1), limit=round(MAX_DURATION / 3600))
