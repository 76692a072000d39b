"""The lock on the data folder: shared by servers and commands, exclusive for a restore."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from backend.settings import Settings
from backend.store import find_files, hold_database, make_folder

try:
    import fcntl
except ImportError:  # Windows: a restore under a running server is not detected
    fcntl = None  # type: ignore[assignment]

LOCK_TRIES = 10


class MaintenanceError(RuntimeError):
    """A backup or restore failed; the message says why and what to do."""


def require_data(settings: Settings) -> None:
    """Raise MaintenanceError if the data are in a folder in which there is no console."""
    if not settings.database and not find_files(settings.data):
        raise MaintenanceError(f"There is no console in {settings.data}. Check QU_DATA.")


@contextmanager
def hold_data_dir(settings: Settings, *, alone: bool = False) -> Iterator[bool]:
    """Hold the data lock, shared or exclusive (`alone`); yield whether nobody else held it. Raises MaintenanceError."""
    try:
        make_folder(settings.data)
        lock = (settings.data / ".hold").open("w")
    except OSError as error:
        raise MaintenanceError(f"{settings.data} cannot be written ({error.strerror}). Make it writable.") from error
    with lock:
        first = _lock(lock, exclusive=True)
        if not first and alone:
            raise MaintenanceError(f"{settings.data} is in use. Stop the server, its workers and other commands first.")
        if not first and not _lock_soon(lock):
            raise MaintenanceError(
                f"{settings.data} is held alone by a restore, a move or an upgrade; try again when that is done."
            )
        if first and not alone:
            _lock(lock, exclusive=False)
        yield first


@contextmanager
def hold_alone(settings: Settings) -> Iterator[None]:
    """Hold the data alone, in a folder or in a database. Raises MaintenanceError or StoreError if they are in use."""
    if settings.database:
        with hold_database(settings.database):
            yield
    else:
        with hold_data_dir(settings, alone=True):
            yield


def _lock(file: TextIO, *, exclusive: bool) -> bool:
    if fcntl is not None:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _lock_soon(file: TextIO) -> bool:
    """Lock shared; another starting server holds the lock exclusively for a moment."""
    for _ in range(LOCK_TRIES):
        if _lock(file, exclusive=False):
            return True
        time.sleep(0.1)
    return False
