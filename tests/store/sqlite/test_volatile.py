"""What is kept for minutes: pruned, and of no use to whoever reads the file."""

from __future__ import annotations

import pytest

from backend.store import open_store
from backend.store.errors import StoreError
from backend.store.login_attempts import FORGET_SECONDS


def test_late_tickets_are_deleted_and_no_file_holds_what_they_stand_for(tmp_path, clock):
    store = open_store(tmp_path, clock)
    late = [store.tickets.issue("export", "the token of anne", owner=f"owner {number}") for number in range(100)]
    clock.move(61)
    store.tickets.issue("export", "the token of ben")

    with store.engine.volatile() as db:
        assert db.fetch("select count(*) from tickets") == [(1,)]
    raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    store.close()

    assert [secret for secret in ("the token", *late, "owner 1") if secret.encode() in raw] == []


def test_a_full_disk_is_called_that_and_nothing_is_to_be_deleted(tmp_path, clock):
    store = open_store(tmp_path, clock)
    store.attempts.begin("192.0.2.7", "anne")
    with store.engine.volatile() as db:
        db.execute("pragma max_page_count = 1")
    with pytest.raises(StoreError, match="Free some space on the disk") as told, store.engine.volatile() as db:
        db.execute("create table large as select zeroblob(1000000) as bytes")
    store.close()

    assert "delete it" not in str(told.value)


def test_names_that_nobody_has_take_no_room_for_long(tmp_path, clock):
    store = open_store(tmp_path, clock)
    for number in range(200):
        store.attempts.begin("192.0.2.7", f"name {number}")
    clock.move(FORGET_SECONDS + 1)
    store.attempts.begin("192.0.2.7", "anne")

    with store.engine.volatile() as db:
        assert db.fetch("select count(*) from attempts") == [(3,)]
    store.close()
