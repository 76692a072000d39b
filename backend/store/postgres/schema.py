"""Checks whether this version of the console can use a database, and migrates it."""

from __future__ import annotations

import time
from contextlib import suppress

from psycopg import errors

from backend.store.errors import Reason, StoreError
from backend.store.moving import DERIVED, TABLES, VOLATILE
from backend.store.postgres import locks, migrations
from backend.store.postgres.database import Connection
from backend.store.postgres.errors import said

OLDEST = 140000
TOO_OLD = "The database {name} is of PostgreSQL {version}; the console needs 14 or later."
NOT_UTF8 = "The database {name} has the encoding {encoding}; make one with: create database … encoding 'UTF8'"
NOT_OURS = (
    "The database {name} has tables that are none of this console's. Nothing was changed. Name an empty database, or "
    "check the address."
)
OUTDATED = (
    "The database {name} is of an older version of the console. Make a backup, and run: python -m backend upgrade "
    "(servers of the version before may go on running)"
)
IN_USE = (
    "The tables of {name} cannot be changed, since some are read or vacuumed all the time: {error}. Nothing was "
    "changed. Try again when that has ended; pg_stat_activity shows it."
)
TRIES, PAUSE_SECONDS = 10, 1.0
ALL = (*TABLES, *DERIVED, *VOLATILE, "finding", "changes")
# Below a second, after which a reader that waits for one of these tables would look for a deadlock and give up.
ALL_AT_ONCE = "set local lock_timeout = '300ms'; set local statement_timeout = '900ms'"
# Above a second, after which PostgreSQL cancels an automatic vacuum that somebody waits for.
ONE_BY_ONE = "set local lock_timeout = '2s'"
WITHOUT_LIMIT = "set local lock_timeout = 0; set local statement_timeout = 0"


def prepare(connection: Connection, name: str, *, upgrade: bool) -> bool:
    """Check the schema, make it in an empty database, and migrate it with `upgrade`.

    Return whether what is derived from the rows must be made anew. A newer schema is used as it is: versions only add
    to it, so that servers can be upgraded one by one. Raises StoreError.
    """
    _check_server(connection, name)
    if not _is_due(connection):
        return False
    if not migrations.is_empty(connection):
        if not migrations.is_ours(connection):
            raise StoreError(NOT_OURS.format(name=name), Reason.VERSION)
        if not upgrade:
            raise StoreError(OUTDATED.format(name=name), Reason.VERSION)
    for left in reversed(range(TRIES)):
        try:
            _upgrade(connection)
            break
        except (errors.LockNotAvailable, errors.QueryCanceled) as error:
            if not left:
                raise StoreError(IN_USE.format(name=name, error=said(error)), Reason.BUSY) from error
            time.sleep(PAUSE_SECONDS)
            _wait_for_each(connection)
    return migrations.is_rebuild_due(connection)


def _is_due(connection: Connection) -> bool:
    if not migrations.is_ours(connection) or migrations.find_pending(connection):
        return True
    return migrations.is_rebuild_due(connection)


def _upgrade(connection: Connection) -> None:
    """Apply pending steps while nobody uses the tables, which takes moments: others wait, and none of them fails.

    All locks are taken before anything is done, and soon or not at all, so that nobody waits for us while we wait.
    """
    with connection.transaction():
        connection.execute(WITHOUT_LIMIT)
        # Whoever comes second waits, and finds it done.
        connection.execute("select pg_advisory_xact_lock($1)", [locks.UPGRADE])
        for key in (locks.WRITE, locks.VOLATILE, locks.FEED):  # whoever changes something waits here, holding nothing
            connection.execute("select pg_advisory_xact_lock($1)", [key])
        if tables := _find_tables(connection):
            connection.execute(ALL_AT_ONCE)
            connection.execute(f"lock table {', '.join(tables)} in access exclusive mode")
            connection.execute(WITHOUT_LIMIT)
        migrations.upgrade(connection)


def _wait_for_each(connection: Connection) -> None:
    """Wait for each table alone, so that an automatic vacuum gives way."""
    for table in _find_tables(connection):
        with suppress(errors.LockNotAvailable), connection.transaction():
            connection.execute(ONE_BY_ONE)
            connection.execute(f"lock table {table} in access exclusive mode")


def _find_tables(connection: Connection) -> list[str]:
    sql = "select name from unnest($1::text[]) name where to_regclass(name) is not null"
    return [name for (name,) in connection.execute(sql, [list(ALL)])]


def _check_server(connection: Connection, name: str) -> None:
    version = connection.info.server_version
    if version < OLDEST:
        raise StoreError(TOO_OLD.format(name=name, version=version // 10000), Reason.VERSION)
    (encoding,) = connection.execute("show server_encoding").fetchone() or ("",)
    if encoding != "UTF8":
        raise StoreError(NOT_UTF8.format(name=name, encoding=encoding), Reason.VERSION)
