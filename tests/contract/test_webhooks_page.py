"""docs/webhooks.md says of events what the code sends, and its receiver works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import msgspec
import pytest

from backend.model.webhooks import EVENTS, RETRY_SECONDS
from tests.paths import ROOT
from tests.waiting import until

PAGE = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([\w.]+)` \| .+ \| ([^|]+) \|$", re.MULTILINE)


def test_every_event_is_there_with_its_fields():
    told = {name: re.findall(r"`(\w+)`", fields) for name, fields in ROW.findall(PAGE)}

    expected = {name: [field.encode_name for field in msgspec.structs.fields(kind)] for name, kind in EVENTS.items()}
    assert told == expected


def test_the_retries_are_those_of_the_code():
    words = re.search(r"Others follow (.+?) after", PAGE.replace("\n", " "))[1]
    units = {"s": 1, "min": 60, "h": 3600}
    told = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", words)]

    assert told == list(RETRY_SECONDS)
    assert all(one < next_ for one, next_ in pairwise(told))


@pytest.fixture(autouse=True)
def present(clock):
    """The library compares timestamps with the time of this machine."""
    clock.now = time.time()


@pytest.fixture
def receiver(free_port, tmp_path):
    """Starts the receiver of the page with a secret, and returns the process once it listens."""
    script = tmp_path / "receiver.py"
    script.write_text(re.search(r"```python\n(.+?)```", PAGE, re.DOTALL)[1], encoding="utf-8")
    started = []

    def start(secret):
        environment = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(free_port)}
        process = subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_its_receiver_takes_an_event_once_and_no_forged_one(door, console, clock, receiver, free_port):
    console.settings = replace(console.settings, webhook_hosts=(f"127.0.0.1:{free_port}",))
    made = door.data("saveWebhook", url=f"http://127.0.0.1:{free_port}/hooks")
    process = receiver(made["secret"])

    def test():
        return door.data("testWebhook", webhookId=made["webhookId"])

    assert until(lambda: test()["status"]) == 204  # when it listens
    assert process.stdout.readline() == f"webhook.test {{'webhookId': {made['webhookId']}}}\n"
    delivered = door.data("getDeliveries", webhookId=made["webhookId"], state="delivered")["deliveryList"][0]
    assert door.data("resendDelivery", deliveryId=delivered["deliveryId"])["status"] == 204
    door.data("rollWebhookSecret", webhookId=made["webhookId"])
    assert test()["status"] == 204  # the secret before signs too
    assert process.stdout.readline().startswith("webhook.test")
    clock.move(3600)
    assert test()["status"] == 401  # that was an hour ahead
