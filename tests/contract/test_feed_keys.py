"""Keys of the app's feed: one for all phones, two while it is exchanged."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role


@pytest.mark.every_door
def test_a_key_is_exchanged_for_the_next_while_both_are_valid(door):
    old = door.data("addFeedKey")
    new = door.data("addFeedKey")

    assert [one["key"] for one in door.data("getFeedKeys")["keyList"]] == [old["key"], new["key"]]
    refused = door("addFeedKey")
    assert (refused["code"], refused["message"]) == (
        "409", "Two keys of the feed are valid already. Retire the old one first.",
    )  # fmt: skip
    assert door("retireFeedKey", keyId=old["keyId"])["message"] == "密钥已停用"
    assert [one["key"] for one in door.data("getFeedKeys")["keyList"]] == [new["key"]]
    assert door("retireFeedKey", keyId=old["keyId"])["code"] == "404"


def test_a_key_is_no_token_and_says_who_made_it(door, console):
    made = door.data("addFeedKey")

    assert made["createdBy"] == "anne"
    assert console.access_of(made["key"]) is None
    assert door("getVideos", token=made["key"])["code"] == "403"


def test_managers_do_not_exchange_keys(door, make_account, sign_in):
    token = sign_in(make_account("ben", Role.MANAGER))

    assert {door(name, token=token, keyId=1)["code"] for name in ("addFeedKey", "getFeedKeys", "retireFeedKey")} == {
        "403"
    }


def test_the_history_tells_who_exchanged_keys_but_not_the_keys(door, console):
    made = door.data("addFeedKey")
    door("retireFeedKey", keyId=made["keyId"])

    lines = console.store.history.find_history()[:2]
    assert [(line.action, line.target, line.actor.name) for line in lines] == [
        ("retireFeedKey", "1", "anne"), ("addFeedKey", "1", "anne"),
    ]  # fmt: skip
    assert made["key"] not in repr(lines)
