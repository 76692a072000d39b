"""The files of an SQLite store: location, integrity check and read-only copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from backend.store.file_permissions import find_open as find_open_paths
from backend.store.file_permissions import make_file
from backend.store.sqlite import feed_file
from backend.store.sqlite.errors import store_error
from backend.store.sqlite.version_check import find_problem, refuse_unknown

BUSY_SECONDS = 30
DATABASE = "console.sqlite3"
FEED = "feed.sqlite3"  # versions and figures of the app's feed; not there before the first of them
VOLATILE = "attempts.sqlite3"  # sign-in attempts and one-time links


def database_in(folder: Path) -> Path:
    return folder / DATABASE


def find_files(folder: Path) -> list[Path]:
    """Return the files of the store in a folder, including its logs; empty if there is no store."""
    paths = (folder / f"{name}{suffix}" for name in (DATABASE, FEED) for suffix in ("", "-wal", "-shm"))
    return [path for path in paths if path.exists()]


def find_open(folder: Path) -> Iterator[Path]:
    """Yield the folder and database files that other users can read."""
    yield from find_open_paths(folder, *sorted(folder.glob("*.sqlite3*")))


def find_damage(folder: Path) -> str:
    """Return what is wrong with a store that is not in use; empty if it is sound and not too new."""
    if not database_in(folder).is_file():
        return f"there is no {DATABASE}"
    with closing(sqlite3.connect(database_in(folder))) as connection:
        try:
            verdict: str = connection.execute("pragma integrity_check").fetchone()[0]
            problem = find_problem(connection)
        except sqlite3.Error as error:
            return str(error)
    return verdict if verdict != "ok" else problem or feed_file.find_damage(folder / FEED)


def copy_files(folder: Path, target: Path) -> None:
    """Copy a store into another folder while it is in use. Raises StoreError."""
    _copy(database_in(folder), database_in(target), check=True)
    if (folder / FEED).exists():
        _copy(folder / FEED, target / FEED, check=False)


def _copy(path: Path, copied: Path, *, check: bool) -> None:
    make_file(copied)
    try:
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
        with closing(source), closing(sqlite3.connect(copied)) as copy:
            if check:
                refuse_unknown(source, path)
            source.backup(copy)
    except sqlite3.Error as error:
        raise store_error(f"The database {path} cannot be copied: {error}", error) from error
