"""One-time links: good once, for a while, for one purpose, whichever process is shown them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.store.tickets import MAX_OPEN

WHAT = [{"title": "海边", "pageSize": 3, "tags": ["a", None]}, "token of anne"]


def test_a_ticket_is_good_once_and_for_its_purpose_alone(store):
    ticket, other = store.tickets.issue("export", WHAT), store.tickets.issue("export", WHAT)

    assert ticket != other
    assert store.tickets.take("export", ticket) == WHAT
    assert store.tickets.take("export", ticket) is None
    assert store.tickets.take("session", other) is None
    assert store.tickets.take("export", other) is None


def test_another_process_takes_what_this_one_issued(store, open_again):
    ticket = store.tickets.issue("export", WHAT)

    assert open_again().tickets.take("export", ticket) == WHAT
    assert store.tickets.take("export", ticket) is None


@pytest.mark.parametrize("seconds", [60.0, 3600.0])
def test_a_ticket_ends_when_its_time_is_over(store, clock, seconds):
    early, late = (store.tickets.issue("export", 1, seconds) for _ in range(2))

    clock.move(seconds - 1)
    assert store.tickets.take("export", early) == 1
    clock.move(1)
    assert store.tickets.take("export", late) is None


def test_of_many_who_show_one_ticket_at_once_one_gets_something(store, open_again):
    stores = [store, open_again()]
    ticket = store.tickets.issue("export", WHAT)

    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda number: stores[number % 2].tickets.take("export", ticket), range(32)))

    assert [one for one in taken if one is not None] == [WHAT]


def test_whoever_asks_for_links_without_end_takes_no_room_from_others(store):
    ben = store.tickets.issue("export", "ben's", owner="ben")

    anne = [store.tickets.issue("export", number, owner="anne") for number in range(MAX_OPEN + 3)]

    assert store.tickets.take("export", ben) == "ben's"
    assert [store.tickets.take("export", one) for one in anne[:5]] == [None, None, None, 3, 4]
    assert store.tickets.take("export", anne[-1]) == MAX_OPEN + 2


@pytest.mark.parametrize("ticket", ["", "x", "海", "\ud800", "a" * 10_000])
def test_what_is_no_ticket_stands_for_nothing(store, ticket):
    assert store.tickets.take("export", ticket) is None


def test_neither_tickets_nor_tries_change_what_is_kept_of_answers(store):
    before = store.version()

    store.tickets.take("export", store.tickets.issue("export", WHAT))
    store.attempts.begin("192.0.2.7", "anne")

    assert store.version() == before
