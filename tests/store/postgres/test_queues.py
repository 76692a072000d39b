"""Queues that grew by many rows of which PostgreSQL has no statistics yet: who asks for one does not read them all."""

from __future__ import annotations

import psycopg
import pytest

from backend.model import JobKind
from backend.store import open_store
from tests.conftest import TESTS

ROWS, CLAIMS = 4_000, 10
JOBS = """
    insert into jobs (job_id, kind, state, video_id, priority, created, payload)
    select md5(n::text), 'demo', 'queued', '', 1, n / 100, '{}' from generate_series(1, $1) n
"""
DELIVERIES = """
    insert into webhook_deliveries (webhook_id, event_id, type, at, data, due)
    select webhook_id, n, 'video.uploaded', 0, '{}', n from webhooks, generate_series(1, $1) n
"""
READ = """
    select coalesce(sum(n_tup_upd), 0), coalesce(sum(seq_tup_read + idx_tup_fetch), 0) from pg_stat_user_tables
    where relname = $1
"""


@pytest.fixture
def admin(postgres):
    """A connection besides the console's."""
    with psycopg.connect(postgres, autocommit=True, cursor_factory=psycopg.RawCursor) as db:
        yield db


@pytest.fixture
def reads(postgres, tmp_path, admin, eventually):
    """Claims from a queue, and returns how many rows were read for each."""

    def look(table):
        return admin.execute(READ, [table]).fetchone()

    def claim(table, fill, claim_one):
        store = open_store(tmp_path, database=postgres)
        store.webhooks.add("https://hooks.example.com/in", "", (), TESTS)
        admin.execute(fill, [ROWS])
        before = look(table)
        for number in range(CLAIMS):
            assert claim_one(store, str(number)) is not None
        store.close()  # what the server counted is told at the end of its sessions
        eventually(lambda: look(table)[0] >= before[0] + CLAIMS)
        return (look(table)[1] - before[1]) / CLAIMS

    return claim


def test_a_claim_of_a_job_reads_few_of_those_that_wait(reads):
    def claim(store, owner):
        return store.jobs.claim_job([JobKind.DEMO], owner, is_here=lambda owner: True)

    assert reads("jobs", JOBS, claim) < ROWS / 10


def test_a_claim_of_a_delivery_reads_few_of_those_that_are_due(reads):
    def claim(store, owner):
        (hook,) = store.webhooks.find()
        return store.webhook_deliveries.claim(hook.webhook_id, owner)

    assert reads("webhook_deliveries", DELIVERIES, claim) < ROWS / 10
