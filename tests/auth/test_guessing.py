"""Guessing passwords is slow, from wherever and however many at once, and nobody is shut out by somebody else."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend import Caller
from backend.operations import credentials
from backend.store import open_store
from backend.store.login_attempts import FORGET_SECONDS, FREE_ATTEMPTS, FREE_PER_ADDRESS, MANY, MAX_SECONDS
from tests.paths import ROOT

HERE, THERE = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def attempts(tmp_path, clock, begin_data):
    store = open_store(begin_data(tmp_path / "store"), clock)
    yield store.attempts
    store.close()


def try_often(attempts, times, address=HERE, name="anne"):
    return [attempts.begin(address, name).wait for _ in range(times)]


def test_some_tries_are_free_and_the_next_one_waits(attempts):
    assert try_often(attempts, FREE_ATTEMPTS + 1) == [0] * FREE_ATTEMPTS + [2]


def test_the_wait_doubles_up_to_a_minute_however_long_somebody_goes_on(attempts, clock):
    try_often(attempts, FREE_ATTEMPTS)
    waits = []
    for _ in range(10):
        waits.append(attempts.begin(HERE, "anne").wait)
        clock.move(waits[-1])
        assert attempts.begin(HERE, "anne").wait == 0

    assert waits == [2, 4, 8, 16, 32, 60, 60, 60, 60, 60]


def test_tries_during_a_wait_do_not_make_it_longer(attempts, clock):
    try_often(attempts, 1000)

    clock.move(2)

    assert attempts.begin(HERE, "anne").wait == 0


def test_a_right_password_clears_the_count(attempts):
    try_often(attempts, FREE_ATTEMPTS - 1)
    attempts.succeed(HERE, "anne")

    assert try_often(attempts, FREE_ATTEMPTS) == [0] * FREE_ATTEMPTS


def test_all_is_forgotten_after_a_while(attempts, clock):
    try_often(attempts, 20)
    clock.move(FORGET_SECONDS + 1)

    assert try_often(attempts, FREE_ATTEMPTS) == [0] * FREE_ATTEMPTS


def test_a_clock_that_was_set_back_shuts_nobody_out(attempts, clock):
    try_often(attempts, 20)
    clock.move(-86_400)

    assert attempts.begin(HERE, "anne").wait == 0


@pytest.fixture
def behind(attempts, tmp_path, clock):
    """The attempts as a server sees them whose clock is a bit behind."""
    store = open_store(tmp_path / "store", lambda: clock() - 0.02)
    yield store.attempts
    store.close()


def test_who_signs_in_at_two_servers_is_not_delayed_because_their_clocks_differ(attempts, behind, clock):
    attempts.begin(HERE, "ben")
    clock.move(1)

    assert [one.begin(HERE, "anne").wait for one in (attempts, behind)] == [0, 0]


def test_tries_at_two_servers_are_counted_together_although_their_clocks_differ(attempts, behind):
    tries = [one.begin(HERE, "anne").wait for _ in range(FREE_ATTEMPTS) for one in (attempts, behind)]

    assert tries[:FREE_ATTEMPTS] == [0] * FREE_ATTEMPTS
    assert min(tries[FREE_ATTEMPTS:]) >= 2


def test_whoever_guesses_elsewhere_does_not_stop_the_person_here(attempts, clock):
    for number in range(20 * MANY):
        attempts.begin(f"203.0.{number // 250}.{number % 250}", "anne")

    assert attempts.begin(HERE, "anne").wait == 0


def test_a_name_that_many_guess_at_has_one_try_a_minute_for_each_address(attempts, clock):
    for number in range(MANY):
        attempts.begin(f"203.0.113.{number}", "anne")

    assert try_often(attempts, 2) == [0, MAX_SECONDS]
    clock.move(MAX_SECONDS)
    assert attempts.begin(HERE, "anne").wait == 0
    assert try_often(attempts, FREE_ATTEMPTS, name="ben") == [0] * FREE_ATTEMPTS


@pytest.mark.parametrize("clothes", ["::ffff:192.0.2.{}", "::ffff:c000:2{:02x}", "64:ff9b::192.0.2.{}"])
def test_a_neighbour_who_guesses_does_not_stop_me_where_the_server_listens_on_ipv6(attempts, clothes):
    try_often(attempts, FREE_ATTEMPTS + 1, clothes.format(9))

    assert attempts.begin(clothes.format(7), "anne").wait == 0
    assert try_often(attempts, FREE_ATTEMPTS + 1, clothes.format(9))[-1] > 0
    assert attempts.begin("192.0.2.9", "anne").wait > 0


def test_an_address_of_ipv6_counts_as_its_network(attempts):
    waits = [attempts.begin(f"2001:db8:1:2::{number}", "anne").wait for number in range(FREE_ATTEMPTS + 1)]

    assert waits[-1] > 0
    assert attempts.begin("2001:db8:1:3::1", "anne").wait == 0


def test_an_address_that_tries_name_after_name_waits_like_one_that_tries_one(attempts, clock):
    waits = [attempts.begin(HERE, f"name {number}").wait for number in range(FREE_PER_ADDRESS + 1)]

    assert waits == [0] * FREE_PER_ADDRESS + [2]
    assert attempts.begin(THERE, "name 1").wait == 0
    clock.move(2)
    assert [attempts.begin(HERE, f"next {number}").wait for number in range(2)] == [0, 4]


def test_an_office_behind_one_address_does_not_feel_it(attempts):
    for number in range(10 * FREE_PER_ADDRESS):
        assert attempts.begin(HERE, f"person {number}").wait == 0
        if number % 12:  # one in twelve mistypes
            attempts.succeed(HERE, f"person {number}")


def test_of_many_processes_at_once_no_more_than_the_free_tries_come_through(tmp_path):
    code = (
        "import sys; from pathlib import Path; from backend.store import open_store\n"
        "made = open_store(Path(sys.argv[1]), lambda: 1e9).attempts\n"
        "print(sum(made.begin('192.0.2.7', 'anne').wait == 0 for _ in range(20)))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "store")]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(3)]

    assert sum(int(process.communicate(timeout=60)[0]) for process in running) == FREE_ATTEMPTS


@pytest.fixture
def login(console, account, password):
    def sign_in(given=password, address=HERE, name="anne"):
        return console.call("login", {"userName": name, "password": given}, "", Caller("rest", address))

    return sign_in


@pytest.fixture
def hashed(monkeypatch):
    """Counts how often a password is really looked at."""
    looked = []

    def look(password, password_hash):
        looked.append(password)
        return is_right(password, password_hash)

    is_right = credentials.is_right
    monkeypatch.setattr(credentials, "is_right", look)
    return looked


def test_of_20_guesses_at_once_5_are_looked_at(login, hashed):
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(login, ["a wrong one"] * 20))

    assert len(hashed) == FREE_ATTEMPTS
    assert {answer["code"] for answer in answers} == {"401"}
    assert sum("Try again in 2 s" in answer["message"] for answer in answers) == 20 - FREE_ATTEMPTS


def test_right_ones_at_once_are_not_refused_for_what_strangers_guess(login, hashed):
    for number in range(MANY):
        login("a wrong one", f"203.0.113.{number}")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: login(), range(10)))

    assert [answer["code"] for answer in answers] == ["200"] * 10


def test_another_spelling_of_a_name_is_no_way_to_more_tries(login, hashed):
    for name in ("anne", "ANNE", " anne", "ａｎｎｅ", "an\u200bne", "Anne "):
        login("a wrong one", name=name)

    assert len(hashed) == FREE_ATTEMPTS


def test_the_right_password_waits_as_well(login, hashed, clock):
    for _ in range(FREE_ATTEMPTS):
        login("a wrong one")

    assert login()["message"] == "Too many wrong passwords. Try again in 2 s."
    assert len(hashed) == FREE_ATTEMPTS
    clock.move(2)
    assert login()["code"] == "200"


def test_the_person_signs_in_while_somebody_else_guesses(login):
    for _ in range(50):
        login("a wrong one", THERE)

    assert login()["code"] == "200"


def test_two_minutes_after_the_worst_of_it_the_person_is_in_even_from_the_same_address(login, clock):
    for _ in range(300):
        login("a wrong one")
        clock.move(1)

    clock.move(120)
    assert login()["code"] == "200"


@pytest.mark.parametrize("name", ["anne", "nobody"])
def test_a_name_that_nobody_has_is_slowed_down_like_any(login, name):
    answers = [login("a wrong one", name=name)["message"] for _ in range(FREE_ATTEMPTS + 1)]

    assert answers == ["The user name or the password is wrong."] * FREE_ATTEMPTS + [
        "Too many wrong passwords. Try again in 2 s."
    ]


def test_signing_out_and_changing_a_password_are_no_way_around(console, login, token, hashed):
    caller = Caller("rest", HERE)
    for _ in range(FREE_ATTEMPTS):
        console.call("signOut", {"userName": "anne", "password": "a wrong one"}, "", caller)

    given = {"oldPassword": "a wrong one", "newPassword": "another password"}
    answers = [login(), console.call("changePassword", given, token, caller)]

    assert ["Try again" in answer["message"] for answer in answers] == [True, True]
    assert len(hashed) == FREE_ATTEMPTS


def test_the_history_tells_that_somebody_guessed_at_an_account_once_for_each_round(console, login):
    for _ in range(20):
        login("a wrong one")
        login("a wrong one", name="nobody")

    lines = [line for line in console.store.history.find_history() if line.action == "guessPassword"]
    assert [(line.target, line.actor.address, line.after) for line in lines] == [
        ("anne", HERE, {"wrong": FREE_ATTEMPTS})
    ]


def test_the_dashboard_guesses_with_the_browsers_address(console, login, password):
    for _ in range(FREE_ATTEMPTS + 1):
        given = {"userName": "anne", "password": "a wrong one"}
        answer = console.call("login", given, "", Caller("page", THERE))

    assert "Try again" in answer["message"]
    assert login(password, THERE)["code"] == "401"
    assert login(password, HERE)["code"] == "200"
