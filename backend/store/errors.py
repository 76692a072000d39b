"""Errors of an unavailable store."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a store is unavailable, independent of the database."""

    BUSY = "busy"  # locked by another process
    FULL = "full"  # no space left
    READ_ONLY = "read-only"
    UNREACHABLE = "unreachable"  # the disk or the server does not respond
    UNCERTAIN = "uncertain"  # the connection broke during the commit: the change was made, or not
    DAMAGED = "damaged"
    VERSION = "version"  # written by another version of the console
    OTHER = "other"


PASSING = (Reason.BUSY, Reason.FULL, Reason.READ_ONLY, Reason.UNREACHABLE, Reason.UNCERTAIN)


class StoreError(RuntimeError):
    """The database is unavailable; the message tells the operator why and what to do."""

    def __init__(self, text: str, reason: Reason = Reason.OTHER) -> None:
        super().__init__(text)
        self.reason = reason

    @property
    def passing(self) -> bool:
        """Return whether retrying later may help."""
        return self.reason in PASSING

    @property
    def unknown(self) -> bool:
        """Return whether the change may have been made."""
        return self.reason is Reason.UNCERTAIN
