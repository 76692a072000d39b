"""The history: lines are found, shown in pages and exported, and that stands in it too."""

from __future__ import annotations

import csv
import io
import re

import pytest

import backend
from backend.api.registry import OPERATIONS
from backend.auth.permissions import Role
from backend.model import Actor

# Finding


@pytest.fixture
def filled(console, make_video, clock):
    """Two days of history: lines 1 and 2 on the first, 3 on the second."""
    made = make_video(title="海")
    console.store.catalogue.edit_video(made.video_id, {"title": "sea"}, backend.model.Actor("ben", "page", "10.0.0.7"))
    clock.move(86_400)
    console.store.catalogue.edit_video(made.video_id, {"title": "=cmd()"}, backend.model.Actor("=ben", "rest"))
    return made


@pytest.mark.parametrize(
    ("given", "lines"),
    [
        ({}, [3, 2, 1]),
        ({"userName": "ben"}, [3, 2]),
        ({"userName": "ＢＥ"}, [3, 2]),
        ({"userName": "=b"}, [3]),
        ({"userName": "carl"}, []),
        ({"way": "rest"}, [3]),
        ({"action": "editVideo"}, [3, 2]),
        ({"endTime": "2019-01-09"}, [2, 1]),
        ({"startTime": "2019-01-10"}, [3]),
        ({"startTime": "2019-01-09", "endTime": "2019-01-09", "action": "editVideo"}, [2]),
        ({"target": "nothing"}, []),
    ],
)
def test_it_is_narrowed_by_who_what_which_way_and_when(given, lines, console, filled, make_account, sign_in):
    page = console.store.history.find_page  # the account and its session would be lines of their own
    filters = OPERATIONS["findHistory"].bind(given, console.settings.time_zone)["filters"]

    assert [line.line for line in page(filters.wanted).items] == lines
    assert page(filters.wanted).total == len(lines)
    assert [line.line for line in console.store.history.iterate(filters.wanted)] == lines


@pytest.mark.every_door
def test_it_comes_in_pages_with_what_was_before_and_after(door, filled):
    data = door.data("findHistory", pageSize=1, pageIndex=2, target=filled.video_id)

    assert data["total"] == 3
    (line,) = data["historyList"]
    assert (line["userName"], line["way"], line["address"], line["action"]) == ("ben", "page", "10.0.0.7", "editVideo")
    assert (line["before"], line["after"]) == ({"title": "海"}, {"title": "sea"})
    assert data["actionList"] == ["addAccount", "editVideo", "login", "uploadVideo"]


def test_it_is_exported_as_csv_that_excel_opens_and_takes_nothing_for_a_formula(server, http, token, filled):
    link = http.get(
        f"{server}/console/user/createHistoryLink", params={"consoletoken": token, "target": filled.video_id}
    )

    answer = http.get(link.json()["data"]["url"])

    assert answer.content.startswith(b"\xef\xbb\xbfline,time,userName,token,way,")
    rows = answer.content.decode("utf-8-sig").splitlines()
    assert len(rows) == 4
    assert rows[1].startswith("5,2019-01-10 22:11:29,'=ben,")
    assert rows[2].endswith('"{""title"": ""海""}","{""title"": ""sea""}"')
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="history-2019')


def test_an_export_needs_the_right_and_streams(console, make_account, sign_in, monkeypatch):
    reviewer = sign_in(make_account("ben", Role.REVIEWER))
    monkeypatch.setattr("backend.store.history.CHUNK", 10)
    monkeypatch.setattr("backend.operations.history.CHUNK_ROWS", 10)
    for number in range(55):
        make_account(f"account {number}")

    assert console.call("exportHistory", {}, reviewer)["code"] == "403"
    chunks = list(console.call("exportHistory", {}, sign_in(make_account("root")))["data"].chunks)

    assert len(chunks) == 6
    assert b"".join(chunks).count(b"\r\n") == 60


def test_an_export_is_guarded_like_that_of_the_catalogue(console, token):
    names = ["＝cmd", "\n=cmd", "'=1", "-1", "@x", "plain"]
    for name in names:
        actor = Actor(name, "tests", token=name)
        console.store.history.record(at=1, actor=actor, action="x", target="2434793223202", after={})

    made = console.call("exportHistory", {"action": "x"}, token)["data"]
    rows = list(csv.DictReader(io.StringIO(b"".join(made.chunks).decode("utf-8-sig"), newline="")))

    assert [row["userName"] for row in rows] == ["plain", "'@x", "'-1", "''=1", "'\n=cmd", "'＝cmd"]
    assert [row["token"] for row in rows] == [row["userName"] for row in rows]
    assert {row["target"] for row in rows} == {"2434793223202\t"}


def test_that_the_history_was_taken_out_stands_in_it(console, token):
    for _ in range(2):
        made = console.call("exportHistory", {"action": "login", "startTime": "2019-01-01"}, token)["data"]
        assert re.match("history-2019.*_1-rows_action=login", made.name)
        assert len(list(csv.DictReader(io.StringIO(b"".join(made.chunks).decode("utf-8-sig"))))) == 1

    (_, line) = console.store.history.find_history("", 2)
    assert (line.actor.name, line.action) == ("anne", "exportHistory")
    expected = {"format": "csv", "filter": {"action": "login", "startTime": "2019-01-01 00:00:00"}, "count": 1}
    assert line.after == expected
