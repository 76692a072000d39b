"""A connection that ends at the commit: the server may have committed before it could say so."""

from __future__ import annotations

import pytest

from backend.store import StoreError, open_store
from backend.store.errors import Reason

KINDS = ["writing", "volatile", "feed_writing"]


@pytest.fixture
def store(proxy, tmp_path):
    opened = open_store(tmp_path, database=proxy.address)
    yield opened
    opened.close()


def write(store, word, kind="writing"):
    with getattr(store.engine, kind)() as db:
        db.execute("insert into cloud_places (name, value) values (?, '')", [word])


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_says_that_nothing_was_changed_where_it_was_committed_before_the_connection_ended(
    store, proxy, admin, kind
):
    proxy.ends.set()
    with pytest.raises(StoreError) as told:
        write(store, "a", kind)
    proxy.ends.clear()

    assert admin.execute("select name from cloud_places").fetchall() == [("a",)]
    assert told.value.reason is Reason.UNCERTAIN
    assert told.value.passing
    write(store, "b", kind)


@pytest.mark.parametrize("kind", KINDS)
def test_nor_where_it_ended_before_that(store, admin, kind):
    admin.execute("""
        create function leave() returns trigger language plpgsql as
            'begin perform pg_terminate_backend(pg_backend_pid()); return null; end';
        create constraint trigger leave after insert on cloud_places deferrable initially deferred
            for each row execute function leave()
    """)
    try:
        with pytest.raises(StoreError) as told:
            write(store, "a", kind)
    finally:
        admin.execute("drop trigger leave on cloud_places; drop function leave")

    assert told.value.reason is Reason.UNCERTAIN
    write(store, "b", kind)


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_server_refuses_to_commit_was_not_changed(store, kind):
    with pytest.raises(StoreError, match="violates foreign key") as told, getattr(store.engine, kind)() as db:
        db.execute("insert into special_entries values ('none', 'none', 1)")

    assert told.value.reason is Reason.OTHER
