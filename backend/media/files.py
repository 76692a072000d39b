"""Atomic file operations in a video's folder."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.media.container import codecs_of
from backend.media.ffmpeg import Ffmpeg
from backend.model import FileKind, MediaFile


@contextlib.contextmanager
def temp_file(folder: Path, stem: str) -> Iterator[Path]:
    """Yield a temporary path in `folder`, deleted afterwards; leftovers of crashed runs are deleted too.

    Names are unique, so that two runs of a job (after an expired lease) do not interfere.
    """
    for stray in folder.glob(f"{stem}.*.part"):
        stray.unlink(missing_ok=True)
    path = folder / f"{stem}.{uuid.uuid4().hex[:12]}.part"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def temp_dir(folder: Path, stem: str) -> Iterator[Path]:
    """Yield a hidden temporary folder, deleted afterwards, as are those of crashed runs."""
    for stray in folder.glob(f".{stem}.*.part"):
        shutil.rmtree(stray, ignore_errors=True)
    work_dir = folder / f".{stem}.{uuid.uuid4().hex[:12]}.part"
    work_dir.mkdir()
    try:
        yield work_dir
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)


def publish(ffmpeg: Ffmpeg, folder: Path, kind: FileKind, outputs: Sequence[Path]) -> tuple[MediaFile, ...]:
    """Move finished MP4s, best first, into `folder` under names such as `common-720.mp4`, durably, and describe them.

    Renditions of an earlier ladder are deleted.
    """
    files = tuple(_described(ffmpeg, output, kind, position) for position, output in enumerate(outputs))
    for output, file in zip(outputs, files, strict=True):
        atomic_replace(output, folder / file.name)
    for stale in set(folder.glob(f"{kind}-*.mp4")) - {folder / file.name for file in files}:
        stale.unlink(missing_ok=True)
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


def atomic_replace(path: Path, target: Path) -> None:
    """Rename a file durably and atomically."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    path.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Sync a folder's entries; not available on Windows."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
