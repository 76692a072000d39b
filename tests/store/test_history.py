"""The history: every change leaves a line, lines are found and exported, and none can be changed unnoticed."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backend
from backend.api.parameters import Choice, Upload
from backend.api.registry import OPERATIONS
from backend.auth.permissions import Right, Role
from backend.exports.download import Download
from backend.maintenance.data_lock import MaintenanceError
from backend.maintenance.doctor import examine
from backend.model import Actor, CensorStatus, FileKind, HistoryFilter, JobKind, MediaFile
from backend.model.review import Desk
from backend.store.hash_chain import CONTENT, START, Head, link
from backend.store.history import CONDITIONS
from tests.conftest import PASSWORD, TESTS

SOURCE = MediaFile(FileKind.SOURCE, "source.mp4")
COMMON = MediaFile(FileKind.COMMON, "common.mp4")


# Every change leaves a line


@pytest.fixture
def changes(console, make_video, make_account, sign_in, account, small_clip, tmp_path, clock):
    """Parameters with which each operation that changes anything does so."""
    approved = make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE, COMMON))
    others = [make_video(censor_status=CensorStatus.SUCCESS, files=(SOURCE,)) for _ in range(4)]
    console.store.catalogue.recommend(others[0].video_id, {}, TESTS)
    for made, kind in ((others[1], JobKind.TRANSCODE), (others[2], JobKind.SNAPSHOT)):
        console.store.jobs.enqueue_for_video(kind, made.video_id, "submitTranscode", TESTS)
    failed = console.store.jobs.claim_job([JobKind.SNAPSHOT], "w")
    console.store.jobs.settle_failed(failed, "w", backend.errors.ConsoleError("The disk is full."))
    for cate_id in (5, 6):
        make_video(cate_id=cate_id, cate_name=f"类别{cate_id}")
    gone = make_video()
    console.store.trash.put(gone.video_id, gone.user.user_id, int(clock()) + 9, TESTS)
    waiting = console.store.jobs.find_jobs(kind=JobKind.TRANSCODE).items[0]
    make_video()
    one, two, _ = (lease.key for lease in console.store.review_leases.take(Desk("anne"), 3, 300))
    ben = make_account("ben", Role.MANAGER)
    sign_in(ben)
    sign_in(account)
    sessions = console.store.sessions
    tokens = [
        sessions.add_token(one, one.user_name, "old", Right.READ, int(clock()) + 9, TESTS) for one in (account, ben)
    ]
    upload = tmp_path / "upload.mp4"
    upload.write_bytes(small_clip.read_bytes())
    mine = {"password": PASSWORD, "userName": "anne"}
    return {
        "submitTranscode": {"mediaId": others[3].video_id},
        "submitTabTranscode": {"mediaId": approved.video_id},
        "createAudit": {"mediaId": approved.video_id, "status": "Normal"},
        "undoAudit": {"videoId": approved.video_id},
        "recommendVideo": {"videoId": approved.video_id},
        "pushObjectCache": {"objectPath": "example.com/a.png"},
        "deleteRecommendById": {"videoId": others[0].video_id},
        "deleteVideoById": {"videoId": others[0].video_id, "userId": others[0].user.user_id},
        "restoreVideo": {"videoId": others[0].video_id},
        "purgeVideo": {"videoId": gone.video_id},
        "uploadVideo": {"file": Upload(upload, "clip.mp4", 1)},
        "editVideo": {"videoId": approved.video_id, "title": "another title"},
        "addCategory": {"cateName": "动物"},
        "renameCategory": {"cateId": 5, "cateName": "旅游"},
        "deleteCategory": {"cateId": 6},
        "retryJob": {"jobId": failed.job_id},
        "retryFailedJobs": {},
        "cancelJob": {"jobId": waiting.job_id},
        "login": mine,
        "addAccount": {"userName": "carl", "role": "app"},
        "editAccount": {"userName": "ben", "role": "analyst"},
        "endSession": {"sessionId": sessions.find_sessions("ben")[0].session_id},
        "revokeToken": {"tokenId": tokens[1].session_id},
        "resetPassword": {"userName": "ben"},
        "createToken": {"name": "new", "right": "read", "endTime": "2019-02-01"},
        "revokeOwnToken": {"tokenId": tokens[0].session_id},
        "endOtherSessions": {},
        "changePassword": {"oldPassword": PASSWORD, "newPassword": "another password"},
        "decideReview": {"leaseKey": one, "status": "Blocked", "reasonCode": "spam"},
        "undoReview": {"leaseKey": one},
        "askSecondOpinion": {"leaseKey": two, "note": "?"},
        "editReviewReason": {"code": "spam", "retired": "true"},
    }  # fmt: skip


OF_THE_DESK = ("review_leases", "review_desks", "review_skips", "review_preferences")


def example(operation):
    return {
        one.wire_name: next(iter(one.kind.words)).value if isinstance(one.kind, Choice) else "1"
        for one in operation.parameters
        if one.required
    }


def state(console):
    """Everything that is kept, but for the history itself, when sessions were last seen, and what the review desk keeps
    of its own: who has a clip before their eyes these minutes, and how they want it shown.
    """
    with console.store.engine.reading() as db:
        skipped = (
            "history",
            "sqlite_",
            "_sqlite",
            "videos_words",
            "feed_words",
            *OF_THE_DESK,
        )  # what is derived cannot be listed
        names = (row["name"] for row in db.query("select name from sqlite_master where type = 'table'"))
        tables = [name for name in names if not name.startswith(skipped)]
        rows = {table: list(db.query(f"select * from {table}")) for table in tables}
    return repr({**rows, "sessions": [{**row, "seen": 0} for row in rows["sessions"]]})


def test_what_changes_anything_leaves_a_line_that_tells_who_and_by_which_request(console, token, changes):
    changed = set()
    rest = [name for name in OPERATIONS if name not in changes and name != "signOut"]
    for operation in (OPERATIONS[name] for name in (*changes, *rest, "signOut")):
        if operation.answer is Download:
            continue
        before, last = state(console), console.store.history.find_history(limit=1)[0].line
        answer = console.call(operation.name, changes.get(operation.name, example(operation)), token)
        new = [line for line in console.store.history.find_history() if line.line > last]
        if state(console) == before:
            assert not new, operation.name
            continue
        changed.add(operation.name)
        assert new, operation.name
        assert {(line.actor.name, line.actor.request_id) for line in new} == {("anne", answer["requestId"])}
    assert changed >= set(changes) - {"retryFailedJobs"}  # nothing has failed any more
    assert console.store.history.verify().errors == []


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


@pytest.mark.parametrize("name", CONDITIONS)
def test_no_filter_goes_through_every_line(console, name):
    """Each click on the page of the history asks, and a million lines take a third of a second."""
    asked = []
    with console.store.engine.reading() as db:
        db.conn.set_trace_callback(asked.append)
    console.store.history.find_page(HistoryFilter(**{name: 1 if name in ("start", "end") else "1"}))
    with console.store.engine.reading() as db:
        db.conn.set_trace_callback(None)
        found = [sql for sql in asked if "from history where" in sql]
        plans = [db.execute(f"explain query plan {sql}").fetchall()[0][-1] for sql in found]

    assert len(plans) == 2
    assert all(re.search("INDEX history_by_", plan) for plan in plans), plans


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


# The chain


@pytest.fixture
def chained(console, make_video):
    """A console with ten lines of history, and the database underneath."""
    for _ in range(10):
        make_video()
    db = sqlite3.connect((console.settings.data / "console.sqlite3"), isolation_level=None)
    yield console, db
    db.close()


def test_anybody_can_verify_it_by_the_formula(chained):
    _, db = chained
    previous = START
    for *content, before, own in db.execute(f"select {', '.join(CONTENT)}, previous, hash from history order by id"):
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        assert before == previous
        assert own == hashlib.sha256(previous + text.encode()).digest()
        previous = own
    assert db.execute("select * from history_head").fetchall() == [(1, 10, previous)]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0, 2**53), min_size=1))
def test_the_formula_holds_for_every_text(content):
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))

    assert link(START, content) == hashlib.sha256(START + text.encode()).digest()


SWAP = """
    update history set id = -4 where id = 4;
    update history set id = 4 where id = 5;
    update history set id = 5 where id = -4
