"""What a store that cannot be used says."""

from __future__ import annotations

PASSING = ("BUSY", "LOCKED", "PROTOCOL", "FULL", "READONLY", "IOERR", "CANTOPEN")


class StoreError(RuntimeError):
    """The database cannot be used now; the text says why, and for whoever runs the console, what to do."""

    @property
    def cause(self) -> str:
        """SQLite's name of what is wrong, such as `FULL`, `READONLY` or `CORRUPT`; empty where it has none."""
        name: str = getattr(self.__cause__, "sqlite_errorname", "")
        return name.removeprefix("SQLITE_").partition("_")[0]

    @property
    def passing(self) -> bool:
        """Say whether the same may be taken later: somebody else has the file, or the disk has no room."""
        return self.cause in PASSING
