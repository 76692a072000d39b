"""Changes to the database: kept on the disk or refused, alone or together with those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import pytest

from backend.store import group_commit
from backend.store.errors import StoreError
from backend.store.group_commit import MAX_IN_A_GROUP
from backend.store.sqlite.connections import Connections

Write = Callable[[str], Future[None]]
Eventually = Callable[[Callable[[], bool]], None]


@pytest.fixture
def write(connections: Connections) -> Iterator[Write]:
    """Write a word in a thread of its own."""

    def add(word: str) -> None:
        with connections.writing() as db:
            db.execute("insert into words values (?)", [word])

    with ThreadPoolExecutor(100) as pool:
        yield lambda word: pool.submit(add, word)


def words(connections: Connections) -> set[str]:
    with connections.reading() as db:
        return {row[0] for row in db.execute("select word from words")}


def statements(connections: Connections) -> list[str]:
    seen: list[str] = []
    with connections.writing() as db:
        db.conn.set_trace_callback(lambda sql: seen.append(sql.lower()))
    return seen


def commits_of_eight(connections: Connections, write: Write, eventually: Eventually) -> int:
    """Let eight change something while another one does, and return how many commits all took."""
    seen = statements(connections)
    seen.clear()
    with connections.writing():
        writes = [write(f"word {number}") for number in range(8)]
        eventually(lambda: connections.waiting == 8)
    for one in writes:
        one.result(60)
    return seen.count("commit")


class Test_changes_at_once:
    @pytest.fixture(autouse=True)
    def unhurried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(group_commit, "GROUP_SECONDS", 1000.0)

    def test_are_committed_when_their_time_is_over_so_that_the_first_does_not_wait_for_all(
        self, connections: Connections, write: Write, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(group_commit, "GROUP_SECONDS", 0.0)
        assert commits_of_eight(connections, write, eventually) == 9
        assert len(words(connections)) == 8

    def test_share_one_commit(self, connections: Connections, write: Write, eventually: Eventually) -> None:
        assert commits_of_eight(connections, write, eventually) == 1
        assert len(words(connections)) == 8

    def test_are_kept_in_groups_of_limited_size(
        self, connections: Connections, write: Write, eventually: Eventually
    ) -> None:
        seen = statements(connections)
        seen.clear()
        with connections.writing():
            writes = [write(f"word {number}") for number in range(MAX_IN_A_GROUP + 10)]
            eventually(lambda: connections.waiting == MAX_IN_A_GROUP + 10)
        for one in writes:
            one.result(60)
        groups = "\n".join(seen).split("commit")
        assert MAX_IN_A_GROUP / 2 < max(group.count("insert into words") for group in groups) <= MAX_IN_A_GROUP
        assert len(words(connections)) == MAX_IN_A_GROUP + 10

    def test_fail_alone(self, connections: Connections, write: Write, eventually: Eventually) -> None:
        with connections.writing():
            good = [write(f"word {number}") for number in range(4)]
            bad = write("long" * 5000)
            eventually(lambda: connections.waiting == 5)
        for one in good:
            one.result(60)
        with pytest.raises(StoreError, match="CHECK"):
            bad.result(60)
        assert words(connections) == {f"word {number}" for number in range(4)}

    def test_see_nothing_of_one_that_failed(
        self, connections: Connections, write: Write, eventually: Eventually
    ) -> None:
        others: list[Future[None]] = []

        def break_off() -> None:
            with connections.writing() as db:
                db.execute("insert into words values ('mine')")
                others.append(write("other"))
                eventually(lambda: connections.waiting == 1)
                raise LookupError("nothing like it")

        with pytest.raises(LookupError, match="nothing like it"):
            break_off()
        others[0].result(60)
        assert words(connections) == {"other"}

    def test_are_told_so_when_the_disk_has_no_room_for_all(
        self, connections: Connections, write: Write, eventually: Eventually
    ) -> None:
        with connections.writing() as db:
            pages = db.execute("pragma page_count").fetchone()[0]
            db.execute(f"pragma max_page_count = {pages + 4}")
        with suppress(StoreError), connections.writing():
            writes = {word: write(word) for word in (f"{number}" * 5000 for number in range(8))}
            eventually(lambda: connections.waiting == 8)
        acknowledged = {word for word, one in writes.items() if one.exception(60) is None}
        assert acknowledged < set(writes), "there was room after all"
        assert words(connections) == acknowledged
        with connections.writing() as db:
            db.execute("pragma max_page_count = 1000000")
            db.execute("insert into words values ('room again')")
        assert "room again" in words(connections)


def test_many_threads_lose_nothing(connections: Connections, write: Write) -> None:
    writes = [write(f"word {number % 900}") for number in range(1000)]
    outcomes = [one.exception(60) for one in writes]
    assert len([outcome for outcome in outcomes if outcome is None]) == 900
    assert all(isinstance(outcome, StoreError) for outcome in outcomes if outcome)
    assert len(words(connections)) == 900
