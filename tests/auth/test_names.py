"""Names and passwords as people type them: what looks the same is the same, whatever the keyboard."""

from __future__ import annotations

import unicodedata

import pytest
from argon2 import PasswordHasher

from backend.auth.permissions import Role
from backend.errors import BadRequest
from backend.store.account_names import folded
from tests.conftest import TESTS


@pytest.fixture
def sign_in_as(console, password):
    """Signs in and returns the code, and as whom."""

    def sign_in(name, typed=password):
        answer = console.call("login", {"userName": name, "password": typed})
        if answer["code"] != "200":
            return answer["code"], ""
        return "200", console.access_of(answer["data"]["consoleToken"]).account.user_name

    return sign_in


@pytest.fixture
def add(console, password_hash):
    def make(name):
        return console.store.accounts.add_account(name, password_hash, Role.ADMIN, TESTS).user_name

    return make


@pytest.fixture
def taken(account, console):
    """Says which names there are."""
    return lambda: [one.user_name for one in console.store.accounts.find_accounts()]


SAME = ["Anne", "anne ", "\u3000anne", "ＡＮＮＥ", "a\u200bnne", "an\u00adne\ufeff", "ａｎｎｅ"]


@pytest.mark.parametrize("typed", SAME)
def test_a_name_in_another_spelling_is_the_same_name(typed, add, taken, sign_in_as):
    with pytest.raises(BadRequest) as refused:
        add(typed)

    assert str(refused.value) == "There is already an account anne. Choose another name."
    assert taken() == ["anne"]
    assert sign_in_as(typed) == ("200", "anne")


@pytest.mark.parametrize("typed", ["аnne", "annе", "Αnne", "ɑnne", "𝐚nne"])
def test_a_name_in_letters_that_look_like_others_is_refused(typed, add, taken):
    with pytest.raises(BadRequest, match="anne"):
        add(typed)

    assert taken() == ["anne"]


@pytest.mark.parametrize("first", ["mary1", "аррӏе", "зоо", "barn"])
def test_so_it_is_where_every_letter_is_another(first, add):
    add(first)
    twin = {"mary1": "maryl", "аррӏе": "appie", "зоо": "3oo", "barn": "bam"}[first]

    with pytest.raises(BadRequest, match="looks like the account"):
        add(twin)


def test_accents_are_the_same_however_the_keyboard_puts_them_together(add, sign_in_as):
    whole, parts = "caf\u00e9", "cafe\u0301"

    assert add(parts) == whole
    with pytest.raises(BadRequest):
        add(whole)
    assert sign_in_as(parts) == sign_in_as(whole) == ("200", whole)


@pytest.mark.parametrize("name", ["\u200b", " \u3000 ", "a\u0007b", "\u00ad\ufeff"])
def test_a_name_can_be_seen(name, add, taken):
    with pytest.raises(BadRequest, match="visible"):
        add(name)


@pytest.mark.parametrize("name", ["安妮", "Анна", "anne2", "jürgen", "anne.lee", "Zoë van Dam", "安妮2"])
def test_other_names_are_other_names(name, add, taken, sign_in_as):
    assert add(name) == name
    assert sign_in_as(name) == ("200", name)


def test_old_accounts_whose_names_differ_by_no_more_keep_working(account, console, password_hash, sign_in_as):
    sql = "insert into accounts (user_name, folded, password_hash, role, created) values (?, ?, ?, 'admin', 0)"
    with console.store.engine.writing() as db:
        for name in ("Anne", "ben ", "BEN"):
            db.execute(sql, [name, folded(name), password_hash])

    for name in ("anne", "Anne", "ben ", "BEN"):
        assert sign_in_as(name) == ("200", name)
    assert sign_in_as("Ben")[0] == "401"


@pytest.mark.parametrize("kept", ["NFC", "NFD"])
def test_a_password_opens_however_the_keyboard_puts_accents_together(kept, console, account, sign_in_as):
    typed = {form: unicodedata.normalize(form, "über été à Séoul") for form in ("NFC", "NFD")}
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(typed[kept])
    console.store.accounts.set_password("anne", hashed, TESTS)

    assert {sign_in_as("anne", one) for one in typed.values()} == {("200", "anne")}
    assert sign_in_as("anne", "uber ete a Seoul")[0] == "401"


def test_a_new_password_is_kept_in_one_form(console, token, sign_in_as):
    parts = unicodedata.normalize("NFD", "é" * 10)
    given = {"userName": "ben", "role": "admin", "password": parts}

    assert console.call("addAccount", {**given, "password": parts[:-2]}, token)["code"] == "400"  # nine letters
    assert console.call("addAccount", given, token)["code"] == "200"
    assert sign_in_as("ben", "é" * 10) == ("200", "ben")
