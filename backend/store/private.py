"""The data folder is private: it holds password hashes, sessions and videos that nobody has approved yet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Make a folder that nobody else on this machine can read, where it is not there yet."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """Make an empty file that nobody else on this machine can read, where it is not there yet."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))


def find_open(*paths: Path) -> Iterator[Path]:
    """Yield what others on this machine may read."""
    if os.name == "posix":
        for path in paths:
            with suppress(FileNotFoundError):
                if path.stat().st_mode & OTHERS:
                    yield path


def close_to_others(*paths: Path) -> None:
    """Mend what an older version left readable; where it is not ours to mend, the doctor tells."""
    for path in find_open(*paths):
        with suppress(OSError):
            path.chmod(path.stat().st_mode & 0o777 & ~OTHERS)
