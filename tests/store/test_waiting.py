"""Changes that wait for others of the same process, in each database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.store import StoreError, group_commit
from backend.store.errors import Reason
from tests.contract.store.conftest import database, open_again, store

__all__ = ["database", "open_again", "store"]  # fixtures


@pytest.fixture
def pool():
    with ThreadPoolExecutor(2) as made:
        yield made


@pytest.fixture
def write(store):
    def add(name):
        with store.engine.writing() as db:
            db.execute("insert into cloud_places (name, value) values (?, '')", [name])

    return add


@pytest.fixture
def names(store):
    def find():
        with store.engine.reading() as db:
            return {name for (name,) in db.fetch("select name from cloud_places")}

    return find


def test_who_waits_for_too_long_is_told_that_the_database_is_busy_and_changes_nothing(
    store, pool, write, names, monkeypatch
):
    monkeypatch.setattr(group_commit, "WAIT_SECONDS", 0.05)
    with store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values ('first', '')")
        error = pool.submit(write, "second").exception()

    assert isinstance(error, StoreError)
    assert error.reason is Reason.BUSY
    assert names() == {"first"}
    write("third")
    assert names() == {"first", "third"}


def test_a_change_is_durable_although_the_one_that_was_to_be_committed_with_it_gave_up(
    store, pool, write, names, monkeypatch, eventually
):
    monkeypatch.setattr(group_commit, "WAIT_SECONDS", 0.2)
    with store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values ('first', '')")
        given_up = pool.submit(write, "second")
        eventually(lambda: store.engine.waiting == 1 or given_up.done())
    given_up.exception()

    assert "first" in names()


def test_who_waits_for_a_change_of_many_rows_is_not_refused(store, pool, write, names, monkeypatch):
    monkeypatch.setattr(group_commit, "WAIT_SECONDS", 0.01)
    with store.engine.writing(bulk=True) as db:
        db.execute("insert into cloud_places (name, value) values ('first', '')")
        waiting = pool.submit(write, "second")
        with pytest.raises(TimeoutError):
            waiting.result(0.2)
    waiting.result()

    assert names() == {"first", "second"}


def test_a_change_is_durable_before_one_of_many_rows_begins(store, pool, write, names, eventually):
    def add_many():
        with store.engine.writing(bulk=True):
            return names()

    with store.engine.writing() as db:
        db.execute("insert into cloud_places (name, value) values ('first', '')")
        many = pool.submit(add_many)
        eventually(lambda: store.engine.waiting == 1)

    assert many.result() == {"first"}
