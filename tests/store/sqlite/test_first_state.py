"""A data folder of the first state: refused by whoever must not change it, and upgraded with everything in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import backend
from backend import Settings
from backend.__main__ import main
from backend.maintenance.data_lock import hold_data_dir
from backend.maintenance.doctor import examine
from backend.model import CensorStatus, FileKind, JobKind, JobState, VideoFilter
from backend.store import Reason, StoreError, find_damage, open_store

DUMP = Path(__file__).with_name("first_state.sql")


@pytest.fixture
def folder(tmp_path):
    """A data folder as commit 4f49376 made it."""
    made = tmp_path / "data"
    made.mkdir()
    with closing(sqlite3.connect(made / "console.sqlite3")) as db:
        db.executescript(DUMP.read_text(encoding="utf-8"))
        db.execute("pragma journal_mode = wal")
    return made


def change(folder, sql):
    with closing(sqlite3.connect(folder / "console.sqlite3")) as db, db:
        db.execute(sql)


def schema(folder):
    with closing(sqlite3.connect(folder / "console.sqlite3")) as db:
        return db.execute("select * from sqlite_master").fetchall()


@pytest.fixture
def run(folder, monkeypatch):
    """Runs a command on the folder, as from a shell, and returns its exit code and what it said."""
    from click.testing import CliRunner

    monkeypatch.setenv("QU_DATA", str(folder))

    def run_command(*words):
        result = CliRunner().invoke(main, words)
        return result.exit_code, result.output

    return run_command


def test_it_opens_with_everything_in_it(folder):
    store = open_store(folder, upgrade=True)
    videos = {video.video_id: video for video in store.catalogue.find_videos(VideoFilter()).items}
    feed = store.catalogue.find_recommendations(VideoFilter()).items
    found = store.catalogue.find_videos(VideoFilter(title="爱你❤", tags="travel")).items
    jobs = {(job.kind, job.state) for job in store.jobs.find_jobs().items}
    accounts = [account.user_name for account in store.accounts.find_accounts()]
    verdict, drift, damage = store.history.verify(), store.recount(), store.check()
    trashed = [one.video.title for one in store.trash.iterate()]
    tokens = [token.name for token in store.sessions.find_tokens("anne")]
    store.close()

    assert sorted(videos) == ["v0", "v1", "v2", "v3", "v5"]
    assert (videos["v3"].censor_status, videos["v0"].is_recommend) == (CensorStatus.FAIL, True)
    assert [file.kind for file in videos["v1"].files] == [FileKind.COMMON, FileKind.NARROW, FileKind.SOURCE]
    assert [entry.video.title for entry in feed] == ["海边的日落 Sunset", "推荐 爱你❤\ufe0f"]
    assert [video.video_id for video in found] == ["v1"]
    assert {(JobKind.SNAPSHOT, JobState.QUEUED), (JobKind.PREWARM, JobState.QUEUED)} <= jobs
    assert (accounts, trashed, tokens) == (["anne", "Ännchen"], ["gone"], ["script"])
    assert (verdict.errors, drift, damage) == ([], [], [])
    assert verdict.lines == 19


def test_whatever_must_not_change_a_schema_refuses_it_and_names_what_does(folder, run):
    before = schema(folder)

    for words in (["account", "list"], ["export"], ["doctor"], ["doctor", "--rebuild"], ["import", str(DUMP)]):
        code, said = run(*words)
        assert (code, "of an older version" in said, "python -m backend upgrade" in said) == (1, True, True), words
    with pytest.raises(StoreError) as refused:
        open_store(folder)

    assert (refused.value.reason, refused.value.passing) == (Reason.VERSION, False)
    assert schema(folder) == before


def test_the_command_upgrades_it_and_once_is_enough(folder, run):
    assert run("upgrade")[0] == 0
    after = schema(folder)

    assert run("upgrade")[0] == 0
    assert run("account", "list")[1] == "anne\tadmin\nÄnnchen\treviewer\n"
    assert schema(folder) == after
    console = backend.open_console(Settings(data=folder))
    wrong = [finding.text for finding in examine(console) if not finding.good]
    console.close()
    assert [text for text in wrong if not text.startswith(("files:", "room:"))] == []  # no media came with the dump


def test_nothing_is_upgraded_under_a_server_that_is_at_work(folder, run):
    before = schema(folder)

    with hold_data_dir(Settings(data=folder)):
        code, said = run("upgrade")

    assert (code, "Stop the server, its workers and other commands first" in said) == (1, True)
    assert schema(folder) == before


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("insert into _sqlite_migrations (migration_set, name) values ('qu-console', '9999_later')", "newer version"),
        ("delete from _sqlite_migrations where name >= 'm010'", "development version"),
        ("drop table _sqlite_migrations", "none of this console's"),
    ],
)
def test_what_this_version_does_not_know_is_left_as_it_is(folder, run, tmp_path, sql, why):
    change(folder, sql)
    before = schema(folder)

    for words in (["upgrade"], ["doctor"], ["account", "list"], ["backup", str(tmp_path / "backup.tar")], ["work"]):
        code, said = run(*words)
        assert (code, why in said, "Traceback" in said) == (1, True, False), words

    assert why in find_damage(folder)
    assert schema(folder) == before
