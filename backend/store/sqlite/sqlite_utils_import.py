"""Imports sqlite-utils without pandas and numpy, which it imports only to recognize their types.

They would cost a server without pages 85 MB and a second at startup. They can still be imported afterwards.
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
