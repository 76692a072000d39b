"""Replaces all tables of a database at once, and keeps the previous ones in another schema."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.store.errors import Reason, StoreError
from backend.store.postgres import migrations
from backend.store.postgres.connections import UNPOOLED
from backend.store.postgres.database import Connection, run
from backend.store.postgres.errors import said, store_error
from backend.store.postgres.opening import connect, read_address
from backend.store.postgres.schema import NOT_OURS

STAGE = "qu_restoring"
# Everything in a schema but what belongs to an extension: functions first, since they may take rows of the tables.
# Indexes, triggers and identity columns go with their tables.
OBJECTS = """
    select format('alter routine %s set schema', oid::regprocedure) as change, 1 as place
    from pg_proc p where pronamespace = $1::regnamespace
        and not exists (select 1 from pg_depend d where d.objid = p.oid and deptype = 'e')
    union all
    select format('alter %s %s set schema', case relkind when 'v' then 'view' else 'table' end, oid::regclass), 2
    from pg_class c where relnamespace = $1::regnamespace and relkind in ('r', 'p', 'v')
        and not exists (select 1 from pg_depend d where d.objid = c.oid and deptype = 'e')
    order by place
"""


@contextmanager
def replace_tables(address: str, tell: Callable[[str], None]) -> Iterator[str]:
    """Yield the address of an empty schema, which takes the place of the present one when the block ends.

    The caller holds the database alone. `tell` is told where the previous tables are kept. Raises StoreError.
    """
    name, _ = read_address(address)
    try:
        with connect(address) as connection:
            run(connection.pgconn, UNPOOLED)
            if not migrations.is_empty(connection) and not migrations.is_ours(connection):
                raise StoreError(NOT_OURS.format(name=name), Reason.VERSION)
            connection.execute(f"drop schema if exists {STAGE} cascade")
            connection.execute(f"create schema {STAGE}")
            try:
                yield _in_schema(address, STAGE)
                _swap(connection, tell)
            finally:
                connection.execute(f"drop schema if exists {STAGE} cascade")
    except psycopg.Error as error:
        raise store_error(f"The database {name} cannot be replaced: {said(error)}.", error) from error


def _swap(connection: Connection, tell: Callable[[str], None]) -> None:
    kept = f"before_restore_{time.strftime('%Y%m%d_%H%M%S')}"
    with connection.transaction():
        (present,) = connection.execute("select quote_ident(current_schema())").fetchone() or ("public",)
        if not migrations.is_empty(connection):
            connection.execute(f"create schema {kept}")
            _move(connection, present, kept)
            tell(f"The previous tables are in the schema {kept}. Once they are not needed: drop schema {kept} cascade")
        _move(connection, STAGE, present)


def _move(connection: Connection, source: str, target: str) -> None:
    for change, _ in connection.execute(OBJECTS, [source]).fetchall():
        connection.execute(f"{change} {target}")


def _in_schema(address: str, schema: str) -> str:
    options = str(conninfo_to_dict(address).get("options") or "")
    return make_conninfo(address, options=f"{options} -c search_path={schema}".strip())
