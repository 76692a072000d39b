"""Checks whether this version of the console can use a database, and migrates it."""

from __future__ import annotations

from backend.store.errors import Reason, StoreError
from backend.store.postgres import migrations
from backend.store.postgres.database import Connection
from backend.store.postgres.locks import UPGRADE

OLDEST = 140000
TOO_OLD = "The database {name} is of PostgreSQL {version}; the console needs 14 or later."
NOT_UTF8 = "The database {name} has the encoding {encoding}; make one with: create database … encoding 'UTF8'"
NOT_OURS = "The database {name} has tables that are none of this console's. Nothing was changed. Check QU_DATABASE."
OUTDATED = (
    "The database {name} is of an older version of the console. Stop what else uses it, make a backup, and run: "
    "python -m backend upgrade"
)


def prepare(connection: Connection, name: str, *, upgrade: bool) -> bool:
    """Check the schema, make it in an empty database, and migrate it with `upgrade`.

    Return whether what is derived from the rows must be made anew. A newer schema is used as it is: versions only add
    to it, so that servers can be upgraded one by one. Raises StoreError.
    """
    _check_server(connection, name)
    if not migrations.find_pending(connection) and migrations.is_ours(connection):
        return False
    with connection.transaction():
        # Whoever comes second waits, and finds it done.
        connection.execute("select pg_advisory_xact_lock($1)", [UPGRADE])
        if not migrations.is_empty(connection):
            if not migrations.is_ours(connection):
                raise StoreError(NOT_OURS.format(name=name), Reason.VERSION)
            if migrations.find_pending(connection) and not upgrade:
                raise StoreError(OUTDATED.format(name=name), Reason.VERSION)
        return migrations.upgrade(connection)


def _check_server(connection: Connection, name: str) -> None:
    version = connection.info.server_version
    if version < OLDEST:
        raise StoreError(TOO_OLD.format(name=name, version=version // 10000), Reason.VERSION)
    (encoding,) = connection.execute("show server_encoding").fetchone() or ("",)
    if encoding != "UTF8":
        raise StoreError(NOT_UTF8.format(name=name, encoding=encoding), Reason.VERSION)
