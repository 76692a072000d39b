"""Turns at passwords: two at once by whatever door, and no address keeps the others waiting."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend import Caller
from backend.auth.fair_semaphore import AT_ONCE, MAX_WAITING_HERE, FairSemaphore
from backend.errors import Refused
from backend.operations import credentials
from backend.server.app import RestApp

HERE, THERE = "192.0.2.7", "198.51.100.9"


class Crowd:
    """Threads that ask for turns; whoever has one keeps it until `go` is set."""

    def __init__(self, turns):
        self.password_checks, self.go, self.served, self.refused, self.threads = turns, threading.Event(), [], [], []

    def ask(self, address):
        self.threads.append(threading.Thread(target=self._have, args=[address]))
        self.threads[-1].start()

    def _have(self, address):
        try:
            with self.password_checks.acquire(address):
                self.served.append(address)
                self.go.wait(60)
        except Refused:
            self.refused.append(address)


@pytest.fixture
def crowd_at():
    made = []

    def gather(**limits):
        made.append(Crowd(FairSemaphore(**limits)))
        return made[-1]

    yield gather
    for crowd in made:
        crowd.go.set()
        for thread in crowd.threads:
            thread.join(60)


@pytest.fixture
def watched(monkeypatch):
    """Tells which passwords are looked at, in order, and how many at once at most."""
    looked, active, most = [], set(), []
    is_right = credentials.is_right

    def look(password, password_hash):
        looked.append(password)
        active.add(threading.get_ident())
        most.append(len(active))
        try:
            return is_right(password, password_hash)
        finally:
            active.discard(threading.get_ident())

    monkeypatch.setattr(credentials, "is_right", look)
    return looked, most


def test_addresses_are_served_one_after_the_other_however_often_each_asks(crowd_at, eventually):
    crowd = crowd_at(at_once=1)
    crowd.ask("203.0.113.1")
    eventually(lambda: crowd.served)
    for number, address in enumerate([HERE] * 4 + [THERE], start=1):
        crowd.ask(address)
        eventually(lambda number=number: crowd.password_checks.waiting == number)

    crowd.go.set()

    eventually(lambda: len(crowd.served) == 6)
    assert crowd.served == ["203.0.113.1", HERE, THERE, HERE, HERE, HERE]


def test_an_address_has_one_turn_at_a_time(crowd_at, eventually):
    crowd = crowd_at(at_once=2)
    for address in (HERE, HERE, THERE):
        crowd.ask(address)

    eventually(lambda: sorted(crowd.served) == sorted([HERE, THERE]))
    assert crowd.password_checks.waiting == 1


def test_a_server_that_is_told_to_stop_waits_for_none_of_those_who_wait(crowd_at, eventually):
    crowd = crowd_at(at_once=1)
    for _ in range(3):
        crowd.ask(HERE)
    eventually(lambda: crowd.served and crowd.password_checks.waiting == 2)

    crowd.password_checks.close()

    eventually(lambda: crowd.refused == [HERE, HERE])
    crowd.ask(THERE)
    eventually(lambda: crowd.refused == [HERE, HERE, THERE])


def test_where_all_places_are_taken_whoever_asks_most_often_goes(crowd_at, eventually):
    crowd = crowd_at(at_once=1, most_here=3, most=4)
    crowd.ask("203.0.113.1")
    eventually(lambda: crowd.served)
    for _ in range(4):
        crowd.ask(HERE)
    eventually(lambda: (crowd.password_checks.waiting, crowd.refused) == (3, [HERE]))
    for address in (THERE, "203.0.113.9"):
        crowd.ask(address)
    eventually(lambda: (crowd.password_checks.waiting, crowd.refused) == (4, [HERE, HERE]))

    crowd.go.set()

    eventually(lambda: len(crowd.served) == 5)
    assert sorted(crowd.served[1:4]) == sorted([HERE, THERE, "203.0.113.9"])


@pytest.mark.slow
def test_a_flood_under_many_names_keeps_nobody_waiting(console, account, password, watched, eventually):
    looked, most = watched

    def guess(number):
        given = {"userName": f"name {number}", "password": f"guess {number}"}
        return console.call("login", given, "", Caller("rest", HERE))

    with ThreadPoolExecutor(40) as pool:
        guesses = [pool.submit(guess, number) for number in range(40)]
        eventually(lambda: console.password_checks.waiting > 20)
        before = len(looked)
        answer = console.call("login", {"userName": "anne", "password": password}, "", Caller("rest", THERE))
        guessed = {one.result(60)["code"] for one in guesses}

    assert answer["code"] == "200"
    assert looked[before:].index(password) <= AT_ONCE
    assert guessed <= {"401", "429"}
    assert max(most) <= AT_ONCE


@pytest.mark.parametrize("way", ["page", "rest"])
def test_thirty_at_once_are_looked_at_two_at_a_time_and_all_get_in(way, console, account, password, watched):
    def sign_in(number):
        caller = Caller(way, f"192.0.2.{number % 3}")
        return console.call("login", {"userName": "anne", "password": password}, "", caller)

    with ThreadPoolExecutor(30) as pool:
        answers = list(pool.map(sign_in, range(30)))

    assert [answer["code"] for answer in answers] == ["200"] * 30
    assert max(watched[1]) <= AT_ONCE


def test_over_http_who_finds_no_place_is_told_when_to_come_again(serve, console, account, http):
    console.password_checks = FairSemaphore(most_here=0)
    server = serve(RestApp(console))

    answer = http.post(f"{server}/console/user/login", data={"userName": "anne", "password": "a guess"})

    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (429, "429", "1")
    assert answer.json()["message"].startswith("Too many people are signing in")


def test_the_places_of_one_address_are_enough_for_an_office():
    assert MAX_WAITING_HERE >= 50
