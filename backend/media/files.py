"""The files of one video as its jobs see them, and temporary folders for work in progress."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from backend.media import LocalFile, MediaFiles
from backend.media.container import codecs_of
from backend.media.ffmpeg import Ffmpeg
from backend.model import FileKind, MediaFile


@dataclass(frozen=True, slots=True)
class JobFiles:
    """The files of one video. A job works in a temporary folder and publishes what it made all at once."""

    files: MediaFiles
    video_id: str

    def temp_dir(self, stem: str) -> AbstractContextManager[Path]:
        """Return a temporary folder for this kind of job; those of crashed runs are deleted."""
        return temp_dir(self.files.scratch, f"{self.video_id}.{stem}")

    def put(self, paths: Mapping[str, Path]) -> None:
        """Publish finished files under these names. Raises NotFound if the video was deleted meanwhile."""
        self.files.put(self.video_id, {name: LocalFile(path) for name, path in paths.items()})

    def local(self, name: str) -> AbstractContextManager[LocalFile | None]:
        return self.files.local(self.video_id, name)

    def names(self, pattern: str) -> list[str]:
        return [name for _, name in self.files.list(self.video_id) if fnmatch(name, pattern)]

    def sweep(self, pattern: str, kept: Collection[str]) -> None:
        """Delete the files of earlier runs that are not among `kept`."""
        if stale := set(self.names(pattern)) - set(kept):
            self.files.delete(self.video_id, *stale)


@contextlib.contextmanager
def temp_dir(folder: Path, stem: str) -> Iterator[Path]:
    """Yield a hidden temporary folder, deleted afterwards, as are those of crashed runs."""
    remove_temp_dirs(folder, stem)
    work_dir = folder / f".{stem}.{uuid.uuid4().hex[:12]}.part"
    work_dir.mkdir(parents=True)
    try:
        yield work_dir
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)


def remove_temp_dirs(folder: Path, stem: str) -> None:
    """Delete the temporary folders of a stem, and of those that continue it behind a dot."""
    for stray in folder.glob(".*.part"):
        if stray.name.startswith(f".{stem}."):
            shutil.rmtree(stray, ignore_errors=True)


def plain_renditions(job: JobFiles) -> list[str]:
    """Return the names of a video's plain renditions, best first."""
    found = job.names("common-*.mp4")
    return sorted(found, key=lambda name: int("0" + "".join(filter(str.isdecimal, name[:-4]))), reverse=True)


def publish(ffmpeg: Ffmpeg, job: JobFiles, kind: FileKind, outputs: Sequence[Path]) -> tuple[MediaFile, ...]:
    """Publish finished MP4s, best first, under names such as `common-720.mp4`, and describe them.

    Renditions of an earlier ladder are deleted.
    """
    files = tuple(_described(ffmpeg, output, kind, position) for position, output in enumerate(outputs))
    job.put({file.name: output for file, output in zip(files, outputs, strict=True)})
    job.sweep(f"{kind}-*.mp4", [file.name for file in files])
    return files


def _described(ffmpeg: Ffmpeg, output: Path, kind: FileKind, position: int) -> MediaFile:
    probe = ffmpeg.probe(output)
    return MediaFile(
        kind,
        f"{kind}-{min(probe.width, probe.height)}.mp4",
        size=probe.size,
        width=probe.width,
        height=probe.height,
        duration=probe.duration,
        bitrate=round(probe.size * 8 / probe.duration) if probe.duration else 0,
        codec=codecs_of(output),
        position=position,
    )
