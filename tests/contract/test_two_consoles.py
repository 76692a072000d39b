"""Two consoles on the same data, as on two machines: what one does, the other knows at its next call."""

from __future__ import annotations

import pytest

import backend
from backend import app

SIGN_IN = "Sign in first"


@pytest.fixture
def other(console):
    opened = backend.open_console(console.settings, console.clock)
    yield opened
    opened.close()


def test_a_change_on_one_is_seen_on_the_other(console, other, token, make_video):
    assert other.call("getVideos", {}, token)["data"]["total"] == 0
    made = make_video(title="火锅")
    assert other.call("getVideos", {"title": "火"}, token)["data"]["total"] == 1

    assert other.call("createAudit", {"mediaId": made.video_id, "status": "Normal"}, token)["code"] == "200"

    (video,) = console.call("getVideos", {}, token)["data"]["videoList"]
    assert video["censorStatus"] == "success"
    assert console.call("findHistory", {}, token)["data"]["historyList"][0]["action"] == "createAudit"


def test_a_session_opened_here_is_valid_there_and_ended_there_is_refused_here(console, other, token):
    assert other.call("getVideos", {}, token)["code"] == "200"
    assert console.call("getVideos", {}, token)["code"] == "200"

    assert other.call("signOut", {}, token)["code"] == "200"

    assert SIGN_IN in console.call("getVideos", {}, token)["message"]


def test_a_link_made_here_serves_once_there(console, other, token):
    url = console.call("createExportLink", {}, token)["data"]["url"]
    ticket = url.partition("ticket=")[2].partition("&")[0]

    assert other.store.tickets.take("exportVideos", ticket)
    assert console.store.tickets.take("exportVideos", ticket) is None


def test_of_two_that_begin_at_the_same_time_one_makes_the_first_account(console, other, monkeypatch):
    hash_password, told = app.hash_password, []

    def hash_meanwhile(password):
        monkeypatch.setattr(app, "hash_password", hash_password)
        told.append(backend.first_start(other))
        return hash_password(password)

    monkeypatch.setattr(app, "hash_password", hash_meanwhile)

    assert backend.first_start(console) == []
    assert "Sign in as admin" in told[0][0]
    assert [one.user_name for one in console.store.accounts.find_accounts()] == ["admin"]
