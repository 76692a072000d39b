"""The contract of the store: these tests take a store as a parameter, and never say what is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from backend.store import Store, open_store


# On PostgreSQL each statement is a round trip: 36 s of processor time are too much for `make test`.
@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)], autouse=True)
def database(request) -> str:
    """The address of the database behind the store of a test here, and so behind its console; empty for SQLite."""
    return request.getfixturevalue("postgres") if request.param == "postgres" else ""


@pytest.fixture
def open_again(database, tmp_path, clock, begin_data) -> Iterator[Callable[[], Store]]:
    """Opens the store of this test, once more each time, as another process would."""
    opened: list[Store] = []
    if not database:
        begin_data(tmp_path / "data")

    def open_one() -> Store:
        opened.append(open_store(tmp_path / "data", clock, database=database))
        return opened[-1]

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def store(open_again) -> Store:
    return open_again()
