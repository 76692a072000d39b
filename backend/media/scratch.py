"""Scratch of one process: a folder that only its process uses, and that the next one removes if it was killed."""

from __future__ import annotations

import os
import shutil
import uuid
import weakref
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: what a killed process leaves stays
    fcntl = None  # type: ignore[assignment]

FOLDER_MODE, FILE_MODE = 0o700, 0o600


class ProcessScratch:
    """Creates a folder below `root` on first use, and removes it at the end.

    A locked file beside the folder tells other processes that it is in use.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._own: Path | None = None

    @property
    def folder(self) -> Path:
        """Return the folder; when called first, remove those of processes that were killed."""
        if self._own is None:
            self._root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            self._sweep()
            own = self._root / uuid.uuid4().hex
            own.mkdir(mode=FOLDER_MODE)
            # locked before it has the name that others look for
            new = own.with_suffix(".new")
            handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, FILE_MODE)
            _lock(handle)
            new.replace(own.with_suffix(".lock"))
            self._own = own
            weakref.finalize(self, _remove, own, handle)
        return self._own

    def _sweep(self) -> None:
        for path in self._root.glob("*.lock") if fcntl else ():
            with suppress(FileNotFoundError):  # another process sweeps too
                handle = os.open(path, os.O_RDWR)
                if _lock(handle):
                    _remove(path.with_suffix(""), handle)
                else:
                    os.close(handle)


def _remove(own: Path, handle: int) -> None:
    shutil.rmtree(own, ignore_errors=True)
    own.with_suffix(".lock").unlink(missing_ok=True)
    os.close(handle)


def _lock(handle: int) -> bool:
    if fcntl is not None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
