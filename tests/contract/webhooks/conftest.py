"""A receiver on this machine, a webhook to it, and what delivers."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from backend.lifecycle.webhooks import WebhookSender
from backend.model import Verdict
from tests.conftest import TESTS
from tests.receiver import receiving


@pytest.fixture(autouse=True)
def present(clock):
    """The library takes timestamps of five minutes ago and ahead, between which the second retry is."""
    clock.now = time.time() - 200


@pytest.fixture
def receiver(console):
    """A receiver on this machine that the operator named."""
    with receiving() as one:
        console.settings = replace(console.settings, webhook_hosts=(one.place,))
        yield one


@pytest.fixture
def hook(door, receiver):
    """A webhook to the receiver, with its secret."""
    return door.data("saveWebhook", url=receiver.url)


@pytest.fixture
def deliver(console):
    """Delivers what is due, until all of it was attempted."""
    sender = WebhookSender(console)

    def run():
        sender.step()
        assert sender.wait(60)

    return run


def change(console, make_video, count=1):
    """Make events: a video is uploaded, and approved."""
    for _ in range(count):
        video = make_video()
        console.store.catalogue.record_audit(video.video_id, Verdict.NORMAL, "", "", TESTS)
    return video
