"""What keeps an installation healthy: one server's hold on its folder, backup, restore, and a doctor."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from backend.errors import ConsoleError
from backend.model import JobState, VideoFilter
from backend.settings import Settings
from backend.store import Store, copy_files, find_damage, find_files, find_open, make_folder
from backend.store.hash_chain import Head

if TYPE_CHECKING:
    from backend.console import Console

try:
    import fcntl
except ImportError:  # Windows: nobody warns of a restore under a running server there
    fcntl = None  # type: ignore[assignment]

LITTLE_ROOM = 2_000_000_000
LOCK_TRIES = 10
FILE_MODE = 0o600


class UpkeepError(RuntimeError):
    """A backup or restore cannot be done; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the doctor looked at: `good`, and what to do where it is not."""

    good: bool
    text: str


@contextmanager
def holding(settings: Settings, *, alone: bool = False) -> Iterator[bool]:
    """Hold the data folder, with others or `alone`, and say whether nobody else held it. Raises UpkeepError."""
    try:
        make_folder(settings.data)
        lock = (settings.data / ".hold").open("w")
    except OSError as error:
        raise UpkeepError(f"{settings.data} cannot be written ({error.strerror}). Make it writable.") from error
    with lock:
        first = _lock(lock, exclusive=True)
        if not first and alone:
            raise UpkeepError(f"{settings.data} is in use. Stop the server, its workers and other commands first.")
        if not first and not _lock_soon(lock):
            raise UpkeepError(f"A backup is being restored into {settings.data}; try again when that is done.")
        if first and not alone:
            _lock(lock, exclusive=False)
        yield first


def _lock(file: TextIO, *, exclusive: bool) -> bool:
    if fcntl is not None:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            return False
    return True


def _lock_soon(file: TextIO) -> bool:
    """Share the folder; another server that starts has it alone for a moment."""
    for _ in range(LOCK_TRIES):
        if _lock(file, exclusive=False):
            return True
        time.sleep(0.1)
    return False


def back_up(settings: Settings, target: Path, *, media: bool = True) -> int:
    """Write the database (and the media) to a tar file, while a server goes on working; return its size in bytes.

    Nothing in the database is changed. Raises UpkeepError and StoreError.
    """
    if not find_files(settings.data):
        raise UpkeepError(f"There is no console in {settings.data}, so there is nothing to back up.")
    if target.exists():
        raise UpkeepError(f"{target} exists already; choose another name.")
    if not target.parent.is_dir():
        raise UpkeepError(f"The folder {target.parent} does not exist; make it, or choose another one.")
    part = target.with_name(f".{target.name}.part")
    try:
        with holding(settings), tempfile.TemporaryDirectory(dir=target.parent) as folder:
            copy_files(settings.data, Path(folder))
            part.touch(FILE_MODE)
            with part.open("wb") as file:
                with tarfile.open(fileobj=file, mode="w") as tar:
                    for path in find_files(Path(folder)):
                        tar.add(path, path.name)
                    if media:
                        _add_media(tar, settings.media)
                file.flush()
                os.fsync(file.fileno())
        part.replace(target)
    except OSError as error:
        raise UpkeepError(f"{target} cannot be written ({error.strerror or error}).") from error
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def restore(settings: Settings, source: Path) -> Path | None:
    """Put a backup in the place of the data; return where the data that was there is kept. Raises UpkeepError."""
    with holding(settings, alone=True), tempfile.TemporaryDirectory(dir=settings.data) as folder:
        new = Path(folder)
        try:
            with tarfile.open(source) as tar:
                tar.extractall(new, filter="data")
        except (tarfile.TarError, OSError) as error:
            raise UpkeepError(f"{source} is not a backup of this console, or it is damaged ({error}).") from error
        if problem := find_damage(new):
            raise UpkeepError(f"The database in the backup cannot be used ({problem}); nothing was changed.")
        kept = settings.data / f"before-restore-{time.strftime('%Y%m%d-%H%M%S')}"
        # A backup of the database alone leaves the media where they are.
        old = [
            *find_files(settings.data),
            *([settings.media] if _has(new, "media") and settings.media.exists() else []),
        ]
        if old:
            make_folder(kept)
        for path in old:
            path.replace(kept / path.name)
        for path in [*find_files(new), *([new / "media"] if _has(new, "media") else [])]:
            path.replace(settings.data / path.name)
        return kept if old else None


def examine(console: Console, noted: str | None = None) -> list[Finding]:
    """Look at everything that an installation needs, and say what to do where something is wrong.

    `noted` is a head of the history that somebody wrote down earlier. Raises UpkeepError when it is none.
    """
    history = _examine_history(console.store, noted)
    found = [*_examine_database(console), history, *_examine_folder(console.settings), *_examine_media(console)]
    if console.cloud is not None:
        found += [Finding(check.good, check.text) for check in console.cloud.examine()]
    return found


def _examine_database(console: Console) -> Iterator[Finding]:
    problems = console.store.check()
    yield Finding(not problems, f"database: {'; '.join(problems[:5]) or 'sound'}")
    drift = console.store.recount()
    mended = "; python -m backend doctor --rebuild rebuilds them"
    yield Finding(
        not drift, f"search index and counts: {'; '.join(drift[:5]) + mended if drift else 'match the catalogue'}"
    )
    names = [account.user_name for account in console.store.accounts.find_accounts() if not account.disabled]
    yield Finding(
        bool(names), f"accounts: {', '.join(names) or 'none; python -m backend account add NAME creates one'}"
    )
    counts = console.store.jobs.count_jobs()
    failed = sum(count for (_, state), count in counts.items() if state is JobState.FAILED)
    waiting = sum(count for (_, state), count in counts.items() if state is JobState.QUEUED)
    yield Finding(True, f"jobs: {waiting} waiting, {failed} failed")


def _examine_history(store: Store, noted: str | None) -> Finding:
    try:
        verdict = store.history.verify(Head.read(noted) if noted else None)
    except ValueError:
        raise UpkeepError(f"{noted} is not a head of the history; it looks like {Head(12)}.") from None
    if verdict.breaks:
        return Finding(
            False, f"history: {'; '.join(verdict.breaks)}. Somebody wrote into the database; compare a backup."
        )
    return Finding(
        True,
        f"history: {verdict.lines} lines, each follows the one before. A line that was changed, put in, moved or taken "
        "out would show, unless somebody computed all hashes behind it anew; to tell even then, note this elsewhere: "
        f"doctor --head {verdict.head}",
    )


def _examine_folder(settings: Settings) -> Iterator[Finding]:
    writable = os.access(settings.data, os.W_OK)
    others = [path.name for path in find_open(settings.data)]
    yield Finding(
        not others,
        f"privacy: other users of this machine can read {_some(others)} in {settings.data}; its owner mends that with "
        "chmod -R go= on the folder" if others else "privacy: no other user of this machine can read the data",
    )  # fmt: skip
    yield Finding(writable, f"folder {settings.data}: {'can be written' if writable else 'cannot be written'}")
    free = shutil.disk_usage(settings.data).free
    yield Finding(free > LITTLE_ROOM, f"room: {free / 1e9:.1f} GB free")


def _examine_media(console: Console) -> Iterator[Finding]:
    try:
        yield Finding(True, f"media: {console.media.describe()}")
    except ConsoleError as error:
        yield Finding(False, f"media: {error}")
    trashed = [one.video for one in console.store.trash.iterate()]
    known = {
        video.video_id: [file.name for file in video.files if "://" not in file.name]
        for video in chain(console.store.catalogue.iterate_videos(VideoFilter()), trashed)
    }
    yield Finding(True, f"trash: {len(trashed)} videos, {sum(video.size for video in trashed) / 1e9:.1f} GB")
    missing = [
        f"{video_id}/{name}"
        for video_id, names in known.items()
        for name in names
        if console.media.path_of(video_id, name) is None
    ]
    yield Finding(not missing, f"files: {_some(missing)} missing" if missing else "files: all there")
    folder = console.settings.media
    folders = (path.name for path in folder.iterdir()) if folder.exists() else ()
    strays = [name for name in folders if name not in known and not name.startswith(".")]
    yield Finding(not strays, f"folders of no video in {folder}: {_some(strays)}" if strays else "folders: no strays")


def _some(names: list[str]) -> str:
    return f"{', '.join(names[:3])}{' …' if len(names) > 3 else ''} ({len(names)})"


def _has(folder: Path, name: str) -> bool:
    return (folder / name).exists()


def _add_media(tar: tarfile.TarFile, folder: Path) -> None:
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        inside = path.relative_to(folder)
        if path.is_file() and not inside.parts[0].startswith(".") and path.suffix != ".part":
            try:
                tar.add(path, Path("media") / inside)
            except FileNotFoundError:
                continue  # deleted while we went through
