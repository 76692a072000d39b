"""What was found is kept exactly until something is changed, whoever changes it."""

from __future__ import annotations

import sqlite3

import pytest

from backend.store import version_cache
from backend.store.sqlite.connections import Connections


def count(connections: Connections, asked: list[int] | None = None) -> int:
    """Count the words, unless that is known; `asked` gets a mark when it is not."""

    def find() -> int:
        (asked if asked is not None else []).append(1)
        with connections.reading() as db:
            return int(db.execute("select count(*) from words").fetchone()[0])

    return connections.version_cache.get("words", find)


def test_it_asks_once_while_nothing_changes(connections: Connections) -> None:
    asked: list[int] = []
    assert [count(connections, asked) for _ in range(5)] == [0] * 5
    assert len(asked) == 1


def test_it_asks_again_after_our_own_change(connections: Connections) -> None:
    for number in range(3):
        assert count(connections) == number
        with connections.writing() as db:
            db.execute("insert into words values (?)", [f"word {number}"])


def test_it_asks_again_after_the_change_of_another_process(connections: Connections) -> None:
    assert count(connections) == 0
    other = sqlite3.connect(connections.path)
    with other:
        other.execute("insert into words values ('theirs')")
    other.close()
    assert count(connections) == 1


def test_it_does_not_keep_what_was_found_before_a_change_that_came_between(connections: Connections) -> None:
    def find() -> int:
        with connections.writing() as db:
            db.execute("insert into words values ('between')")
        return 0

    assert connections.version_cache.get("words", find) == 0
    assert count(connections) == 1


def test_it_keeps_a_bounded_number(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(version_cache, "MAX_KEPT", 10)
    for number in range(100):
        connections.version_cache.get(number, lambda number=number: number)  # type: ignore[misc]
        assert len(connections.version_cache) <= 10


def test_it_keeps_nothing_where_the_database_does_not_answer(connections: Connections) -> None:
    asked: list[int] = []
    connections.version_cache.close()
    assert [count(connections, asked) for _ in range(3)] == [0] * 3
    assert len(asked) == 3


def remember(connections: Connections, asked: list[int]) -> int:
    """Count the words in a transaction of a reader; `asked` gets a mark when that was not known."""
    with connections.reading() as db:

        def find() -> int:
            asked.append(1)
            return int(db.execute("select count(*) from words").fetchone()[0])

        return connections.cached_in(db, "words", find)


def test_a_reader_asks_once_while_nothing_changes(connections: Connections) -> None:
    asked: list[int] = []
    with connections.reading():  # another reader, who sees the same
        assert [remember(connections, asked) for _ in range(3)] == [0] * 3
    assert [remember(connections, asked) for _ in range(3)] == [0] * 3
    assert len(asked) == 1


def test_a_reader_sees_every_change_whoever_makes_it(connections: Connections) -> None:
    other = sqlite3.connect(connections.path)
    for number in range(0, 6, 2):
        assert remember(connections, []) == number
        with connections.writing() as db:
            db.execute("insert into words values (?)", [f"word {number}"])
        assert remember(connections, []) == number + 1
        with other:
            other.execute("insert into words values (?)", [f"theirs {number}"])
    other.close()


def test_a_reader_of_an_older_state_gets_what_is_true_there(connections: Connections) -> None:
    def find() -> int:
        return int(older.execute("select count(*) from words").fetchone()[0])

    with connections.reading() as older:
        assert connections.cached_in(older, "others", lambda: "read") == "read"
        with connections.writing() as db:
            db.execute("insert into words values ('new')")
        assert remember(connections, []) == 1
        assert connections.cached_in(older, "words", find) == 0
    assert remember(connections, []) == 1
