"""What the tests of the review desk share: people, clips that wait, and leases."""

from __future__ import annotations

import pytest

from backend.auth.permissions import Role
from backend.model import Actor

TESTS = Actor("tests", "tests")
LEASE_SECONDS = 300
GONE = "Your hold on this clip has ended. Take the next one."


@pytest.fixture
def ben(make_account, sign_in):
    """The token of a second reviewer."""
    return sign_in(make_account("ben", Role.REVIEWER))


@pytest.fixture
def clips(make_video, clock):
    """Four clips that wait, the oldest first."""
    return [make_video(video_id=f"v{number}", created=int(clock()) - 100 + number) for number in range(4)]


@pytest.fixture
def take(door):
    """Takes clips and returns their leases by video."""

    def ask(count=1, **given):
        found = door.data("takeReview", count=count, **given)
        return {lease["video"]["videoId"]: lease for lease in found["leaseList"]}

    return ask


@pytest.fixture
def key(take, clips):
    """The lease of the oldest clip."""
    return take()["v0"]["leaseKey"]


def verdicts(console, video_id="v0"):
    lines = console.store.history.find_history(video_id)
    return [line for line in reversed(lines) if line.action in ("createAudit", "undoAudit")]
