"""What an operator is told of a PostgreSQL database that cannot be opened, or not in the way that the address leads."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from backend.store import Reason, StoreError, open_store
from backend.store.postgres.opening import connect, explained
from tests.ports import free_port
from tests.waiting import until

TWO_HOSTS = """connection failed: connection to server at "b", port 5432 failed: Connection refused
Multiple connection attempts failed. All failures were:
- host: 'a', port: None: connection failed: connection to server at "a", port 5432 failed: FATAL:  \
password authentication failed for user "u"
- host: 'b', port: None: connection failed: connection to server at "b", port 5432 failed: Connection refused"""


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("postgresql://u:secret@127.0.0.1:1/db", r"server answers at 127\.0\.0\.1:1 \(Connection refused\)"),
        ("postgresql://u@/db?host=/nowhere", "answers at /nowhere .*correct the host and the port in the address"),
        ("postgresql://u@h/db?nonsense=1", "nonsense"),
        ("postgresql://u:a@secret@127.0.0.1:1/db", "write @ as %40"),
        ("postgresql://u:a/secret@127.0.0.1:1/db", "/ as %2F"),
        ("postgresql://u:secret%@127.0.0.1:1/db", "% as %25"),
        ("postgresql://u:secret@[::1/db", "not one like"),
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_named_without_its_password(tmp_path, address, words):
    with pytest.raises(StoreError, match=words) as told:
        open_store(tmp_path, database=address)

    assert "secret" not in str(told.value)


def test_a_database_that_is_not_there_is_named_with_the_command_that_makes_it(postgres):
    with pytest.raises(StoreError, match=r"no database nowhere at .*createdb -E UTF8 -T template0 nowhere"):
        connect(make_conninfo(postgres, dbname="nowhere"))


def test_a_role_that_may_not_make_tables_is_told_whose_they_have_to_be(postgres_database, tmp_path):
    with postgres_database.other() as empty, psycopg.connect(empty, autocommit=True) as db:
        db.execute(
            "create role qu_reader login; revoke create on schema public from public; grant usage on schema public "
            "to qu_reader"
        )
        try:
            with pytest.raises(StoreError, match=r"role qu_reader may not make tables .*alter database .* owner to"):
                open_store(tmp_path, database=make_conninfo(empty, user="qu_reader"))
            db.execute("alter role qu_reader nologin")
            with pytest.raises(StoreError, match="does not let the role qu_reader in"):
                connect(make_conninfo(empty, user="qu_reader"))
        finally:
            db.execute("drop owned by qu_reader; drop role qu_reader")


@pytest.mark.parametrize(
    ("said", "told", "reason"),
    [
        ('FATAL:  password authentication failed for user "u"', "Correct the user name or the password", Reason.OTHER),
        ('致命错误:  用户 "u" Password 认证失败', "Correct the user name or the password", Reason.OTHER),
        ("fe_sendauth: no password supplied", "Correct the user name or the password", Reason.OTHER),
        ('致命错误:  数据库 "qu" 不存在', "There is no database qu at h", Reason.OTHER),
        ('FATAL:  no pg_hba.conf entry for host "1.2.3.4"', "Allow it in pg_hba", Reason.OTHER),
        ('FATAL:  permission denied for database "qu"', "grant connect", Reason.OTHER),
        ("FATAL:  sorry, too many clients already", "Raise max_connections", Reason.BUSY),
        ("FATAL:  the database system is starting up", "Try again in a moment", Reason.UNREACHABLE),
        ("session is read-only", "Name the primary too", Reason.UNREACHABLE),
        ("server does not support SSL, but SSL was required", "Correct sslmode", Reason.OTHER),
        ("FATAL:  unsupported startup parameter: options", "Name the server itself", Reason.OTHER),
        ("something new", "Check the address", Reason.UNREACHABLE),
    ],
)  # fmt: skip
def test_what_a_server_says_is_told_with_what_to_do(said, told, reason):
    """Most of it needs a server that is set up so; libpq gives these sentences and no codes."""
    error = psycopg.OperationalError(f'connection failed: connection to server at "h", port 5432 failed: {said}')

    found = explained("postgresql://u:secret@h/qu", error)

    assert told in str(found)
    assert found.reason is reason
    assert said.removeprefix("FATAL:").strip() in str(found)
    assert "secret" not in str(found)


def test_of_several_servers_the_one_that_says_most_is_told():
    assert "password authentication failed" in str(
        explained("postgresql://u@a,b/qu", psycopg.OperationalError(TWO_HOSTS))
    )


@contextmanager
def pgbouncer(address, mode):
    """Run PgBouncer in front of a server, and give the address of the database through it."""
    program = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
    if program is None:
        say = pytest.fail if os.environ.get("TEST_PGBOUNCER") == "required" else pytest.skip
        say("PgBouncer is not installed")
    given, port = conninfo_to_dict(address), free_port()
    user = pwd.getpwnam("postgres") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
    own = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    where = " ".join(f"{name}={given[name]}" for name in ("host", "port", "user") if given.get(name))
    with tempfile.TemporaryDirectory(prefix="qu-pgbouncer-") as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        settings = Path(folder, "pgbouncer.ini")
        settings.write_text(
            f"[databases]\n* = {where}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
            f"auth_type = any\npool_mode = {mode}\ndefault_pool_size = 60\n"
        )
        process = subprocess.Popen([program, "-q", settings], stderr=subprocess.DEVNULL, cwd=folder, **own)
        through = f"postgresql://{given.get('user')}@127.0.0.1:{port}/{given['dbname']}"
        try:
            until(lambda: is_open(through), "PgBouncer lets somebody in")
            yield through
        finally:
            process.kill()
            process.wait()


def is_open(address):
    try:
        psycopg.connect(address).close()
    except psycopg.Error:
        return False
    return True


def test_a_pooler_that_keeps_sessions_serves_a_console(postgres, tmp_path):
    with pgbouncer(postgres, "session") as through, closing(open_store(tmp_path, database=through)) as store:
        with store.engine.writing() as db:
            db.execute("insert into cloud_places (name, value) values ('a', '')")
        with store.leading("purger") as leads:
            assert leads
        found = {text.partition(":")[0]: good for good, text in store.diagnose()}
        assert found.pop("durability") is False  # as the server of the tests does without it
        assert all(found.values())


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_does_not_is_refused_before_it_mixes_changes(postgres, tmp_path, mode):
    with (
        pgbouncer(postgres, mode) as through,
        pytest.raises(StoreError, match=r"Set it to sessions \(PgBouncer: pool_mode = session\)"),
    ):
        open_store(tmp_path, database=through)
