"""A store over PostgreSQL, and a connection besides it."""

from __future__ import annotations

import psycopg
import pytest

from backend.store import open_store
from tests.store.postgres.ending_proxy import EndingProxy


@pytest.fixture
def proxy(postgres):
    """A proxy before the database, which ends connections or does not answer."""
    made = EndingProxy(postgres)
    yield made
    made.close()


@pytest.fixture
def store(postgres, tmp_path):
    opened = open_store(tmp_path, database=postgres)
    yield opened
    opened.close()


@pytest.fixture
def admin(postgres):
    """A connection besides the console's."""
    with psycopg.connect(postgres, autocommit=True) as db:
        yield db
