"""File permissions of the data folder, which holds password hashes, sessions and unreviewed videos."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Create a folder readable only by its owner, if it does not exist."""
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)


def make_file(path: Path) -> None:
    """Create an empty file readable only by its owner, if it does not exist."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))


def find_open(*paths: Path) -> Iterator[Path]:
    """Yield the paths that other users can read."""
    if os.name == "posix":
        for path in paths:
            with suppress(FileNotFoundError):
                if path.stat().st_mode & OTHERS:
                    yield path


def close_to_others(*paths: Path) -> None:
    """Remove other users' access to files created by older versions; `doctor` reports those that cannot be changed."""
    for path in find_open(*paths):
        with suppress(OSError):
            path.chmod(path.stat().st_mode & 0o777 & ~OTHERS)
