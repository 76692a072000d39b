"""The disk space that incoming files leave free for the database and running jobs."""

from __future__ import annotations

import shutil
from pathlib import Path

from backend.errors import ConsoleError

MIN_FREE_MB = 100
NO_SPACE = (
    "There is not enough disk space for this file: {reserve} MB must stay free on the server. "
    "Free some space and try again."
)


def check_free_space(folder: Path, size: int) -> None:
    """Raise ConsoleError if `size` more bytes in a folder would leave too little disk space."""
    if shutil.disk_usage(folder).free - size < MIN_FREE_MB * 1_000_000:
        raise ConsoleError(NO_SPACE, reserve=MIN_FREE_MB)
