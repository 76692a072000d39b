"""Tickets with which a browser gets the cookie of a session: once, soon, and for people alone."""

from __future__ import annotations

import secrets

import pytest

from backend.auth.permissions import Right
from tests.conftest import TESTS

ADOPT = "/console/user/adopt"


@pytest.mark.every_door
def test_a_ticket_is_exchanged_for_the_cookie_once(door, server, http):
    ticket = door.data("createSessionTicket")["ticket"]
    http.cookies.clear()

    adopted = http.post(server + ADOPT, json={"ticket": ticket})
    cookie = adopted.cookies.get("qu_session")
    http.cookies.clear()

    assert (adopted.json()["code"], cookie) == ("200", door.token)
    assert http.post(server + ADOPT, json={"ticket": ticket}).json()["code"] == "403"
    http.cookies.clear()


@pytest.mark.parametrize("door", ["in_process", "over_http_form"], indirect=True)
@pytest.mark.every_door
def test_an_api_token_gets_no_ticket(door, console, account, clock):
    token = secrets.token_hex(24)
    console.store.sessions.add_token(account, token, "nightly", Right.MANAGE, int(clock()) + 60, TESTS)

    assert door("createSessionTicket", token=token)["code"] == "403"
    assert door("createSessionTicket", token="")["code"] == "403"
