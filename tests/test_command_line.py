"""The command line, as whoever runs the console types it."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
import requests
from click.testing import CliRunner

import backend
from backend.__main__ import main
from backend.maintenance import data_lock
from tests.paths import ROOT

PASSWORD = "correct horse battery"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs a command on a data folder of its own, and returns what it said."""
    monkeypatch.setenv("QU_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def run(*arguments, input_=None):
        return CliRunner().invoke(main, [str(argument) for argument in arguments], input=input_)

    return run


def test_accounts_are_added_listed_and_given_new_passwords(run):
    assert run("account", "add", "anne", "--role", "analyst", input_=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert run("account", "passwd", "anne", "--password", "another password").exit_code == 0
    assert run("account", "list").output == "anne\tanalyst\n"


def test_accounts_are_changed_but_the_last_administrator_stays(run):
    run("account", "add", "anne", "--role", "admin", "--password", PASSWORD)
    run("account", "add", "ben", "--role", "app", "--password", PASSWORD)

    assert run("account", "edit", "ben", "--role", "reviewer", "--disable").exit_code == 0
    assert run("account", "list").output == "anne\tadmin\nben\treviewer\tdisabled\n"
    refused = run("account", "edit", "anne", "--disable")
    assert refused.exit_code == 1
    assert "last administrator" in refused.output


def test_the_doctor_tells_the_head_of_the_history_and_checks_one_that_was_noted(run):
    run("account", "add", "anne", "--role", "admin", "--password", PASSWORD)

    head = run("doctor").output.partition("--head ")[2].split()[0]

    assert "BAD  history" not in run("doctor", "--head", head).output
    assert "line 1 is not the one that was noted" in run("doctor", "--head", "1:" + "0" * 64).output
    assert "is not a head" in run("doctor", "--head", "nonsense").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("account", "add", "anne", "--password", "short"), "10 to 1024 characters"),
        (("account", "passwd", "nobody", "--password", PASSWORD), "There is no account nobody"),
        (("account", "passwd", "nobody"), "There is no account nobody"),
        (("account", "edit", "anne"), "Specify a change: --role, --disable or --enable."),
        (("account", "edit", "anne", "--disable", "--enable"), "--disable and --enable are mutually exclusive."),
        (("import", "."), "rejected. . is a folder; name the files in it."),
        (
            ("export", "--columns", "title,colour"),
            "columns contains 'colour', which does not exist. Available: id, videoId",
        ),
        (("export", "--status", "red"), "censorStatus must be one of"),
        (("migrate", "--to", "mysql://u@h/d"), "--to takes an address like postgresql://"),
        (("migrate", "--to", "postgres:/h/d"), "--to takes an address like postgresql://"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_without_a_trace(run, arguments, said):
    run("account", "add", "anne", "--password", PASSWORD)

    result = run(*arguments)

    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output
    assert run("account", "list").output == "anne\tmanager\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "-o", "x.csv"), ("account", "list"), ("doctor",), ("doctor", "--rebuild"), ("drift",),
        ("account", "passwd", "anne", "--password", PASSWORD), ("account", "edit", "anne", "--disable"),
        ("backup", "x.tar"),
    ],
)  # fmt: skip
def test_a_mistyped_folder_is_told_and_no_new_console_is_made_in_it(run, tmp_path, arguments):
    """A nightly export from the wrong folder would be a file without rows, and nobody would notice."""
    result = run(*arguments)

    assert result.exit_code == 1
    assert "There is no console in" in result.output
    assert list(tmp_path.iterdir()) == []


def test_media_without_a_database_are_not_taken_for_a_new_console(run, tmp_path, free_port):
    (tmp_path / "data" / "media" / "video").mkdir(parents=True)
    (tmp_path / "data" / "media" / "video" / "source.mp4").touch()

    refused = run("serve", "--port", free_port)

    assert refused.exit_code == 1
    assert "but no database, console.sqlite3. Restore a backup" in refused.output


def test_an_import_of_a_catalogue_is_summed_up_in_rows_and_not_in_files(run, tmp_path):
    head, row = "videoId,title,creationTime,userId", "v1,a,2024-01-09,u1"
    (tmp_path / "videos.csv").write_text(f"{head}\n{row}\nv2,,2024-01-09,u1\n")

    result = run("import", "videos.csv")

    assert result.exit_code == 1
    assert "1 videos imported, 0 already known, 1 rejected" in result.output
    assert "0 of 1" not in result.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backup", "nodir/x.tar"), "nodir does not exist; make it, or choose another one"),
        (("export", "-o", "nodir/x.csv"), "No such file or directory"),
        (("account", "add", "\udcff", "--password", PASSWORD), ""),
        (("account", "passwd", "\udcff", "--password", PASSWORD), ""),
        (("import", "--title", "\udcba\udca3", "x.mp4"), "title contains characters that are not valid text"),
        (("import", "--tags", "x" * 501, "x.mp4"), "tags has 501 characters"),
        (("import", "nodir", "."), "nodir: rejected. No such file"),
        (("import", "nodir.csv"), "nodir.csv: rejected."),
        (("import", "list.xls"), "save it as .xlsx or CSV UTF-8"),
        (("serve", "--port", "99999"), "99999 is not in the range"),
        (("restore", "here.tar"), "is not a backup of this console"),
        (("sync",), "needs cloud mode"),
        (("drift", "--mend", "here"), "needs cloud mode"),
    ],
)
def test_no_command_answers_a_person_with_a_trace(run, tmp_path, new_database, arguments, said):
    (tmp_path / "data").mkdir()
    shutil.copy(new_database, tmp_path / "data" / "console.sqlite3")
    (tmp_path / "list.xls").write_bytes(b"PK")
    (tmp_path / "here.tar").write_bytes(b"x")

    result = run(*arguments)

    assert result.exit_code != 0
    assert isinstance(result.exception, SystemExit), result.exception
    assert said in result.output


