"""Backing up and restoring the database and the media in one file."""

from __future__ import annotations

import os
import tarfile
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backend.maintenance.data_lock import MaintenanceError, hold_data_dir
from backend.settings import Settings
from backend.store import copy_files, find_damage, find_files, make_folder

if TYPE_CHECKING:
    from backend.media import MediaFiles

FILE_MODE = 0o600


def back_up(settings: Settings, target: Path, media: MediaFiles | None) -> int:
    """Write the database (and the media) to a tar file while a server is running; return its size in bytes.

    The database is not modified. Raises MaintenanceError and StoreError.
    """
    if settings.database:
        media_place = settings.media or settings.media_folder
        raise MaintenanceError(f"The data are in PostgreSQL: back them up with pg_dump, and then {media_place}.")
    if not find_files(settings.data):
        raise MaintenanceError(f"There is no console in {settings.data}, so there is nothing to back up.")
    if target.exists():
        raise MaintenanceError(f"{target} exists already; choose another name.")
    if not target.parent.is_dir():
        raise MaintenanceError(f"The folder {target.parent} does not exist; make it, or choose another one.")
    part = target.with_name(f".{target.name}.part")
    try:
        with hold_data_dir(settings), tempfile.TemporaryDirectory(dir=target.parent) as folder:
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


def restore(settings: Settings, source: Path) -> Path | None:
    """Replace the data with a backup; return where the previous data are kept. Raises MaintenanceError."""
    if settings.database:
        raise MaintenanceError("The data are in PostgreSQL: restore them there with pg_restore, while no console runs.")
    with hold_data_dir(settings, alone=True), tempfile.TemporaryDirectory(dir=settings.data) as folder:
        new = Path(folder)
        try:
            with tarfile.open(source) as tar:
                tar.extractall(new, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise MaintenanceError(f"{source} is not a backup of this console, or it is damaged ({error}).") from error
        if problem := find_damage(new):
            raise MaintenanceError(f"The database in the backup cannot be used ({problem}); nothing was changed.")
        kept = settings.data / f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}"
        # a backup without media keeps the current media
        old = [
            *find_files(settings.data),
            *([settings.media_folder] if _has(new, "media") and settings.media_folder.exists() else []),
        ]
        if old:
            make_folder(kept)
        for path in old:
            path.replace(kept / path.name)
        for path in [*find_files(new), *([new / "media"] if _has(new, "media") else [])]:
            path.replace(settings.data / path.name)
        return kept if old else None


def _has(folder: Path, name: str) -> bool:
    return (folder / name).exists()


def _add_media(tar: tarfile.TarFile, media: MediaFiles) -> None:
    for video_id, name in media.list():
        with media.local(video_id, name) as file, suppress(FileNotFoundError):  # deleted meanwhile
            if file is not None:
                tar.add(file.path, f"media/{video_id}/{name}")
