"""Files of a video on the disk: made beside their place, described, and put there whole."""

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
    """A name to write to in `folder`, which is gone afterwards however it ends; so are those of runs that died.

    The names differ, so that two runs of one job (a lease that ran out) cannot write into each other's file.
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
    """A hidden folder to work in, gone afterwards however it ends; those of runs that died go too."""
    for stray in folder.glob(f".{stem}.*.part"):
        shutil.rmtree(stray, ignore_errors=True)
    shop = folder / f".{stem}.{uuid.uuid4().hex[:12]}.part"
    shop.mkdir()
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


def publish(ffmpeg: Ffmpeg, folder: Path, kind: FileKind, outputs: Sequence[Path]) -> tuple[MediaFile, ...]:
    """Move finished MP4s, best first, into `folder` under names such as `common-720.mp4`, and describe them.

    Each is safe on the disk then. What an earlier ladder left of this kind goes.
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
    """Rename a file so that it is whole under its new name even if the machine stops now."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    path.replace(target)
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe; Windows has no such call."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