COMMANDS = [
    ("serve", "--port", "1"), ("work",), ("sync",), ("drift",), ("import", "x.csv"), ("import", "x.mp4"), ("export",),
    ("account", "add", "ben", "--password", PASSWORD), ("account", "passwd", "anne", "--password", PASSWORD),
    ("account", "edit", "anne", "--disable"), ("account", "list"), ("backup", "x.tar"), ("doctor",),
    ("doctor", "--rebuild"),
]  # fmt: skip


def content_of(database):
    with closing(sqlite3.connect(database)) as db:
        kept = ("sqlite_master", "_sqlite_migrations", "accounts", "history")
        return [db.execute(f"select * from {table}").fetchall() for table in kept]


def test_a_database_of_a_newer_version_is_refused_by_every_command_and_stays_as_it_is(run, tmp_path):
    run("account", "add", "anne", "--password", PASSWORD)
    database = tmp_path / "data" / "console.sqlite3"
    with closing(sqlite3.connect(database)) as db, db:
        db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('qu-console', 'm999_later', '')"
        )
    before = content_of(database)

    for command in (*COMMANDS, ("upgrade",)):
        result = run(*command)
        assert result.exit_code == 1, command
        assert "of a newer version of the console, with m999_later" in result.output, command
    assert content_of(database) == before


def test_a_damaged_database_is_told_by_every_command(run, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "console.sqlite3").write_bytes(b"no database at all" * 1000)

    for command in (*COMMANDS, ("upgrade",)):
        result = run(*command)
        assert result.exit_code == 1, command
        assert isinstance(result.exception, SystemExit), command
        assert "file is not a database" in result.output, command


def test_while_a_backup_is_restored_no_command_says_yes_to_what_would_be_lost(run, monkeypatch):
    monkeypatch.setattr(data_lock, "LOCK_TRIES", 1)
    run("account", "add", "anne", "--password", PASSWORD)

    with data_lock.hold_data_dir(backend.read_settings(), alone=True):
        for command in COMMANDS:
            result = run(*command)
            assert result.exit_code == 1, command
            assert "held alone by a restore, a move or an upgrade" in result.output, command

    assert run("account", "list").output == "anne\tmanager\n"


def test_a_name_that_is_no_utf_8_costs_nobody_their_video(run, tmp_path, small_clip):
    names = [b"a.mp4", b"gbk\xba\xa3.mp4", b"broken\xff.mp4", b"z.mp4"]
    for name in names:
        (tmp_path / os.fsdecode(name)).write_bytes(small_clip.read_bytes())

    result = run("import", *(os.fsdecode(name) for name in names))

    assert result.exit_code == 0, result.output
    assert "4 of 4 imported" in result.output
    rows = run("export", "--columns", "title").output
    assert set(rows.splitlines()[1:]) == {'"a"', '"gbk海"', '"broken\ufffd"', '"z"'}


def test_names_are_shown_on_a_terminal_that_knows_no_such_letters(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.mp4")).write_bytes(b"no video")
    environ = {**os.environ, "QU_DATA": str(tmp_path / "data"), "PYTHONIOENCODING": "ascii:strict"}
    command = [sys.executable, "-m", "backend", "import", tmp_path / os.fsdecode(b"\xff.mp4"), tmp_path / "海.mp4"]

    result = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, check=False)

    assert b"0 of 2 imported" in result.stdout
    assert b"Traceback" not in result.stderr


def test_a_wrong_setting_is_named(run, monkeypatch):
    monkeypatch.setenv("QU_TOKEN_DAYS", "soon")

    result = run("account", "list")

    assert result.exit_code == 1
    assert "QU_TOKEN_DAYS" in result.output


def test_files_are_taken_in_and_the_others_are_named(run, tmp_path, small_clip):
    (tmp_path / "notes.mp4").write_text("no video")

    result = run(
        "import", small_clip, tmp_path / "notes.mp4", tmp_path / "missing.mp4", "--user", "anne", "--tags", "a,b"
    )

    assert result.exit_code == 1
    assert "1 of 3 imported" in result.output
    assert "notes.mp4: rejected. The file cannot be opened" in result.output
    assert small_clip.exists()
    assert not list((tmp_path / "data" / "media" / ".incoming").iterdir())
    rows = run("export").output
    assert rows.startswith("\ufeffid,videoId,title,")
    assert '"a,b","anne","anne"' in rows


