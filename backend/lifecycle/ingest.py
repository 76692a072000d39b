"""Turns an uploaded file into a video: validate, store, insert, and queue its first jobs."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backend.errors import ConsoleError, MediaError, StorageError
from backend.lifecycle import category_changes
from backend.lifecycle.disk_space import check_free_space
from backend.media import LocalFile, Probe
from backend.model import Actor, CensorStatus, FileKind, MediaFile, User, Video, VideoFilter, VideoStatus
from backend.model.limits import MAX_SECONDS
from backend.model.texts import one_line

if TYPE_CHECKING:
    from backend.console import Console

MAX_TITLE = 200
PIECE = 1 << 20  # bytes read at once
MAX_ALIKE = 20  # videos of the same size that a new file is compared with


@dataclass(frozen=True, slots=True)
class VideoMetadata:
    """Metadata given with a file; an empty title means the file name."""

    file_name: str
    user: User
    title: str = ""
    description: str = ""
    tags: str = ""
    cate_id: int = 0
    cate_name: str = ""
    created: int | None = None  # None: now
    video_id: str = ""  # empty: allocate one
    censor_status: CensorStatus | None = None  # None: according to QU_REVIEW


def new_incoming(scratch: Path, file_name: str = "") -> Path:
    """Return a path for an incoming file, with a random name, in the folder `scratch` of the media, creating that."""
    extension = Path(file_name).suffix.lower()
    known = extension if extension[1:].isalnum() and extension.isascii() and len(extension) <= 6 else ""
    scratch.mkdir(parents=True, exist_ok=True)
    return scratch / f"{secrets.token_hex(16)}{known}"


@contextmanager
def copied(path: Path, scratch: Path) -> Iterator[LocalFile]:
    """Copy a file to scratch, hashing it; the copy is deleted unless it was moved."""
    copy, digest = new_incoming(scratch, path.name), hashlib.sha256()
    check_free_space(copy.parent, path.stat().st_size)
    try:
        with path.open("rb") as source, copy.open("wb") as target:
            while piece := source.read(PIECE):
                digest.update(piece)
                target.write(piece)
        yield LocalFile(copy, digest.hexdigest())
    finally:
        copy.unlink(missing_ok=True)


@contextmanager
def kept_until_stored(path: Path, sha256: str = "") -> Iterator[LocalFile]:
    """Create a second link to a file in scratch for ingest.

    The original is deleted on success or if the file is rejected; on other errors, such as an unavailable database or
    object store, it is kept for a retry.
    """
    second = new_incoming(path.parent, path.name)
    try:
        try:
            os.link(path, second)
        except OSError:  # file system without hard links
            shutil.copyfile(path, second)
        yield LocalFile(second, sha256)
    except StorageError:
        raise
    except (ConsoleError, OSError):
        path.unlink(missing_ok=True)
        raise
    finally:
        second.unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def sweep_scratch(scratch: Path) -> None:
    """Delete what interrupted uploads, jobs or exports left, at server startup."""
    for path in scratch.iterdir() if scratch.is_dir() else ():
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def ingest_file(console: Console, file: LocalFile, metadata: VideoMetadata, actor: Actor) -> Video:
    """Create a video from a file, which is moved. Raises MediaError and then leaves no files."""
    try:
        return add_video(console, file, validate_file(console, file), metadata, actor)
    finally:
        file.path.unlink(missing_ok=True)


def import_file(console: Console, path: Path, metadata: VideoMetadata, actor: Actor) -> tuple[Video, list[Video]]:
    """Create a video from a copy of a file; return it and those with an identical file. Raises MediaError."""
    original = LocalFile(path)
    probe = validate_file(console, original)
    with copied(path, console.media.files.scratch) as copy:
        copy.findings = original.findings
        same = same_files(console, copy)
        return add_video(console, copy, probe, metadata, actor), same


def validate_file(console: Console, file: LocalFile) -> Probe:
    """Probe a file. Raises MediaError if it is too large or not an acceptable video."""
    limit = console.settings.max_upload_mb
    if file.path.stat().st_size > limit * 1_000_000:
        raise MediaError("The file is larger than {limit} MB.", limit=limit)
    return console.media.admit(file)


def same_files(console: Console, file: LocalFile) -> list[Video]:
    """Return the videos with an identical source file, newest first, to detect repeated uploads."""
    size = file.path.stat().st_size
    alike = console.store.catalogue.find_videos(VideoFilter(min_size=size, max_size=size), size=MAX_ALIKE).items
    if alike and not file.sha256:
        with file.path.open("rb") as opened:
            file.sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    return [video for video in alike if console.media.source_hash(video) == file.sha256]


def add_video(console: Console, file: LocalFile, probe: Probe, metadata: VideoMetadata, actor: Actor) -> Video:
    """Store a validated file, and insert its video with the first jobs."""
    title = metadata.title or title_of(metadata.file_name)
    cate_id, cate_name = category_changes.settle(console, metadata.cate_id, metadata.cate_name or None, actor)
    video_id = metadata.video_id or console.media.allocate_id(
        title, metadata.file_name, metadata.description, metadata.tags, cate_id or 0, metadata.user
    )  # fmt: skip
    name = console.media.store_file(video_id, file, Path(metadata.file_name).suffix.lower())
    reviewed = console.settings.review == "off"
    video = Video(
        video_id=video_id,
        title=title or video_id,
        user=metadata.user,
        created=int(console.clock()) if metadata.created is None else metadata.created,
        description=metadata.description,
        duration=min(probe.duration, MAX_SECONDS),
        size=probe.size,
        width=probe.width,
        height=probe.height,
        cate_id=cate_id or 0,
        cate_name=cate_name or "",
        tags=metadata.tags,
        status=VideoStatus.NORMAL if reviewed else VideoStatus.CHECKING,
        censor_status=metadata.censor_status or (CensorStatus.SUCCESS if reviewed else CensorStatus.CHECK),
        files=(_source(name, probe),),
    )
    try:
        return console.store.catalogue.add_video(video, actor, *console.media.initial_jobs, settle=True)
    except BaseException as error:
        if not getattr(error, "unknown", False):  # else the video may be there
            with suppress(StorageError):  # they stay until `doctor` finds them
                console.media.delete(video_id)
        raise


def title_of(file_name: str) -> str:
    """Return the default title: the normalized file name."""
    return one_line(Path(file_name).stem[:MAX_TITLE])


def _source(name: str, probe: Probe) -> MediaFile:
    bitrate = round(probe.size * 8 / probe.duration) if probe.duration else 0
    return MediaFile(FileKind.SOURCE, name, probe.size, probe.width, probe.height, probe.duration, bitrate)
