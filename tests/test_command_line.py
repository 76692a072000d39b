"""The command line, as whoever runs the console types it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from backend.__main__ import main

ROOT = Path(__file__).parents[1]
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
    assert "is no head" in run("doctor", "--head", "nonsense").output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("account", "add", "anne", "--password", "short"), "10 to 1024 characters"),
        (("account", "passwd", "nobody", "--password", PASSWORD), "There is no account nobody"),
        (("backup", "backup.tar"), "nothing to back up"),
        (("export", "--columns", "title,colour"), "columns holds 'colour'; there are id, videoId"),
        (("export", "--status", "red"), "censorStatus must be one of"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_without_a_trace(run, arguments, said):
    result = run(*arguments)

    assert result.exit_code != 0
    assert said in result.output
    assert "Traceback" not in result.output


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
    assert "1 of 3 taken in" in result.output
    assert "notes.mp4: refused. The file cannot be opened" in result.output
    assert small_clip.exists()
    assert not list((tmp_path / "data" / "media" / ".incoming").iterdir())
    rows = run("export").output
    assert rows.startswith("\ufeffid,videoId,title,")
    assert '"a,b","anne","anne"' in rows


def test_a_backup_is_restored(run, tmp_path):
    run("account", "add", "anne", "--password", PASSWORD)

    assert run("backup", "backup.tar").exit_code == 0
    assert "what was there is in" in run("restore", "backup.tar").output
    assert run("account", "list").output == "anne\tmanager\n"


def test_the_server_serves_rest_alone_and_ends_cleanly_on_sigterm(tmp_path, free_port, eventually):
    environ = {**os.environ, "QU_DATA": str(tmp_path / "data"), "QU_ADMIN_PASSWORD": PASSWORD}
    command = [sys.executable, "-m", "backend", "serve", "--port", str(free_port)]
    with subprocess.Popen(command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        url = f"http://127.0.0.1:{free_port}"

        def ready():
            try:
                return requests.get(f"{url}/healthz", timeout=5).status_code == 200
            except requests.ConnectionError:
                return False

        eventually(ready, 30)
        answer = requests.post(f"{url}/console/user/login", {"userName": "admin", "password": PASSWORD}, timeout=10)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=20)

    assert answer.json()["message"] == "登录成功!"
    assert process.returncode == 0, errors
    assert b"Sign in as admin" in output
    assert PASSWORD.encode() not in output + errors


def test_serving_rest_alone_does_not_import_streamlit():
    code = "import sys, backend.__main__, backend.rest; print('streamlit' in sys.modules)"

    output = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True).stdout

    assert output == "False\n"
