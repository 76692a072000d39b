"""The typed client of Python: one method for each operation, with the types that it declares."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from backend.api.registry import OPERATIONS
from backend.api.wire import VideoDetail
from backend.model import CensorStatus
from backend.typed_client import CallFailed, ConsoleClient
from backend.typed_client.stub import STUB, Stub
from tests.clients.typed_usage import publish
from tests.paths import ROOT

pytestmark = pytest.mark.in_front


@pytest.fixture
def client(server, token):
    return ConsoleClient(server, token)


def test_its_types_are_those_of_the_operations():
    assert STUB.read_text(encoding="utf-8") == Stub().write(), "make client brings them up to date"


def test_every_operation_is_a_method_with_its_parameters_and_its_docstring():
    for operation in OPERATIONS.values():
        method = getattr(ConsoleClient, operation.function.__name__)
        assert set(inspect.signature(method).parameters) == {"self", *(one.name for one in operation.parameters)}
        assert method.__doc__ == operation.summary


def test_somebody_signs_in_uploads_and_approves(server, account, password, small_clip, tmp_path):
    clip = tmp_path / "海边.mp4"
    clip.write_bytes(small_clip.read_bytes())
    console = ConsoleClient(server)

    console.sign_in(account.user_name, password)

    assert publish(console, clip) == "海边"


def test_the_example_of_the_readme_runs(server, account, password, make_video, capsys):
    make_video(title="海边", duration=12.5)
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    for old, new in (("http://127.0.0.1:8501", server), ('"admin", "…"', f'"{account.user_name}", "{password}"')):
        assert old in example
        example = example.replace(old, new)

    exec(compile(example, "README.md", "exec"), {})

    assert capsys.readouterr().out == "海边 12.5\n"


def test_results_have_their_types(client, make_video):
    made = make_video(title="海边", censor_status=CensorStatus.CHECK)

    found = client.get_video_by_id(video_id=made.video_id)

    assert isinstance(found, VideoDetail)
    assert (found.title, found.user.user_name) == ("海边", "Anne")


def test_a_refusal_is_an_exception_with_code_message_and_request(client):
    with pytest.raises(CallFailed, match=r"getVideoById: .*nowhere.* \(404, requestId ") as caught:
        client.get_video_by_id(video_id="nowhere")

    assert (caught.value.code, caught.value.operation) == ("404", "getVideoById")
    assert caught.value.request_id


def test_messages_are_in_the_language_of_choice(server):
    with pytest.raises(CallFailed, match="请先登录"):
        ConsoleClient(server, language="zh").get_videos()


def test_a_console_that_is_not_there_is_told_the_same_way(free_port):
    with pytest.raises(CallFailed, match="cannot be reached") as caught:
        ConsoleClient(f"http://127.0.0.1:{free_port}").get_videos()

    assert caught.value.code == "503"


def test_wrong_arguments_are_told_before_anything_is_sent():
    nowhere = ConsoleClient("http://127.0.0.1:1")
    with pytest.raises(TypeError, match="titel"):
        nowhere.get_videos(titel="海")
    with pytest.raises(TypeError, match="video_id"):
        nowhere.get_video_by_id()


def test_times_are_sent_with_their_offset(client, clock, make_video):
    make_video()
    now = datetime.fromtimestamp(int(clock()), UTC)

    assert client.get_videos(start_time=now, end_time=now).total == 1
    assert client.get_videos(end_time=datetime.fromtimestamp(int(clock()) - 1, UTC)).total == 0


def test_nothing_is_absent_and_empty_clears(client, make_video):
    video = make_video(description="old", tags="a")

    client.edit_video(video_id=video.video_id, description="", tags=None)

    found = client.get_video_by_id(video_id=video.video_id)
    assert (found.description, found.tags) == ("", "a")


def test_a_download_streams(client, make_video):
    make_video(title="海边")

    assert "海边" in b"".join(client.export_videos().chunks).decode("utf-8-sig")


@pytest.mark.slow
def test_mypy_knows_the_types_and_finds_mistakes(tmp_path):
    usage = ROOT / "tests/clients/typed_usage.py"
    wrong = tmp_path / "wrong.py"
    text = (
        usage.read_text(encoding="utf-8")
        .replace("page_size=20", 'page_size="20"')
        .replace("video.title", "video.titel")
    )
    wrong.write_text(text, encoding="utf-8")

    def check(path):
        command = (sys.executable, "-m", "mypy", "--strict", "--config-file", "pyproject.toml", str(path))
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout

    assert check(usage).startswith("Success")
    found = check(wrong)
    assert 'incompatible type "str"; expected "int | None"' in found
    assert '"ListedVideo" has no attribute "titel"' in found
