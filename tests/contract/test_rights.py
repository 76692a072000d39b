"""Who may do what: every operation, asked by every role and every kind of API token, on every way in."""

from __future__ import annotations

import secrets

import pytest

from backend.api.parameters import Choice
from backend.api.registry import OPERATIONS
from backend.auth.permissions import GRANTS, Right, Role
from backend.exports.download import Download
from backend.model import Actor

TESTS = Actor("tests", "tests")
# Those that need no right ask for a password or a key of the feed, or end the session that asks.
EVERY = [one for one in OPERATIONS.values() if one.right is not None]


def example(operation):
    """Some value for each required parameter, of which nothing is there."""
    return {
        one.wire_name: next(iter(one.kind.words)).value if isinstance(one.kind, Choice) else "1"
        for one in operation.parameters
        if one.required
    }


def refused(door, operation, token, holder):
    """Say whether an operation is refused for want of a right; the answer then names who wants it."""
    answer = door(operation.name, token=token, **example(operation))
    lacks = answer["code"] == "403" and "does not have the" in answer["message"]
    assert not lacks or holder in answer["message"]
    return lacks


def may(door, operation, rights):
    # A call without a way of its own comes from a page, and pages are for people.
    needed = {operation.right} | ({Right.DASHBOARD} if door.way == "in_process" else set())
    return needed <= rights


pages_and_rest = pytest.mark.parametrize("door", ["in_process", "over_http_form"], indirect=True)


@pages_and_rest
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_it_has_the_right_for_and_nothing_else(role, door, make_account, sign_in):
    token = sign_in(make_account("ben", role))

    for operation in EVERY:
        if operation.answer is Download and operation.right in role.rights:
            continue  # a file, no envelope
        assert refused(door, operation, token, role.value) is not may(door, operation, role.rights), operation.name


@pages_and_rest
@pytest.mark.parametrize("granted", GRANTS)
def test_an_api_token_may_do_what_it_was_made_for_and_never_what_only_people_do(granted, door, console, account, clock):
    token = secrets.token_hex(24)
    console.store.sessions.add_token(account, token, "nightly", granted, int(clock()) + 60, TESTS)
    rights = GRANTS[granted]

    for operation in EVERY:
        if operation.answer is Download and operation.right in rights:
            continue
        assert refused(door, operation, token, "nightly") is not may(door, operation, rights), operation.name
    assert not rights & {Right.ADMIN, Right.OWN, Right.DASHBOARD}


def test_an_api_token_never_may_more_than_its_owner(console, account, make_account, clock):
    make_account("ben")
    token = secrets.token_hex(24)
    console.store.sessions.add_token(account, token, "nightly", Right.MANAGE, int(clock()) + 60, TESTS)

    console.store.accounts.edit_account(account.user_name, TESTS, role=Role.ANALYST)

    rights = set(console.access_of(token).rights)
    assert rights == {Right.READ, Right.HISTORY, Right.EXPORT}


@pages_and_rest
def test_an_app_reads_plays_and_uploads_over_rest_and_has_no_business_on_the_pages(door, make_account, password):
    make_account("phones", Role.APP)

    answer = door("login", token="", userName="phones", password=password)

    if door.way == "in_process":
        assert (answer["code"], answer["data"]) == ("403", None)
        assert "cannot use the dashboard" in answer["message"]
        return
    token = answer["data"]["consoleToken"]
    assert door("getVideos", token=token)["code"] == "200"
    assert len(door("createUploadLinks", token=token)["data"]) == 1
    assert door("deleteVideoById", token=token, videoId="1", userId="1")["code"] == "403"
    assert door("getHistory", token=token, videoId="1")["code"] == "403"
