"""Backups of PostgreSQL, which are those of SQLite: each restores either."""

from __future__ import annotations

import sqlite3
import tarfile
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

import backend
from backend.auth.permissions import Role
from backend.maintenance.backup import back_up, restore
from backend.maintenance.data_lock import MaintenanceError
from backend.model import Actor, VideoFilter
from backend.store import StoreError, open_store
from backend.store.sqlite import migrations
from tests.maintenance.test_migrate import counts, exported

pytestmark = pytest.mark.sqlite  # which is one of both sides

TESTS = Actor("tests", "tests")


@pytest.fixture
def backup(full, tmp_path):
    """A backup of a console with SQLite that has something in every table."""
    back_up(full, tmp_path / "backup.tar", None)
    return tmp_path / "backup.tar"


@pytest.fixture
def there(full, backup, empty_postgres, tmp_path):
    """The same console with PostgreSQL, restored from the backup."""
    settings = replace(full, data=tmp_path / "scratch", database=empty_postgres)
    assert restore(settings, backup) is None
    return settings


@pytest.fixture
def told():
    return []


def test_a_backup_of_either_database_restores_the_other(full, there, tmp_path):
    assert counts(there) == counts(full)
    assert exported(there) == exported(full)
    backend.open_console(there).close()

    back_up(there, tmp_path / "again.tar", None)
    back = replace(full, data=tmp_path / "back")
    restore(back, tmp_path / "again.tar")

    assert counts(back) == counts(full)
    assert exported(back) == exported(full)
    again = backend.open_console(back)
    assert [*again.store.recount(), *again.store.check(), *again.store.history.verify().errors] == []
    again.close()


def test_a_backup_is_of_one_state_while_others_write(there, tmp_path):
    store = open_store(there.data, database=there.database)
    heads = []

    def write(line=""):
        store.accounts.add_account(f"new{len(heads)}", "hash", Role.MANAGER, TESTS)
        heads.append(store.history.verify().head)

    write()
    back_up(there, tmp_path / "again.tar", None, write)
    write()
    store.close()

    back = replace(there, database="", data=tmp_path / "back")
    restore(back, tmp_path / "again.tar")
    again = open_store(back.data)
    verdict = again.history.verify()
    assert verdict.errors == []
    assert verdict.head == heads[0]  # and not what came later, though that was before the backup was whole
    assert len(heads) > 2
    again.close()


@pytest.mark.slow
def test_what_was_there_before_a_restore_is_kept_in_a_schema(there, backup, told):
    store = open_store(there.data, database=there.database)
    store.accounts.add_account("ben", "hash", Role.MANAGER, TESTS)
    store.close()

    restore(there, backup, told.append)

    (schema,) = {word.rstrip(".") for line in told for word in line.split() if word.startswith("before_restore_")}
    with psycopg.connect(there.database) as db:
        assert db.execute(f"select 1 from {schema}.accounts where user_name = 'ben'").fetchone()
        assert db.execute("select 1 from accounts where user_name = 'ben'").fetchone() is None
        assert db.execute("select 1 from pg_namespace where nspname = 'qu_restoring'").fetchone() is None
    store = open_store(there.data, database=there.database)
    store.accounts.add_account("cleo", "hash", Role.MANAGER, TESTS)
    video = store.catalogue.find_videos(VideoFilter()).items[0]
    store.catalogue.delete_video(video.video_id, video.user.user_id, TESTS)  # triggers work where they are now
    assert [*store.recount(), *store.history.verify().errors] == []
    store.close()


def test_a_restore_goes_to_the_schema_of_the_address_whatever_its_name(full, backup, empty_postgres, tmp_path):
    with psycopg.connect(empty_postgres, autocommit=True) as db:
        db.execute('create schema "Our Videos"')
    address = make_conninfo(empty_postgres, options='-c search_path="Our\\ Videos"')
    there = replace(full, data=tmp_path / "scratch", database=address)
    restore(there, backup)
    restore(there, backup)  # over the one before

    assert counts(there) == counts(full)
    backend.open_console(there).close()


def test_nothing_is_restored_while_a_console_is_open(there, backup):
    store = open_store(there.data, database=there.database)

    with pytest.raises(StoreError, match="in use"):
        restore(there, backup)

    store.close()


@pytest.mark.parametrize(
    "damage", ["no archive", *(pytest.param(one, marks=pytest.mark.slow) for one in ("a broken chain", "a lost row"))]
)
def test_a_backup_that_cannot_be_used_changes_nothing(there, backup, damage, tmp_path):
    if damage == "no archive":
        backup.write_bytes(b"no archive")
    else:
        with tarfile.open(backup) as tar:
            tar.extractall(tmp_path / "open", filter="data")
        with closing(sqlite3.connect(tmp_path / "open" / "console.sqlite3")) as db, db:
            statement = "update history set actor = 'ben'" if damage == "a broken chain" else "delete from history_head"
            db.execute(statement)
        with tarfile.open(backup, "w") as tar:
            for path in (tmp_path / "open").iterdir():
                tar.add(path, path.name)
    before = exported(there)

    with pytest.raises((MaintenanceError, TypeError)):
        restore(there, backup)

    assert exported(there) == before
    with psycopg.connect(there.database) as db:
        assert db.execute("select nspname from pg_namespace where nspname like 'before%'").fetchall() == []


@pytest.mark.slow
def test_a_backup_of_an_older_version_is_upgraded_on_the_way(there, tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    with closing(sqlite3.connect(old / "console.sqlite3")) as db:
        migrations.upgrade(db, stop_before="0002_filters")
        db.commit()
    back_up(replace(there, database="", data=old), tmp_path / "old.tar", None)

    restore(there, tmp_path / "old.tar")

    console = backend.open_console(there)
    assert console.store.catalogue.find_videos(VideoFilter()).total == 0
    console.close()


def test_the_data_of_another_program_are_not_replaced(full, backup, empty_postgres, tmp_path):
    with psycopg.connect(empty_postgres) as db:
        db.execute("create table theirs (id bigint)")

    with pytest.raises(StoreError, match="none of this console's"):
        restore(replace(full, data=tmp_path / "scratch", database=empty_postgres), backup)