def test_a_backup_is_restored(run, tmp_path):
    run("account", "add", "anne", "--password", PASSWORD)

    assert run("backup", "backup.tar").exit_code == 0
    assert "the previous data are in" in run("restore", "backup.tar").output
    assert run("account", "list").output == "anne\tmanager\n"


def test_the_server_serves_rest_alone_and_ends_cleanly_on_sigterm(tmp_path, free_port, eventually):
    environ = {**os.environ, "QU_DATA": str(tmp_path / "data"), "QU_ADMIN_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "backend", "serve", "--port", str(free_port)]
    with subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        url = f"http://127.0.0.1:{free_port}"

        def ready():
            try:
                return requests.get(f"{url}/healthz", timeout=60).status_code == 200
            except requests.ConnectionError:
                return False

        eventually(ready)
        answer = requests.post(f"{url}/console/user/login", {"userName": "admin", "password": PASSWORD}, timeout=60)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=60)

    assert answer.json()["message"] == "登录成功!"
    assert process.returncode == 0, errors
    assert b"Sign in as admin" in output
    assert PASSWORD.encode() not in output + errors


def test_serving_rest_alone_does_not_import_streamlit():
    code = "import sys, backend.__main__, backend.server.app; print('streamlit' in sys.modules)"

    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout

    assert output == "False\n"


class TestWithPostgres:
    @pytest.fixture(autouse=True)
    def chosen(self, postgres, run, monkeypatch):
        monkeypatch.setenv("QU_DATABASE", postgres)

    def test_the_doctor_checks_it_and_upgrade_names_it(self, run):
        assert run("account", "add", "anne", "--role", "admin", "--password", PASSWORD).exit_code == 0

        said = run("doctor").output
        assert "ok   database: sound" in said
        assert "ok   search index and counts: match the catalogue" in said
        assert "ok   accounts: anne" in said
        assert "BAD  durability: fsync is off" in said
        assert "BAD" not in run("doctor", "--rebuild").output.replace("BAD  durability", "")
        assert run("upgrade").output.startswith("The database qu_test_")

    def test_an_empty_one_is_not_begun_beside_data_that_it_was_meant_to_have(
        self, run, monkeypatch, postgres, free_port
    ):
        monkeypatch.delenv("QU_DATABASE")
        run("account", "add", "anne", "--password", PASSWORD)
        monkeypatch.setenv("QU_DATABASE", postgres)

        for command in (("serve", "--port", free_port), ("work",), ("account", "add", "ben", "--password", PASSWORD)):
            refused = run(*command)
            assert refused.exit_code == 1
            assert "is empty, but" in refused.output
        assert "BAD  what is in it: The database qu_test_" in run("doctor").output
        monkeypatch.delenv("QU_DATABASE")
        assert "Moved." in run("migrate", "--to", postgres).output

    def test_beside_media_of_videos_that_it_does_not_know_nobody_is_told_to_delete_them(self, run, tmp_path):
        """The name of another database in QU_DATABASE is enough to come here."""
        (tmp_path / "data" / "media" / "video").mkdir(parents=True)
        (tmp_path / "data" / "media" / "video" / "source.mp4").touch()

        said = run("doctor").output
        assert "is empty, but" in said
        assert "Probably QU_DATABASE is wrong" in said
        assert "video (1). This database does not know most videos there. Delete nothing" in said
        for command in (("work",), ("upgrade",), ("import", "x.mp4")):
            refused = run(*command)
            assert refused.exit_code == 1
            assert "Probably QU_DATABASE is wrong" in refused.output

    def test_a_list_or_a_backup_of_an_empty_one_is_refused(self, run, tmp_path):
        """A nightly one of the wrong database would be empty, and nobody would notice."""
        for command in (("export", "-o", "x.csv"), ("account", "list"), ("backup", "x.tar")):
            refused = run(*command)
            assert refused.exit_code == 1
            assert "there is no console in it" in refused.output
        assert not list(tmp_path.glob("x.*"))

    def test_a_backup_of_it_is_restored_and_what_was_there_is_kept(self, run):
        run("account", "add", "anne", "--password", PASSWORD)
        assert run("backup", "new.tar").exit_code == 0
        run("account", "add", "ben", "--password", PASSWORD)

        assert "in the schema before_restore_" in run("restore", "new.tar").output
        assert run("account", "list").output == "anne\tmanager\n"


def test_without_the_driver_it_is_said_how_to_install_it(tmp_path):
    hidden = "import sys; sys.modules['psycopg'] = None; from backend.__main__ import main; main(['account', 'list'])"
    environ = {**os.environ, "QU_DATA": str(tmp_path), "QU_DATABASE": "postgresql://u@127.0.0.1:1/d"}

    ran = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, cwd=ROOT, env=environ)

    assert "pip install -r requirements-postgres.txt" in ran.stderr
    assert "Traceback" not in ran.stderr
