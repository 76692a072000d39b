"""The chain of hashes: anybody can verify it, and the doctor names what was tampered with."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

import backend
from backend.maintenance.data_lock import MaintenanceError
from backend.maintenance.doctor import examine
from backend.model import HistoryFilter
from backend.store.hash_chain import CONTENT, START, Head, link
from backend.store.history import CONDITIONS
from backend.store.sqlite.connections import add_functions
from tests.conftest import TESTS


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


@pytest.fixture
def chained(console, make_video):
    """A console with ten lines of history, and the database underneath."""
    for _ in range(10):
        make_video()
    db = sqlite3.connect((console.settings.data / "console.sqlite3"), isolation_level=None)
    add_functions(db)  # which triggers call
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
