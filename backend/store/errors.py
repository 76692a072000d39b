"""What a store that cannot be used says."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a store cannot be used, whichever database is behind it."""

    BUSY = "busy"  # somebody else holds it, and may let go
    FULL = "full"  # no room is left
    READ_ONLY = "read-only"
    UNREACHABLE = "unreachable"  # the disk or the server does not answer
    DAMAGED = "damaged"
    VERSION = "version"  # it is of another version of the console
    OTHER = "other"


PASSING = (Reason.BUSY, Reason.FULL, Reason.READ_ONLY, Reason.UNREACHABLE)


class StoreError(RuntimeError):
    """The database cannot be used now; the text says why, and for whoever runs the console, what to do."""

    def __init__(self, text: str, reason: Reason = Reason.OTHER) -> None:
        super().__init__(text)
        self.reason = reason

    @property
    def passing(self) -> bool:
        """Say whether the same may be taken later: somebody else has the file, or the disk has no room."""
        return self.reason in PASSING
