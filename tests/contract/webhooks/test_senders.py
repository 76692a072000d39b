"""Senders of webhooks beside slow receivers and other senders, and senders that stop."""

from __future__ import annotations

from dataclasses import replace

import backend
from backend.lifecycle.webhooks import AT_ONCE, WebhookSender
from tests.contract.webhooks.conftest import change
from tests.receiver import receiving


def test_a_slow_receiver_keeps_no_other_waiting(door, hook, receiver, console, make_video):
    receiver.pass_on.clear()
    sender = WebhookSender(console)
    with receiving() as other:
        console.settings = replace(console.settings, webhook_hosts=(receiver.place, other.place))
        door.data("saveWebhook", url=other.url)
        change(console, make_video, 5)
        sender.step()
        for _ in range(10):
            assert other.arrived.acquire(timeout=60)
        assert len(receiver.received) <= AT_ONCE
    receiver.pass_on.set()
    assert sender.wait(60)


def test_a_webhook_that_is_deleted_in_the_middle_leaves_nothing(door, hook, receiver, console, make_video):
    receiver.pass_on.clear()
    change(console, make_video, 3)
    sender = WebhookSender(console)
    sender.step()
    assert receiver.arrived.acquire(timeout=60)

    door.data("deleteWebhook", webhookId=hook["webhookId"])
    receiver.pass_on.set()

    assert sender.wait(60)
    assert door.data("getWebhooks")["webhookList"] == []
    assert console.store.webhook_deliveries.count() == {}
    assert console.store.check() == []


def test_a_sender_that_stops_gives_back_what_it_was_sending(door, hook, receiver, console, make_video, deliver):
    receiver.pass_on.clear()
    change(console, make_video)
    sender = WebhookSender(console)
    sender.step()
    assert receiver.arrived.acquire(timeout=60)

    sender.stop()
    receiver.pass_on.set()
    before = len(receiver.received)
    deliver()

    assert len({one.event_id for one in receiver.received[before:]}) == 2


def test_two_processes_make_each_attempt_once(door, hook, receiver, console, make_video, settings):
    other = backend.open_console(replace(settings, webhook_hosts=(receiver.place,)), console.clock)
    senders = [WebhookSender(console), WebhookSender(other)]
    change(console, make_video, 20)

    for sender in senders:
        sender.step()
    assert all(sender.wait(60) for sender in senders)

    assert len(receiver.received) == 40
    assert len({one.event_id for one in receiver.received}) == 40
    other.close()


def test_what_a_killed_process_was_sending_is_sent_at_once(door, hook, receiver, console, make_video, deliver):
    change(console, make_video)
    name = "no-such-boot pid:[1] 1 1"
    console.store.webhook_deliveries.claim(hook["webhookId"], f"{name}/1")

    deliver()
    assert len(receiver.received) == 1  # that process may live, on another machine
    console.store.webhook_deliveries.free(lambda owner: owner.startswith(name))
    deliver()
    assert len({one.event_id for one in receiver.received}) == 2
