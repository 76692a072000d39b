"""Copying all media from a folder to a bucket or back: every copy is compared, and an interrupted one goes on."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from backend.maintenance.data_lock import MaintenanceError
from backend.media import LocalFile, MediaFiles
from backend.media.source import hash_of

FILE_MODE = 0o600
THREADS, BATCH = 8, 64  # most files are small, and an object store takes its time for each
DIFFERS = "{name} is not the same in {place} after copying. Run the command again; if it stays so, check that store."

Tags: TypeAlias = tuple[str, str]  # of one file in both places


@dataclass(slots=True)
class Progress:
    """How many files and bytes were copied, and how many files were there already."""

    copied: int = 0
    size: int = 0
    known: int = 0


def copy_media(source: MediaFiles, target: MediaFiles, journal: Path, report: Callable[[Progress], None]) -> Progress:
    """Copy all files to another place, and read each back to compare size and SHA-256.

    `journal` is a file that notes what is equal, so that a repeated call looks only at what is new or changed. It may
    run beside a server. Raises StorageError, and MaintenanceError if a copy differs.
    """
    notes, progress = Journal(journal, f"{source.place} {target.place}"), Progress()
    with closing(notes), ThreadPoolExecutor(THREADS) as pool:
        names = source.list()
        while batch := list(islice(names, BATCH)):
            copied = pool.map(lambda one: _copy(source, target, one[0], one[1], notes.known.get(one)), batch)
            for (video_id, name), (size, tags) in zip(batch, copied, strict=True):
                progress.copied += size is not None
                progress.known += size is None
                progress.size += size or 0
                notes.add(video_id, name, tags)
            report(progress)
    return progress


def _copy(
    source: MediaFiles, target: MediaFiles, video_id: str, name: str, known: Tags | None
) -> tuple[int | None, Tags]:
    """Copy a file unless it is there; return its size if it was copied, and its tags in both places."""
    if (file := source.open(video_id, name)) is None:  # deleted meanwhile
        return None, ("", "")
    with closing(file):
        there = _tag(target, video_id, name)
        if known == (file.tag, there):
            return None, known
        path, digest = target.scratch / uuid.uuid4().hex, hashlib.sha256()
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("wb") as copy:
                for piece in file.read():
                    digest.update(piece)
                    copy.write(piece)
            if there and hash_of(target, video_id, name) == digest.hexdigest():
                return None, (file.tag, there)
            target.put(video_id, {name: LocalFile(path)}, new=True)
        finally:
            path.unlink(missing_ok=True)
        if hash_of(target, video_id, name) != digest.hexdigest():
            raise MaintenanceError(DIFFERS.format(name=f"{video_id}/{name}", place=target.place))
        return file.size, (file.tag, _tag(target, video_id, name))


def _tag(files: MediaFiles, video_id: str, name: str) -> str:
    if (file := files.open(video_id, name)) is None:
        return ""
    with closing(file):
        return file.tag


class Journal:
    """A file of one line per file that is equal in both places, after a line that names them."""

    def __init__(self, path: Path, places: str) -> None:
        self.known: dict[tuple[str, str], Tags] = {}
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        fresh = not lines or lines[0] != places
        for line in () if fresh else lines[1:]:
            try:
                video_id, name, here, there = json.loads(line)
            except ValueError:  # cut off
                continue
            self.known[video_id, name] = here, there
        flags = os.O_CREAT | os.O_WRONLY | (os.O_TRUNC if fresh else os.O_APPEND)
        self._file = os.fdopen(os.open(path, flags, FILE_MODE), "w" if fresh else "a", encoding="utf-8")
        self._file.write(f"{places}\n" if fresh else "\n")

    def add(self, video_id: str, name: str, tags: Tags) -> None:
        if self.known.get((video_id, name)) != tags:
            self._file.write(f"{json.dumps([video_id, name, *tags])}\n")
            self._file.flush()

    def close(self) -> None:
        self._file.close()
