"""The local media provider: files that ffmpeg processes on this machine."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from backend.errors import ConsoleError, MediaError, NotFound
from backend.jobs.runner import Done, Task
from backend.media import Judgement, LocalFile, MediaFiles, Probe
from backend.media.ffmpeg import MAX_PIXELS, Ffmpeg, uses_av1
from backend.media.files import JobFiles, plain_renditions, remove_temp_dirs
from backend.media.fingerprint import fingerprint_pictures, fingerprint_sprite
from backend.media.folder import NO_SUCH_VIDEO
from backend.media.packets import DAMAGED, count_packets
from backend.media.snapshots import take_cover, take_pictures
from backend.media.source import (
    Findings,
    Source,
    findings_name,
    hash_of,
    open_source,
    read_findings,
    read_whole,
    write_findings,
)
from backend.media.sprite import read_vtt
from backend.media.technical_flags import READ_OPTIONS, check_video
from backend.media.templates import TemplateGroup, Watermark
from backend.media.transcode import NO_ENCODER, sides, transcode
from backend.model import Actor, FileKind, Job, JobKind, User, Video
from backend.model.fingerprint import Hashes

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
SOURCE_GONE = "The source of the video {video_id} is gone. Upload it again."

MAX_DURATION = 6 * 3600.0  # seconds
MAX_SIDE = 8192  # pixels
# never an extension that browsers would execute
EXTENSIONS = re.compile("3g2|3gp|asf|avi|flv|m2ts|m4v|mkv|mov|mp4|mpeg|mpg|mts|ts|webm|wmv")

# Additionally, the file names known to the catalogue


class LocalMedia:
    """Keeps the files of all videos in a folder or a bucket, and makes renditions and images in this process."""

    initial_jobs = (JobKind.SNAPSHOT, JobKind.TRANSCODE)

    def __init__(
        self,
        files: MediaFiles,
        ffmpeg: Ffmpeg,
        narrow_codec: str = "auto",
        rungs: Sequence[int] = (720,),
        max_gigapixels: int = 2000,
    ) -> None:
        """`narrow_codec`: auto, av1 or h264; `rungs`: short sides of the renditions in pixels; `max_gigapixels`:
        limit of all frames of a video together, which determines the cost of its renditions.
        """
        self.files, self._ffmpeg, self._narrow_codec, self._rungs = files, ffmpeg, narrow_codec, rungs
        self._max_gigapixels = max_gigapixels

    def describe(self) -> str:
        """Return the ffmpeg version, the narrow-band codec, and where the files are.

        Raises ConsoleError if there is no usable ffmpeg, or the files cannot be kept there.
        """
        if "libx264" not in self._ffmpeg.encoders:
            raise ConsoleError(NO_ENCODER)
        narrow_by = "AV1" if uses_av1(self._ffmpeg, self._narrow_codec) else "H.264"
        return f"ffmpeg {self._ffmpeg.version}, narrow-band in {narrow_by}; files in {self.files.describe()}"

    def admit(self, file: LocalFile) -> Probe:
        """Validate an uploaded file; only its first frame is decoded.

        Raises MediaError if it is not acceptable. Duration and frame rate are those of the actual frames.
        """
        probe = self._ffmpeg.probe(file.path)
        if max(probe.width, probe.height) > MAX_SIDE or probe.width * probe.height > MAX_PIXELS:
            millions = MAX_PIXELS // 1_000_000
            raise MediaError(TOO_LARGE, width=probe.width, height=probe.height, side=MAX_SIDE, millions=millions)
        _check_length(probe.duration)
        if probe.codec not in self._ffmpeg.decodable:
            raise MediaError(NO_DECODER, codec=probe.codec)
        packets = count_packets(self._ffmpeg, file.path, probe)
        if packets.cut_off:
            expected, actual = round(packets.declared, 1), round(packets.video.end, 1)
            raise MediaError(CUT_OFF, detail=packets.words, expected=expected, actual=actual)
        _check_length(packets.end)
        self._check_cost(probe, packets.video.packets)
        if not probe.decodes:
            raise MediaError(DAMAGED, detail=packets.words)
        file.findings = (probe, packets)
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

    def store_file(self, video_id: str, file: LocalFile, extension: str) -> str:
        """Store a validated file, and what was found in it, and return its name.

        A non-video extension (such as `.html`) is replaced by `.mp4`.
        """
        kind = extension.lower().strip().removeprefix(".")
        name = f"source.{kind if EXTENSIONS.fullmatch(kind) else 'mp4'}"
        files, facts = {name: file}, self.files.scratch / f"{uuid.uuid4().hex}.facts"
        try:
            if file.findings is not None:
                probe, packets = file.findings
                found = Findings(probe.size, self._ffmpeg.version, file.sha256, probe, packets)
                facts.parent.mkdir(parents=True, exist_ok=True)
                facts.write_bytes(write_findings(found))
                files[findings_name(name)] = LocalFile(facts)
            self.files.put(video_id, files, new=True)
        finally:
            facts.unlink(missing_ok=True)
        return name

    def source_hash(self, video: Video) -> str:
        """Return the SHA-256 noted when the file came in, or read it if it was not."""
        if (source := video.file_of(FileKind.SOURCE)) is None:
            return ""
        found = read_findings(self.files, video.video_id, source.name)
        return (found.sha256 if found else "") or hash_of(self.files, video.video_id, source.name)

    def run(self, job: Job, video: Video | None, task: Task) -> Done:
        """Run a snapshot, cover, transcode, narrow or flags job.

        Raises NotFound if the video has no files, MediaError if it has no source. A cancelled job leaves no files.
        """
        if job.kind is JobKind.FLAGS:
            return self._check_flags(video, task)
        files, name = JobFiles(self.files, video.video_id if video else ""), self._source(video)
        known = frozenset(file.name for file in video.files) if video else frozenset()
        # Images are taken from a plain rendition, which decodes faster.
        plain = plain_renditions(files)[:1] if job.kind in (JobKind.SNAPSHOT, JobKind.COVER) else []
        with files.local(next(iter(plain), name)) as file:
            if file is None:
                raise MediaError(SOURCE_GONE, video_id=files.video_id)
            if job.kind is JobKind.COVER:
                seconds = float(job.payload.get("seconds", 0))
                return take_cover(self._ffmpeg, seconds, files, file.path, known, task.report)
            found = None if plain else read_findings(self.files, files.video_id, name)
            source = open_source(self._ffmpeg, file.path, task.report, found)
            if job.kind is JobKind.SNAPSHOT:
                done = take_pictures(self._ffmpeg, files, source, known, task.report)
                return replace(done, facts={}) if plain else done  # the rendition may be smaller than the video
            source.check_whole()
            if job.kind is JobKind.TRANSCODE:
                return transcode(self._ffmpeg, self._rungs, files, source, task.report)
            from backend.media.narrow_band import narrow  # the search for a quality, which no other job needs

            return narrow(self._ffmpeg, self._narrow_codec, self._rungs, files, source, task.report)

    def fingerprint(self, video: Video, download: Callable[[str], bytes]) -> tuple[Hashes, ...]:
        """Return the hashes of the sprite's tiles."""
        sprite, cues = video.file_of(FileKind.SPRITE), video.file_of(FileKind.SPRITE_CUES)
        if sprite is None or cues is None:
            return ()
        tiles = read_vtt(read_whole(self.files, video.video_id, cues.name).decode())
        with self.files.local(video.video_id, sprite.name) as file:
            if file is None or not tiles:
                return ()
            size = sprite.width, sprite.height
            return fingerprint_sprite(self._ffmpeg, file.path, size, tiles, self.files.scratch)

    def fingerprint_pictures(self, images: Iterable[bytes]) -> tuple[Hashes, ...]:
        """Return the hashes of JPEG images of a video. Raises MediaError."""
        return fingerprint_pictures(self._ffmpeg, images, self.files.scratch)

    def _check_flags(self, video: Video | None, task: Task) -> Done:
        """Measure the smallest plain rendition, or the source; nothing is read of it before."""
        files, name = JobFiles(self.files, video.video_id if video else ""), self._source(video)
        plain = plain_renditions(files)[-1:]
        with files.local(next(iter(plain), name)) as file:
            if video is None or file is None:
                raise MediaError(SOURCE_GONE, video_id=files.video_id)
            reads = self._ffmpeg.reads(file.path, *READ_OPTIONS)
            sound: int | None = 0
            if found := None if plain else read_findings(self.files, files.video_id, name):
                reads = Source(file.path, found.probe, found.packets).reads(self._ffmpeg, *READ_OPTIONS)
                sound = found.probe.sound
            return check_video(self._ffmpeg, files, reads, video.duration, sound, task.report)

    def is_up_to_date(self, kind: JobKind, video: Video, facts: Mapping[str, Any]) -> bool:
        """Return whether all renditions exist in the configured sizes and codec."""
        files = video.files_of(FileKind.NARROW if kind is JobKind.NARROW else FileKind.COMMON)
        if not files or not all(self.files.exists(video.video_id, file.name) for file in files):
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
        """Delete the files after the rows, unless deleting the rows fails."""
        with self.files.deleting(video.video_id):
            yield
        remove_temp_dirs(self.files.scratch, video.video_id)

    def with_current_urls(self, video: Video, renew: bool = False) -> Video:
        """Return the video unchanged: local URLs do not expire."""
        return video

    def delete(self, video_id: str) -> None:
        """Delete the video's files, and what its running jobs have made so far."""
        self.files.delete(video_id)
        remove_temp_dirs(self.files.scratch, video_id)

    def _source(self, video: Video | None) -> str:
        names = [name for _, name in self.files.list(video.video_id)] if video and video.video_id else []
        if video is None or not names:
            raise NotFound(NO_SUCH_VIDEO, video_id=video.video_id[:140] if video else "")
        recorded = video.file_of(FileKind.SOURCE)
        if recorded and recorded.name in names:
            return recorded.name
        for name in names:
            if name.startswith("source."):
                return name
        raise MediaError(SOURCE_GONE, video_id=video.video_id)


def _check_length(seconds: float) -> None:
    if seconds > MAX_DURATION:
        raise MediaError(TOO_LONG, actual=round(seconds / 3600, 1), limit=round(MAX_DURATION / 3600))
