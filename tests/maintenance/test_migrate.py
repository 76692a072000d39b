"""Moving all data to another database and back, and what keeps that from going wrong."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from dataclasses import replace
from zoneinfo import ZoneInfo

import psycopg
import pytest

import backend
from backend.auth.permissions import Role
from backend.exports.columns import VIDEOS, FileFormat
from backend.maintenance import migrate as moving
from backend.maintenance.backup import back_up, restore
from backend.maintenance.data_lock import MaintenanceError, hold_data_dir
from backend.maintenance.migrate import cancel, migrate
from backend.model import Actor, VideoFilter
from backend.store import StoreError, open_store, open_tables
from backend.store.moving import TABLES
from tests.paths import ROOT

pytestmark = pytest.mark.sqlite  # which is one of both sides

TESTS = Actor("tests", "tests")


class Killed(BaseException):
    """Not an error that anything handles."""


@pytest.fixture
def told():
    return []


@pytest.fixture
def kill_at(monkeypatch):
    """Gives a `tell` that ends the move at a line, where each batch has a row and is told of."""
    monkeypatch.setattr(moving, "TELL_SECONDS", 0)
    for engine in ("sqlite", "postgres"):
        monkeypatch.setattr(f"backend.store.{engine}.tables.BATCH", 1)

    def make(start):
        def tell(line):
            if line.startswith(start):
                raise Killed

        return tell

    return make


def exported(settings):
    store = open_store(settings.data, database=settings.database, held=True)  # it may be the source of a move
    pieces = store.exporting.export_batches(VIDEOS, VIDEOS.columns, FileFormat.CSV, VideoFilter(), ZoneInfo("UTC"))
    rows = b"".join(rows for _, rows in pieces)
    store.close()
    return rows


def counts(settings):
    with closing(open_tables(settings.data, settings.database)) as tables:
        return {table: tables.count(table) for table in TABLES}


def test_everything_is_there_after_moving_there_and_back(full, empty_postgres, elsewhere, told):
    before, numbers = exported(full), counts(full)
    assert [table for table, number in numbers.items() if not number] == []
    there, back = elsewhere(full, empty_postgres), elsewhere(full)

    migrate(full, there, told.append)
    migrate(there, back, told.append)

    assert told.count("100 searches have the same answers") == 2
    assert counts(back) == counts(there) == numbers
    assert exported(back) == exported(there) == before
    for settings in (there, back):
        store = open_store(settings.data, database=settings.database, held=True)
        assert store.recount() == []
        assert store.check() == []
        store.close()


def test_what_was_moved_goes_on_working(full, empty_postgres, elsewhere, told):
    """Numbers go on, triggers work, and what is unique stays so."""
    there = elsewhere(full, empty_postgres)
    migrate(full, there, told.append)
    store = open_store(there.data, database=there.database)

    store.accounts.add_account("ben", "hash", Role.MANAGER, TESTS)
    video = store.catalogue.find_videos(VideoFilter()).items[0]
    store.catalogue.delete_video(video.video_id, video.user.user_id, TESTS)

    assert store.history.verify().errors == []
    assert store.recount() == []
    store.close()
    with psycopg.connect(there.database) as db:
        indexes = db.execute("select count(*) from pg_indexes where schemaname = 'public'").fetchone()
        kept = db.execute("select count(*) from pg_trigger where tgenabled <> 'O'").fetchone()
    with closing(open_tables(there.data, there.database)) as tables:
        assert tables.read_mark() is None
    assert indexes[0] > 100
    assert kept == (0,)


def test_a_number_that_was_given_once_is_not_given_again(full, empty_postgres, elsewhere, told):
    """A deleted key of an app must not come back as the number of another."""
    store = open_store(full.data)
    last = store.feed_keys.add(TESTS).key_id
    store.feed_keys.retire(last, TESTS)
    store.close()
    there, back = elsewhere(full, empty_postgres), elsewhere(full)

    migrate(full, there, told.append)
    with psycopg.connect(there.database) as db:
        assert db.execute("select nextval(pg_get_serial_sequence('feed_keys', 'id'))").fetchone() == (last + 1,)
    migrate(there, back, told.append)

    with closing(sqlite3.connect(back.data / "console.sqlite3")) as db:
        assert db.execute("select seq from sqlite_sequence where name = 'feed_keys'").fetchone() == (last + 1,)


@pytest.mark.parametrize("to_postgres", [True, False])
@pytest.mark.parametrize(
    "line",
    [
        "copying videos",
        "comparing jobs",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("copying users", "copying history", "history:")),
    ],
)
def test_a_move_that_was_killed_goes_on(full, empty_postgres, elsewhere, told, kill_at, to_postgres, line, open_again):
    there = elsewhere(full, empty_postgres)
    source, target = (full, there) if to_postgres else (there, elsewhere(full))
    if not to_postgres:
        migrate(full, there, told.append)
    numbers = counts(source)
    with pytest.raises(Killed):
        migrate(source, target, kill_at(line))

    for settings in (source, target):
        with pytest.raises(StoreError, match="not finished"):
            open_store(settings.data, database=settings.database)
    migrate(source, target, told.append)

    assert counts(target) == numbers
    assert open_again(target).recount() == []


@pytest.fixture
def open_again():
    """Opens a store that was moved, as a server would."""
    with ExitStack() as stack:

        def opened(settings):
            store = open_store(settings.data, database=settings.database)
            stack.callback(store.close)
            return store

        yield opened


@pytest.mark.parametrize("to_postgres", [True, False])
def test_the_source_is_not_used_by_mistake_and_can_be_used_again(
    full, empty_postgres, elsewhere, told, tmp_path, to_postgres
):
    there = elsewhere(full, empty_postgres)
    back_up(full, tmp_path / "before.tar", None)
    migrate(full, there, told.append)
    source, target = (full, there) if to_postgres else (there, elsewhere(full))
    if not to_postgres:
        migrate(source, target, told.append)

    with pytest.raises(StoreError, match=r"was moved to .* migrate --cancel"):
        open_store(source.data, database=source.database)
    with pytest.raises(MaintenanceError, match="was moved to"):  # a backup of them would be one of the past
        back_up(source, tmp_path / "old.tar", None)
    with pytest.raises(MaintenanceError, match="was moved to"):  # and with a backup in its place it would be used again
        restore(source, tmp_path / "before.tar")
    cancel(source)
    back_up(source, tmp_path / "again.tar", None)

    store = open_store(source.data, database=source.database)
    assert store.recount() == []
    store.close()
    with pytest.raises(MaintenanceError, match="not marked"):
        cancel(source)


def test_a_move_that_was_finished_can_be_repeated(full, empty_postgres, elsewhere, told):
    """Killed after its last step, it looks to its operator like one that was not finished."""
    there = elsewhere(full, empty_postgres)
    migrate(full, there, told.append)
    del told[:]

    migrate(full, there, told.append)

    assert len(told) == 1
    with pytest.raises(MaintenanceError, match="was moved to"):
        migrate(full, elsewhere(full), told.append)


def test_a_row_that_was_changed_meanwhile_is_noticed(full, empty_postgres, elsewhere, told, kill_at, open_again):
    there = elsewhere(full, empty_postgres)
    with pytest.raises(Killed):
        migrate(full, there, kill_at("comparing users"))
    with psycopg.connect(there.database) as db:
        db.execute("update videos set description = 'other' where video_id = 'queued'")

    with pytest.raises(MaintenanceError, match=r"rows of videos .* differ.*--cancel"):
        migrate(full, there, told.append)

    migrate(full, there, told.append, afresh=True)
    assert open_again(there).catalogue.get_video("queued").description == "test33"


def test_a_row_that_is_missing_is_noticed(full, empty_postgres, elsewhere, told, kill_at):
    there = elsewhere(full, empty_postgres)
    with pytest.raises(Killed):
        migrate(full, there, kill_at("comparing users"))
    with psycopg.connect(there.database) as db:
        db.execute("delete from technical_flags")
        db.execute("insert into technical_flags values ('z', 1, '{}')")

    with pytest.raises(MaintenanceError, match="technical_flags"):
        migrate(full, there, told.append)


@pytest.mark.parametrize("broken", ["'a' || char(0)", "cast(x'ff41' as text)", "cast(x'eda080' as text)"])
def test_text_that_postgresql_does_not_take_is_found_before_anything_is_copied(
    full, empty_postgres, elsewhere, told, broken
):
    with closing(sqlite3.connect(full.data / "console.sqlite3", isolation_level=None)) as db:
        triggers = "select name from sqlite_master where type = 'trigger' and tbl_name = 'videos'"
        for (name,) in db.execute(triggers).fetchall():
            db.execute(f"drop trigger {name}")
        db.execute(f"update videos set title = {broken} where video_id = 'queued'")

    with pytest.raises(MaintenanceError, match=r"(?s)title of videos where seq = \d+.*Nothing was changed"):
        migrate(full, elsewhere(full, empty_postgres), told.append)

    open_store(full.data).close()  # which is not marked


def test_a_text_that_only_speaks_of_nul_is_text(full, empty_postgres, elsewhere, told):
    store = open_store(full.data)
    video = store.catalogue.get_video("queued")
    store.catalogue.edit_video(video.video_id, {"title": "\\u0000"}, TESTS)
    store.close()

    migrate(full, elsewhere(full, empty_postgres), told.append)


class TestWhatIsRefused:
    def test_a_source_that_is_not_sound(self, full, empty_postgres, elsewhere, told):
        with closing(sqlite3.connect(full.data / "console.sqlite3")) as db, db:
            db.execute("update videos_per_category set number = 7")

        with pytest.raises(MaintenanceError, match=r"videos_per_category.*doctor --rebuild"):
            migrate(full, elsewhere(full, empty_postgres), told.append)

        open_store(full.data).close()

    def test_a_database_that_somebody_uses(self, full, empty_postgres, elsewhere, told):
        there = elsewhere(full, empty_postgres)
        store = open_store(there.data, database=there.database)
        with pytest.raises(StoreError, match="in use"):
            migrate(full, there, told.append)
        store.close()

    def test_a_folder_that_somebody_uses(self, full, empty_postgres, elsewhere, told):
        with hold_data_dir(full), pytest.raises(MaintenanceError, match="in use"):
            migrate(full, elsewhere(full, empty_postgres), told.append)

    def test_a_console_cannot_be_opened_meanwhile(self, full, empty_postgres, elsewhere):
        there = elsewhere(full, empty_postgres)

        def tell(line):
            with pytest.raises(StoreError, match="restored or moved"):
                open_store(there.data, database=there.database)

        migrate(full, there, tell)

    def test_a_target_with_data(self, full, empty_postgres, elsewhere, told):
        there = elsewhere(full, empty_postgres)
        store = open_store(there.data, database=there.database)
        store.accounts.add_account("ben", "hash", Role.ADMIN, TESTS)
        store.close()

        with pytest.raises(MaintenanceError, match="has a console's data already"):
            migrate(full, there, told.append)

        open_store(full.data).close()

    def test_a_database_of_another_program(self, full, empty_postgres, elsewhere, told):
        with psycopg.connect(empty_postgres) as db:
            db.execute("create table theirs (id bigint)")

        with pytest.raises(StoreError, match="none of this console's"):
            migrate(full, elsewhere(full, empty_postgres), told.append)

    def test_the_same_place(self, full, told):
        with pytest.raises(MaintenanceError, match="already"):
            migrate(full, replace(full), told.append)

    def test_a_folder_without_a_console(self, full, empty_postgres, elsewhere, told, tmp_path):
        with pytest.raises(MaintenanceError, match="There is no console"):
            migrate(replace(full, data=tmp_path / "mistyped"), elsewhere(full, empty_postgres), told.append)

    def test_a_copy_of_another_console(self, full, empty_postgres, elsewhere, told, kill_at, open_again):
        there = elsewhere(full, empty_postgres)
        with pytest.raises(Killed):
            migrate(full, there, kill_at("copying jobs"))
        cancel(full)
        store = open_store(full.data)
        store.accounts.add_account("ben", "hash", Role.ADMIN, TESTS)
        store.close()

        with pytest.raises(MaintenanceError, match="--afresh"):
            migrate(full, there, told.append)
        migrate(full, there, told.append, afresh=True)

        assert open_again(there).accounts.get_account("ben")

    def test_the_target_of_an_unfinished_move_as_a_source(self, full, empty_postgres, elsewhere, told, kill_at):
        there = elsewhere(full, empty_postgres)
        with pytest.raises(Killed):
            migrate(full, there, kill_at("copying jobs"))

        with pytest.raises(MaintenanceError, match="copy"):
            migrate(there, elsewhere(full), told.append)
        with pytest.raises(MaintenanceError, match="unfinished copy"):
            cancel(there)

    def test_an_unreachable_server(self, full, elsewhere, told):
        with pytest.raises(StoreError, match="No PostgreSQL server answers"):
            migrate(full, elsewhere(full, "postgresql://nobody@127.0.0.1:1/none"), told.append)


@pytest.mark.slow
def test_a_process_that_moves_is_killed_again_and_again(full, empty_postgres, elsewhere):
    """Whatever it was doing, the same command goes on, and in the end all is there."""
    store = open_store(full.data)
    with store.engine.writing(bulk=True) as db:
        db.execute("""
            insert into warm_urls (url, region, state)
            with recursive n (n) as (select 1 union all select n + 1 from n where n < 200000)
            select 'https://example.com/' || n, 'cn', 'warm' from n
        """)
    store.close()
    numbers = counts(full)
    command = [sys.executable, "-m", "backend", "migrate", "--to", empty_postgres]
    environment = {"QU_DATA": str(full.data), "PATH": "/usr/bin:/bin"}
    kills = 0
    for tenths in range(8, 400, 6):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            said, _ = process.communicate(timeout=tenths / 10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0, said.decode()
        break

    assert kills > 2
    assert counts(elsewhere(full, empty_postgres)) == numbers
    backend.open_console(elsewhere(full, empty_postgres)).close()
