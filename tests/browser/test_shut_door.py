"""Who is not signed in sees nothing, whichever page comes first.

Streamlit runs a file of a `pages` folder beside its script by itself until somebody has been at the script, so one
page is tried on a server that nobody has visited yet, and every file alone.
"""

import re
import sys

import pytest
from playwright.sync_api import expect
from streamlit.testing.v1 import AppTest

import backend
from backend import Settings
from tests.paths import ROOT

PAGES = ROOT / "pages"
VIDEO = "00000000000000000000000000000001"


@pytest.fixture
def unvisited(new_server):
    """A server that nobody has visited yet."""
    with new_server() as server:
        yield server


def test_the_first_visit_of_all_shows_the_sign_in_and_no_data(unvisited, fresh_browser, new_person, seeded):
    stranger = new_person(fresh_browser("zh"), unvisited.url, "zh")
    received = listen(stranger.page)

    stranger.goes_to("/video", videoId=VIDEO)

    assert "sign_in_do" in b"".join(received).decode(errors="replace")
    expect(stranger.button("sign_in_do")).to_have_text("登录")
    everything = stranger.page.content() + b"".join(received).decode(errors="replace")
    assert not [title for title in seeded if title in everything]


ESCAPED = re.compile(r"\\u([0-9a-f]{4})")  # in the JSON that components are given


def listen(page):
    """Return what the page is sent over its websocket, as it comes."""
    received = []

    def keep(payload):
        received.append(payload if isinstance(payload, bytes) else payload.encode())

    page.on("websocket", lambda socket: socket.on("framereceived", keep))
    return received


@pytest.fixture
def console(monkeypatch, new_server):
    """A seeded catalogue as the console of this process."""
    console = backend.open_console(Settings(data=new_server().data, admin_password="correct horse battery"))
    monkeypatch.setattr(backend, "call", console.call)
    yield console
    console.close()


def run_alone(script, token=None):
    """Run a file as if it were the whole app, and return all that it draws."""
    page = AppTest.from_file(str(script), default_timeout=90)
    page.query_params["videoId"] = VIDEO
    if token:
        page.session_state["token"] = token
    main = sys.modules["__main__"]
    try:
        page.run()  # replaces the main module
    finally:
        sys.modules["__main__"] = main
    assert not page.exception
    drawn = [element.proto for part in (page.main, page.sidebar) for element in part if getattr(element, "proto", None)]
    text = b"".join(proto.SerializeToString() for proto in drawn).decode(errors="replace")
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)


@pytest.mark.usefixtures("console")
def test_no_file_of_the_pages_shows_anything_by_itself(seeded):
    scripts = sorted(PAGES.glob("*.py"))
    drawn = {script.stem: run_alone(script) for script in scripts}

    assert len(scripts) > 10
    assert [name for name, text in drawn.items() if any(title in text for title in [*seeded, VIDEO])] == []


def test_what_is_not_shown_there_is_shown_to_somebody_who_is_signed_in(console, seeded):
    backend.first_start(console)
    signed_in = console.call("login", {"userName": "admin", "password": console.settings.admin_password})
    token = signed_in["data"]["consoleToken"]
    (video,) = console.call("getVideos", {"title": seeded[0]}, token)["data"]["videoList"]
    console.call("deleteVideoById", {"videoId": video["videoId"], "userId": video["user"]["userId"]}, token)

    drawn = run_alone(PAGES / "trash.py", token)

    assert seeded[0] in drawn