"""
INSERT = """
    update history set id = -id where id > 4;
    insert into history select 5, at, actor, way, address, request_id, action, target, before, after, token,
        previous, hash from history where id = 4;
    update history set id = 1 - id where id < 0
"""


@pytest.mark.parametrize(
    ("tampered", "named"),
    [
        ("update history set after = '{}' where id = 4", "line 4 was changed"),
        ("update history set at = at - 1 where id = 1", "line 1 was changed"),
        ("update history set token = 'x' where id = 10", "line 10 was changed"),
        ("update history set hash = x'00' where id = 4", "line 4 was changed"),
        ("update history set previous = x'00' where id = 4", "line 4 does not follow line 3"),
        ("delete from history where id = 1", "line 1 is missing"),
        ("delete from history where id in (4, 5)", "lines 4 to 5 are missing"),
        ("delete from history where id > 8", "lines 9 to 10 are missing at the end"),
        ("delete from history", "lines 1 to 10 are missing at the end"),
        ("delete from history; update history_head set id = 0", "line 0 is not the one that the head names"),
        ("delete from history_head", "the head says 0, but line 10 is the newest"),
        ("update history_head set hash = x'00'", "line 10 is not the one that the head names"),
        (SWAP, "line 4 does not follow line 3"),
        (INSERT, "line 5 does not follow line 4"),
        ("insert into history select 11, at, actor, way, address, request_id, action, target, before, after, token, "
         "hash, hash from history where id = 10", "the head says 10, but line 11 is the newest"),
    ],
)  # fmt: skip
def test_the_doctor_names_what_was_tampered_with(chained, tampered, named):
    console, db = chained
    db.executescript(tampered)

    findings = [finding.text for finding in examine(console) if finding.text.startswith("history:")]

    assert named in findings[0]
    assert not all(finding.good for finding in examine(console))


def test_a_line_that_was_changed_with_its_own_hash_does_not_lead_to_the_next(chained):
    console, db = chained
    row = list(db.execute(f"select {', '.join(CONTENT)}, previous from history where id = 4").fetchone())
    row[CONTENT.index("actor")] = "somebody else"
    db.execute("update history set actor = ?, hash = ? where id = 4", [row[2], link(row[-1], row[:-1])])

    assert console.store.history.verify().errors == [
        "line 5 does not follow line 4: one of them was put in another's place"
    ]


def test_a_head_that_was_noted_elsewhere_tells_even_of_a_chain_that_was_computed_anew(chained, make_video):
    console, db = chained
    noted = console.store.history.verify().head
    make_video()
    assert console.store.history.verify(noted).errors == []

    db.execute("update history set actor = 'somebody else' where id = 4")
    db.execute("delete from history_head")
    _chain_anew(db)

    assert console.store.history.verify().errors == []
    assert console.store.history.verify(noted).errors == ["line 10 is not the one that was noted"]
    assert not all(finding.good for finding in examine(console, str(noted)))
    assert Head.read(str(noted)) == noted
    with pytest.raises(MaintenanceError, match="is not a head"):
        examine(console, "10:abc")


def _chain_anew(db):
    previous = START
    for row in db.execute(f"select {', '.join(CONTENT)} from history order by id").fetchall():
        own = link(previous, row)
        db.execute("update history set previous = ?, hash = ? where id = ?", [previous, own, row[0]])
        previous = own
    db.execute("insert into history_head values (1, ?, ?)", [row[0], previous])


def fail_after_a_line(console):
    with console.store.engine.writing() as db:
        backend.store.history.append(db, at=1, actor=TESTS, action="lost", target="x")
        raise ZeroDivisionError


def test_a_change_that_fails_leaves_no_line_and_an_unbroken_chain(console, make_video):
    made = make_video()
    with pytest.raises(ZeroDivisionError):
        fail_after_a_line(console)
    console.store.catalogue.edit_video(made.video_id, {"title": "next"}, TESTS)

    assert [line.line for line in console.store.history.find_history()] == [2, 1]
    assert console.store.history.verify().errors == []


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
