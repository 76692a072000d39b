"""The files of videos in a folder of this machine: one folder a video, in which every file appears whole."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from backend.errors import MediaError, NotFound
from backend.media import LocalFile

BAD_NAME = "{name} cannot be the name of a video."
NO_SUCH_VIDEO = "There are no files of the video {video_id} here."
PIECE = 256 << 10  # bytes read at once
SCRATCH, DELETED = ".incoming", ".deleted"
VIDEO_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\.(?!part$)[A-Za-z0-9]{1,8}")


class OpenedFile:
    """A file of the folder that is open."""

    def __init__(self, file: BinaryIO) -> None:
        found = os.fstat(file.fileno())
        self._file, self.size, self.modified = file, found.st_size, found.st_mtime
        self.tag = f'"{found.st_mtime_ns:x}-{found.st_size:x}"'

    def read(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        self._file.seek(start)
        left = max((self.size if stop is None else min(stop, self.size)) - start, 0)
        while left and (piece := self._file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        self._file.close()


class FolderFiles:
    """Keeps files in a folder. Scratch lies beside them, so that putting a file is a rename."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.scratch, self.place = folder, folder / SCRATCH, str(folder)

    def put(self, video_id: str, files: Mapping[str, LocalFile], *, new: bool = False) -> None:
        folder = self._own_folder(video_id)
        if folder is None or not all(map(NAME.fullmatch, files)):
            raise MediaError(BAD_NAME, name=video_id[:140])
        if new and not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self._folder)
        if not folder.is_dir():
            raise NotFound(NO_SUCH_VIDEO, video_id=video_id)
        ready = {name: self._into_scratch(file.path) for name, file in files.items()}
        try:
            for path in ready.values():
                sync_file(path)
            for name, path in ready.items():
                path.replace(folder / name)
            sync_folder(folder)
        except FileNotFoundError:
            if folder.is_dir():
                raise
            raise NotFound(NO_SUCH_VIDEO, video_id=video_id) from None
        finally:
            for path in ready.values():
                path.unlink(missing_ok=True)

    def open(self, video_id: str, name: str) -> OpenedFile | None:
        path = self.path_of(video_id, name)
        try:
            return OpenedFile(path.open("rb")) if path else None
        except FileNotFoundError:  # deleted meanwhile
            return None

    def exists(self, video_id: str, name: str) -> bool:
        return self.path_of(video_id, name) is not None

    def list(self, video_id: str = "") -> Iterator[tuple[str, str]]:
        for owner in [video_id] if video_id else sorted(path.name for path in _entries(self._folder)):
            folder = self._own_folder(owner)
            if folder is not None and folder.is_dir():
                names = sorted(path.name for path in _entries(folder))
                yield from ((owner, name) for name in names if self.path_of(owner, name))

    def delete(self, video_id: str, *names: str) -> None:
        folder = self._own_folder(video_id)
        if names:
            for path in (self.path_of(video_id, name) for name in names):
                if path:
                    path.unlink(missing_ok=True)
        elif folder is not None and folder.is_dir():
            graves = self._folder / DELETED
            graves.mkdir(exist_ok=True)
            folder.rename(graves / uuid.uuid4().hex)  # at once, so that jobs still at work put nothing there
            sync_folder(self._folder)
            for grave in graves.iterdir():  # ours, and those of a server that stopped before it was done
                shutil.rmtree(grave, ignore_errors=True)

    @contextlib.contextmanager
    def deleting(self, video_id: str) -> Iterator[None]:
        yield
        self.delete(video_id)

    def sweep(self, is_gone: Callable[[str], bool]) -> None:
        pass

    @contextlib.contextmanager
    def local(self, video_id: str, name: str) -> Iterator[LocalFile | None]:
        path = self.path_of(video_id, name)
        yield LocalFile(path) if path else None

    def link(self, video_id: str, name: str, seconds: int) -> str:
        return ""

    def describe(self) -> str:
        return self.place

    def path_of(self, video_id: str, name: str) -> Path | None:
        """The complete file of that name, or None: for odd names, for unfinished files, for links to elsewhere."""
        folder = self._own_folder(video_id)
        if folder is None or not NAME.fullmatch(name):
            return None
        path = folder / name
        try:
            return path if stat.S_ISREG(path.lstat().st_mode) else None
        except OSError:
            return None

    def _into_scratch(self, path: Path) -> Path:
        """Move a file to scratch unless it is there: what a killed process leaves must not lie in a video's folder."""
        if path.is_relative_to(self.scratch):
            return path
        self.scratch.mkdir(parents=True, exist_ok=True)
        return Path(shutil.move(path, self.scratch / uuid.uuid4().hex))

    def _own_folder(self, video_id: str) -> Path | None:
        return self._folder / video_id if VIDEO_ID.fullmatch(video_id) else None


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return


def sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make the names in a folder safe; Windows has no such call."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
