"""Maps PostgreSQL errors to StoreError."""

from __future__ import annotations

import psycopg
from psycopg_pool import PoolTimeout, TooManyRequests

from backend.store.errors import Reason, StoreError

# The beginning of an SQLSTATE, the longest first (PostgreSQL's manual, appendix A)
REASONS = {
    "53100": Reason.FULL,
    "25006": Reason.READ_ONLY,
    "55P03": Reason.BUSY,  # waited for a lock as long as may be
    "57014": Reason.BUSY,  # took longer than a statement may
    "25P03": Reason.BUSY,  # kept a transaction open for too long without doing anything
    "25P04": Reason.BUSY,
    "53": Reason.BUSY,  # too many connections, out of memory
    "40": Reason.BUSY,  # serialization failure, deadlock
    "57P": Reason.UNREACHABLE,  # shut down, starting up
    "08": Reason.UNREACHABLE,
    "XX": Reason.DAMAGED,
}


class CommitLostError(psycopg.OperationalError):
    """The connection broke while a transaction was committed, so that it may or may not have been."""


def reason_of(error: psycopg.Error) -> Reason:
    """Return why the database is unavailable."""
    if isinstance(error, CommitLostError):
        return Reason.UNCERTAIN
    if isinstance(error, PoolTimeout | TooManyRequests):
        return Reason.BUSY
    state = error.sqlstate
    if state is None:
        # DatabaseError itself is one of libpq, which did not come from the server
        ended = (
            isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) or type(error) is psycopg.DatabaseError
        )
        return Reason.UNREACHABLE if ended else Reason.OTHER
    return next((reason for start, reason in REASONS.items() if state.startswith(start)), Reason.OTHER)


def may_be_committed(error: psycopg.Error) -> bool:
    """Return whether a transaction may have been committed although its commit ended with this error.

    It was not where the server refused the commit. An error that ends the connection, or none of the server's, leaves
    that open, even while the connection does not look closed yet.
    """
    if isinstance(error, psycopg.errors.PipelineAborted):
        return False
    return error.sqlstate is None or error.diag.severity_nonlocalized != "ERROR"


def store_error(text: str, error: psycopg.Error) -> StoreError:
    """Return the StoreError for a PostgreSQL error, to be raised from it."""
    return StoreError(text, reason_of(error))


def said(error: psycopg.Error) -> str:
    """Return the first line of an error: the others show the statement."""
    return (str(error).splitlines() or [type(error).__name__])[0].strip()
