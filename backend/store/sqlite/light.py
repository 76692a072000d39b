"""Loads sqlite-utils without pandas and numpy, which it takes in where they are installed, only to know their types.

They cost a server without pages 85 MB and a second at its start. Whoever wants them can still import them afterwards.
"""

from __future__ import annotations

import sys
from typing import Any

HEAVY = ("pandas", "numpy")


def _load() -> None:
    modules: dict[str, Any] = sys.modules
    absent = [name for name in HEAVY if name not in modules]
    modules.update(dict.fromkeys(absent))  # None makes an import fail
    try:
        import sqlite_utils  # noqa: F401
    finally:
        for name in absent:
            del modules[name]


_load()
