"""The account's usage over every door, of a console that has no account at Alibaba."""

from __future__ import annotations

import pytest


@pytest.mark.every_door
def test_a_console_without_an_account_says_so(door):
    answer = door("getUsage")

    assert (answer["code"], answer["message"]) == (
        "409", "This console does not use Alibaba Cloud (QU_MODE is embedded).",
    )  # fmt: skip
