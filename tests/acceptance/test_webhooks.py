"""What a receiver of webhooks is told by a server that is killed."""

from __future__ import annotations

import pytest

from tests.acceptance.webhook_kills import kill

pytestmark = pytest.mark.slow


def test_a_killed_server_tells_of_every_change_and_of_none_that_was_not_made(tmp_path):
    outcome = kill(tmp_path, rounds=4, writers=3, changes=80)

    assert outcome.verdicts > 20
    assert outcome.good, (outcome.lost, outcome.invented)
