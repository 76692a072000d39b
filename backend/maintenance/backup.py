"""Backing up and restoring the database and the media in one file."""

from __future__ import annotations

import os
import tarfile
import tempfile
import time
from contextlib import closing, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backend.maintenance.data_lock import MaintenanceError, hold_alone, hold_data_dir, require_data
from backend.maintenance.migrate import Tell, fill, refuse_problem
from backend.maintenance.wrong_place import NOBODY
from backend.settings import Settings
from backend.store import (
    StoreError,
    copy_files,
    find_damage,
    find_files,
    make_folder,
    open_store,
    open_tables,
    replace_database,
)  # fmt: skip
from backend.store.moving import Tables

if TYPE_CHECKING:
    from backend.media import MediaFiles

FILE_MODE = 0o600


def ignore(line: str) -> None:
    """Tell nobody."""


def back_up(settings: Settings, target: Path, media: MediaFiles | None, tell: Tell = ignore) -> int:
    """Write the database (and the media) to a tar file while a server is running; return its size in bytes.

    The database is not modified. A PostgreSQL database is copied from one state into the files that SQLite would have,
    so that either can be restored from it. Raises MaintenanceError and StoreError.
    """
    require_data(settings)
    if not settings.database:
        with closing(open_tables(settings.data)) as tables:
            _refuse_mark(tables)
    if target.exists():
        raise MaintenanceError(f"{target} exists already; choose another name.")
    if not target.parent.is_dir():
        raise MaintenanceError(f"The folder {target.parent} does not exist; make it, or choose another one.")
    part = target.with_name(f".{target.name}.part")
    try:
        with hold_data_dir(settings), tempfile.TemporaryDirectory(dir=target.parent) as folder:
            if settings.database:
                _copy_database(settings.database, Path(folder), tell)
            else:
                copy_files(settings.data, Path(folder))
            part.touch(FILE_MODE)
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w") as tar:
                    for path in find_files(Path(folder)):
                        tar.add(path, path.name)
                    if media is not None:
                        _add_media(tar, media)
                file.flush()
                os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise MaintenanceError(f"{target} cannot be written ({error.strerror or error}).") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _copy_database(database: str, folder: Path, tell: Tell) -> None:
    open_store(folder, held=True).close()
    with closing(open_tables(folder, database, held=False)) as old, closing(open_tables(folder)) as new:
        refuse_problem(old)
        _refuse_mark(old)
        if old.is_new():
            raise MaintenanceError(NOBODY.format(place=f"The database {old.name}"))
        fill(old, new, tell)


def _refuse_mark(tables: Tables) -> None:
    """Raise MaintenanceError for an unfinished copy, and for data that were moved: those stay as they were then."""
    if (mark := tables.read_mark()) and (mark.ended or not mark.is_source):
        raise MaintenanceError(mark.refusal(tables.name))


def _refuse_moved(settings: Settings) -> None:
    """Raise MaintenanceError for data that are elsewhere now; what cannot be read may be replaced."""
    with suppress(StoreError), closing(open_tables(settings.data, settings.database)) as tables:
        _refuse_mark(tables)


def restore(settings: Settings, source: Path, tell: Tell = ignore) -> Path | None:
    """Replace the data with a backup; return where the previous data are kept. Raises MaintenanceError and StoreError.

    `tell` is told where those of a PostgreSQL database are kept.
    """
    with (
        hold_alone(settings),
        hold_data_dir(settings) if settings.database else nullcontext(),
        tempfile.TemporaryDirectory(dir=settings.data) as folder,
    ):
        new = Path(folder)
        if settings.database or find_files(settings.data):
            _refuse_moved(settings)
        try:
            with tarfile.open(source) as tar:
                tar.extractall(new, filter="data")
        except (tarfile.TarError, OSError) as error:
            why = str(error).partition(":\n")[0]  # then a line for each compression that was tried
            raise MaintenanceError(f"{source} is not a backup of this console, or it is damaged ({why}).") from error
        if problem := find_damage(new):
            raise MaintenanceError(f"The database in the backup cannot be used ({problem}); nothing was changed.")
        kept = settings.data / f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}"
        if settings.database:
            _replace_database(settings.database, new, tell)
        # a backup without media keeps the current media
        old = [
            *([] if settings.database else find_files(settings.data)),
            *([settings.media_folder] if _has(new, "media") and settings.media_folder.exists() else []),
        ]
        if old:
            make_folder(kept)
        for path in old:
            path.replace(kept / path.name)
        for path in [*([] if settings.database else find_files(new)), *([new / "media"] if _has(new, "media") else [])]:
            path.replace(settings.data / path.name)
        return kept if old else None


def _replace_database(database: str, folder: Path, tell: Tell) -> None:
    """Fill new tables from the files of a backup, and put them in the place of the present ones."""
    open_store(folder, upgrade=True, held=True).close()
    with replace_database(database, tell) as staged:
        open_store(folder, database=staged, held=True).close()
        with closing(open_tables(folder)) as old, closing(open_tables(folder, staged)) as new:
            fill(old, new, tell)
        store = open_store(folder, database=staged, held=True)
        try:
            if wrong := [*store.history.verify().errors, *store.recount()]:
                raise MaintenanceError(f"The backup cannot be used ({'; '.join(wrong[:5])}); nothing was changed.")
        finally:
            store.close()


def _has(folder: Path, name: str) -> bool:
    return (folder / name).exists()


def _add_media(tar: tarfile.TarFile, media: MediaFiles) -> None:
    for video_id, name in media.list():
        with media.local(video_id, name) as file, suppress(FileNotFoundError):  # deleted meanwhile
            if file is not None:
                tar.add(file.path, f"media/{video_id}/{name}")
