"""What the doctor asks a PostgreSQL server: whether it is one, keeps what it confirms, and has room."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TypeAlias

from backend.store.postgres import locks, migrations
from backend.store.postgres.database import Connection

Finding: TypeAlias = tuple[bool, str]  # whether it is good, and the text for the operator

OLDEST, NEWEST = 14, 18  # NEWEST is the last that existed when this was written
MAX_SECONDS = 2.0  # between the clocks
# In version(), and what it is
OTHERS = {
    "CockroachDB": "CockroachDB", "-YB-": "YugabyteDB", "Greenplum": "Greenplum", "Redshift": "Redshift",
    "Spanner": "Spanner", "Materialize": "Materialize",
}  # fmt: skip
# Settings with which a server loses what it confirmed, or damages its files, when its machine crashes
DURABLE = {
    "fsync": ("on",), "full_page_writes": ("on",),
    "synchronous_commit": ("on", "local", "remote_write", "remote_apply"),
}  # fmt: skip
LIMITS = """
    select current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
            - coalesce(current_setting('reserved_connections', true), '0')::bigint,
        (select nullif(rolconnlimit, -1) from pg_roles where rolname = current_user),
        (select nullif(datconnlimit, -1) from pg_database where datname = current_database()),
        (select count(*) from pg_stat_activity where backend_type = 'client backend')
"""
DISTRIBUTED = "select count(*) from pg_dist_partition"  # of Citus


def diagnose(one: Connection, other: Connection, pool: int) -> Iterator[Finding]:
    """Yield findings about the server, asked by two connections; `pool` is how many a process may have."""
    yield _examine_kind(one)
    yield _examine_schema(one)
    yield _examine_locks(one, other)
    yield _examine_clock(one)
    yield _examine_connections(one, pool)
    yield _examine_durability(one)


def _examine_kind(one: Connection) -> Finding:
    (told,) = one.execute("select version()").fetchone() or ("",)
    for word, name in OTHERS.items():
        if word in told:
            return False, (
                f"server: {name}, which is not PostgreSQL: locks, triggers or snapshots differ there. Use PostgreSQL "
                f"{OLDEST} to {NEWEST}"
            )
    version = one.info.server_version // 10_000
    (citus,) = one.execute("select to_regclass('pg_dist_partition') is not null").fetchone() or (False,)
    if citus and one.execute(DISTRIBUTED).fetchone() != (0,):
        return False, "server: Citus distributes tables of this database; the console needs all of its own on one node"
    if version > NEWEST:
        return True, f"server: PostgreSQL {version}; the newest that is known to this version is {NEWEST}"
    return True, f"server: PostgreSQL {version}, encoding {one.info.parameter_status('server_encoding')}"


def _examine_schema(one: Connection) -> Finding:
    if unknown := migrations.find_unknown(one):
        return True, (
            f"schema: of a newer version of the console ({', '.join(unknown)}), with which this one works for the time "
            "of an upgrade; replace this server too"
        )
    return True, f"schema: of this version ({migrations.applied(one)[-1]})"


def _examine_locks(one: Connection, other: Connection) -> Finding:
    """Take a lock on one connection, and see that the other cannot."""
    key = [locks.PROOF]
    with one.transaction():
        taken = one.execute("select pg_try_advisory_xact_lock($1)", key).fetchone()
        with other.transaction():
            both = other.execute("select pg_try_advisory_xact_lock($1)", key).fetchone()
    with other.transaction():
        again = other.execute("select pg_try_advisory_xact_lock($1)", key).fetchone()
    if taken == (True,) and both == (False,) and again == (True,):
        return True, "locks: one connection excludes another, tried with two"
    return False, (
        "locks: it does not hold advisory locks, so changes at once would mix. Use PostgreSQL itself, and a pooler "
        "only in session mode"
    )


def _examine_clock(one: Connection) -> Finding:
    before = time.time()
    (told,) = one.execute("select extract(epoch from clock_timestamp())::double precision").fetchone() or (0.0,)
    after = time.time()
    offset = (before + after) / 2 - told
    shown = f"clock: this machine is {abs(offset):.2f} s {'ahead of' if offset > 0 else 'behind'} the database's server"
    if abs(offset) <= MAX_SECONDS + (after - before) / 2:
        return True, shown
    return False, f"{shown}, by which leases and schedules go; let both follow NTP"


def _examine_connections(one: Connection, pool: int) -> Finding:
    server, role, database, used = one.execute(LIMITS).fetchone() or (0, None, None, 0)
    limit = min(one for one in (server, role, database) if one is not None)
    shown = (
        f"connections: {limit} at most, {used} in use; a process takes up to {pool}, so {limit // pool} processes fit"
    )
    if limit >= pool:
        return True, shown
    return False, f"{shown}. Raise max_connections, or the limit of the role or the database"


def _examine_durability(one: Connection) -> Finding:
    found = {name: (one.execute(f"show {name}").fetchone() or ("",))[0] for name in DURABLE}
    wrong = [name for name, value in found.items() if value not in DURABLE[name]]
    if wrong:
        shown = ", ".join(f"{name} is {found[name]}" for name in wrong)
        return (
            False,
            f"durability: {shown}, so a crash of the server loses confirmed changes; set {', '.join(wrong)} to on",
        )
    return True, f"durability: confirmed changes survive a crash (synchronous_commit is {found['synchronous_commit']})"
