"""Phones that page through the feed while it changes: `python -m tests.acceptance.phones` is the whole of it."""

from __future__ import annotations

import pytest

from tests.acceptance.phones import page_through

pytestmark = pytest.mark.slow


def test_no_phone_sees_a_clip_twice_or_a_blocked_one(tmp_path):
    outcome = page_through(tmp_path, 100, 12, nginx=False)

    assert (outcome.twice, outcome.blocked, outcome.restarted) == ([], [], 0)
    assert outcome.runs
    assert len(outcome.versions) > 10
