"""Opening a connection to a PostgreSQL server, and what the operator is told if that fails."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import psycopg
from psycopg import RawCursor
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.store.errors import Reason, StoreError
from backend.store.postgres.database import Connection, adapt, run
from backend.store.postgres.errors import reason_of, said

# Defaults of a connection, which the address may set otherwise: a server that is gone is noticed within half a minute,
# and of several servers the one is used that can be written.
DEFAULTS = {
    "connect_timeout": "5", "keepalives_idle": "15", "keepalives_interval": "5", "keepalives_count": "3",
    "tcp_user_timeout": "20000", "target_session_attrs": "read-write", "application_name": "qu-console",
}  # fmt: skip
# A process that was stopped within a transaction must not stop all others.
SESSION = """
    set idle_in_transaction_session_timeout = '10s'; set lock_timeout = '30s'; set statement_timeout = '60s';
    set timezone = 'UTC'; set client_encoding = 'UTF8'; set jit = off
"""
KWARGS: dict[str, Any] = {"autocommit": True, "cursor_factory": RawCursor, "prepare_threshold": 3}

# Says nothing of the address: it may have the password where another part belongs, as p@w is read as the host w.
NO_ADDRESS = (
    "The address of the database is not one like postgresql://user:password@host/database{why}. In the user name and "
    "the password, write @ as %40, / as %2F, : as %3A and % as %25."
)
ADDRESS = "the address (QU_DATABASE, or --to)"
NO_DATABASE = (
    "There is no database {database} at {host} ({said}). Make an empty one there (createdb -E UTF8 -T template0 "
    f"{{database}}), or correct its name in {ADDRESS}."
)
NO_LOGIN = f"{{host}} does not let {{user}} in ({{said}}). Correct the user name or the password in {ADDRESS}."
NOT_ALLOWED = (
    "{host} does not allow {user} to connect to the database {database} from this machine ({said}). Allow it in "
    f"pg_hba.conf or with grant connect, or correct {ADDRESS}."
)
NO_TABLES = (
    "{user} may not make tables in the database {database} at {host} ({said}). Make that role the owner: alter "
    "database {database} owner to …"
)
NO_TLS = (
    "The connection to {host} cannot be encrypted as the address asks for ({said}). Correct sslmode or sslrootcert."
)
ONLY_READ = (
    f"{{host}} can only be read ({{said}}): it is a standby, or set so. Name the primary too in {ADDRESS}, as in "
    "postgresql://…@first,second/…"
)
NO_ROOM = (
    "{host} has no connection left for {user} ({said}). Raise max_connections, or the limit of the role or database."
)
NOT_READY = "The server at {host} is starting or ending ({said}). Try again in a moment."
NO_SERVER = (
    f"No PostgreSQL server answers at {{host}} ({{said}}). Start it, or correct the host and the port in {ADDRESS}."
)
OTHER = f"The database {{database}} at {{host}} cannot be opened: {{said}}. Check {ADDRESS}, and that the server runs."
NO_PARAMETERS = (
    "The pooler at {host} does not take what is asked of the connection ({said}). Name the server itself in the "
    "address for this."
)
HELD = "The database {database} at {host} cannot be opened: {said}."
POOLED = (
    "Between this machine and the database {database} at {host} is a pooler that gives each transaction another "
    "session, so that locks would not hold. Set it to sessions (PgBouncer: pool_mode = session), or name the server "
    f"itself in {ADDRESS}."
)


class Cause(NamedTuple):
    """Why no connection could be opened: what libpq or the server says, also with Chinese messages."""

    pattern: str
    text: str
    reason: Reason


# libpq gives no SQLSTATE of a connection that was not opened. What is more specific comes first, since there is an
# attempt for each host of the address.
CAUSES = (
    Cause("being restored or moved", HELD, Reason.UNREACHABLE),
    Cause("unsupported startup parameter", NO_PARAMETERS, Reason.OTHER),
    Cause(r'(database|数据库) "[^"]*" (does not exist|不存在)', NO_DATABASE, Reason.OTHER),
    Cause(r"no pg_hba\.conf entry|pg_hba\.conf 记录|denied for database|权限不够", NOT_ALLOWED, Reason.OTHER),
    Cause("authentication failed|认证失败|no password supplied", NO_LOGIN, Reason.OTHER),
    Cause('(role|角色) ".*(does not exist|不存在|log in|登录)', NO_LOGIN, Reason.OTHER),
    Cause("too many c|slots are reserved|太多|预留", NO_ROOM, Reason.BUSY),
    Cause("SSL|certificate", NO_TLS, Reason.OTHER),
    Cause("session is read-only", ONLY_READ, Reason.UNREACHABLE),
    Cause("starting up|shutting down|启动中|停止中", NOT_READY, Reason.UNREACHABLE),
    Cause(
        "refused|timed out|timeout|resolve host|No such file|route|unreachable|closed", NO_SERVER, Reason.UNREACHABLE
    ),
)


def read_address(address: str) -> tuple[str, str]:
    """Return how a database is named to the operator, without the password, and its address with our defaults."""
    try:
        given = conninfo_to_dict(address)
    except psycopg.Error as error:
        # other messages quote the address, or the password
        why = f" ({said(error)})" if "URI query parameter" in str(error) else ""
        raise StoreError(NO_ADDRESS.format(why=why)) from None
    if "@" in f"{given.get('host')}{given.get('dbname')}":
        raise StoreError(NO_ADDRESS.format(why=""))
    return f"{given.get('dbname') or ''} at {_host(given)}".strip(), make_conninfo(
        address, **{name: value for name, value in DEFAULTS.items() if name not in given}
    )


def _host(given: dict[str, Any]) -> str:
    host = given.get("host") or given.get("hostaddr") or "this machine"
    return f"{host}:{given['port']}" if given.get("port") else str(host)


def connect(address: str) -> Connection:
    """Open a connection to a server, or to a pooler that keeps sessions. Raises StoreError."""
    whole = read_address(address)[1]
    connection: Connection | None = None
    try:
        connection = psycopg.connect(whole, **KWARGS)
        if _shares_sessions(connection, whole):
            raise StoreError(_fill(POOLED, address, ""))
        configure(connection)
        return connection
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, psycopg.Error):
            raise explained(address, error) from error
        raise


def configure(connection: Connection) -> None:
    """Set what holds for all connections."""
    adapt(connection.adapters)
    connection.prepared_max = 400
    run(connection.pgconn, SESSION.encode())


def explained(address: str, error: psycopg.Error) -> StoreError:
    """Return what is wrong with a database that could not be opened, and what to do."""
    if error.sqlstate is not None:
        text = NO_TABLES if isinstance(error, psycopg.errors.InsufficientPrivilege) else OTHER
        return StoreError(_fill(text, address, said(error)), reason_of(error))
    lines = str(error).splitlines()
    for pattern, text, reason in CAUSES:
        if line := next((line for line in lines if re.search(pattern, line)), ""):
            return StoreError(
                _fill(text, address, line.rpartition(" failed: ")[2].removeprefix("FATAL:").strip()), reason
            )
    return StoreError(_fill(OTHER, address, said(error)), reason_of(error))


def _fill(text: str, address: str, words: str) -> str:
    given = conninfo_to_dict(address)
    user = f"the role {given['user']}" if given.get("user") else "the role of this process"
    database = given.get("dbname") or given.get("user") or "of the role's name"
    told = text.format(database=database, host=_host(given), user=user, said=words)
    return told[:1].upper() + told[1:] if told.startswith("the ") else told


def _shares_sessions(connection: Connection, address: str) -> bool:
    """Return whether a pooler gives the sessions of the server to other connections between transactions.

    A pooler shows in that the process of the session is another than was told when the connection was opened.
    """
    first = _process(connection)
    if first == connection.info.backend_pid:
        return False
    try:
        with psycopg.connect(address, **KWARGS) as other, other.transaction():
            return _process(other) == first or _process(connection) != first
    except psycopg.errors.ProtocolViolation:  # a pooler that takes no transactions
        return True


def _process(connection: Connection) -> int:
    (number,) = connection.execute("select pg_backend_pid()").fetchone() or (0,)
    return int(number)
