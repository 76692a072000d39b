"""Whether an empty database was named by mistake: the data that it was meant to have are somewhere else."""

from __future__ import annotations

from backend.errors import StorageError
from backend.maintenance.data_lock import MaintenanceError
from backend.media import MediaFiles
from backend.settings import Settings
from backend.store import Store, find_files

BESIDE_DATA = (
    "{place} is empty, but {folder} has the data of a console. Move them: without QU_DATABASE, run python -m backend "
    "migrate --to postgresql://…. If they were moved already, QU_DATABASE names another database than the one to which "
    "they were moved. To begin without them, set QU_DATA to a new folder."
)
BESIDE_MEDIA = (
    "{place} is empty, but {media} has files of videos. Probably {setting} is wrong: correct it, or restore a backup. "
    "To begin without those videos, name another place for the media, or move them away."
)
LOST = (
    "{place} has files of videos in {media}, but no database, console.sqlite3. Restore a backup; or to begin without "
    "those videos, move that folder away."
)
NOBODY = "{place} is empty: there is no console in it. Check QU_DATABASE."


def find_mistake(settings: Settings, store: Store, files: MediaFiles) -> str:
    """Return why this database is probably not the one that was meant, and what to do; empty if nothing shows that."""
    if not is_unused(store):
        return ""
    if settings.database and find_files(settings.data):
        return BESIDE_DATA.format(place=store.place, folder=settings.data)
    if settings.mode == "embedded" and _has_videos(files):
        text = BESIDE_MEDIA if settings.database or settings.media else LOST
        setting = "QU_DATABASE" if settings.database else "QU_DATA"
        return text.format(place=store.place, media=files.place, setting=setting)
    return ""


def refuse_mistake(settings: Settings, store: Store, files: MediaFiles, *, existing: bool = False) -> None:
    """Raise MaintenanceError rather than begin a console in the wrong database, or with `existing`, in any."""
    if mistake := find_mistake(settings, store, files):
        raise MaintenanceError(mistake)
    if existing and is_unused(store):
        raise MaintenanceError(NOBODY.format(place=store.place))


def is_unused(store: Store) -> bool:
    """Return whether nothing was ever done in it: the first account makes the first entry of the history."""
    return store.history.newest_line() == 0


def _has_videos(files: MediaFiles) -> bool:
    try:
        return next(iter(files.list()), None) is not None
    except StorageError:  # who starts a server is told of that elsewhere
        return False
