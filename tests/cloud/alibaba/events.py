"""Event notification: each event is posted, signed, to the address that is configured."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from typing import Any

import requests


class Events:
    """What was told. Nothing is sent until there is an address."""

    def __init__(self, alibaba) -> None:
        self._alibaba = alibaba
        self.told: list[dict[str, Any]] = []
        self.url = self.key = ""  # as somebody set them in the VOD console
        self.address = ""  # where that url leads on this machine
        self.lost = False  # nothing arrives
        self.answers: list[int] = []

    def tell(self, event: dict[str, Any]) -> None:
        self.told.append(event)
        if self.address and not self.lost:
            threading.Thread(target=self._deliver, args=(event,), daemon=True).start()

    def _deliver(self, event: dict[str, Any]) -> None:
        """Post in the background. A receiver that cannot be reached leaves the event undelivered, as at Alibaba."""
        with contextlib.suppress(requests.RequestException):
            self.send(event)

    def send(self, event: dict[str, Any], **headers: str) -> requests.Response:
        """Post one event as Alibaba does: three times at most."""
        body = json.dumps(event, ensure_ascii=False).encode()
        signed = {**self.sign(), "Content-Type": "application/json", **headers}
        with requests.Session() as session:
            session.trust_env = False
            for _ in range(3):
                answer = session.post(self.address, data=body, headers=signed, timeout=60)
                self.answers.append(answer.status_code)
                if answer.status_code == 200:
                    break
        return answer

    def sign(self, key: str = "", seconds_ago: int = 0) -> dict[str, str]:
        stamp = str(int(self._alibaba.clock()) - seconds_ago)
        words = f"{self.url}|{stamp}|{key or self.key}"
        return {"X-VOD-TIMESTAMP": stamp, "X-VOD-SIGNATURE": hashlib.md5(words.encode()).hexdigest()}
