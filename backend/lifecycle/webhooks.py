"""Delivers events to webhooks: signs and sends them, again and again until somebody has them."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from backend.errors import BadRequest, ConsoleError
from backend.jobs import process_identity
from backend.jobs.periodic import Periodic
from backend.jobs.runner import Task, call_in_thread
from backend.model.webhooks import MAX_ANSWER, MAX_URL, Attempt, Delivery, Webhook, sign
from backend.prewarm.fetcher import Fetch, FetchError, Limits
from backend.prewarm.ssrf import check_literal, is_wanted

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from backend.console import Console
    from backend.settings import Settings

log = logging.getLogger(__name__)

STEP_SECONDS = 1.0
PRUNE_SECONDS = 3600.0
AT_ONCE = 4  # attempts to one webhook, by one process
LIMITS = Limits(connect=10.0, pause=15.0, seconds=15.0)
NOT_AN_ADDRESS = "The address must be complete, like https://example.com/hooks."
NOT_ASCII = "The address contains “{sign}”. Write it percent-encoded, or a host in its xn-- form."
ONLY_HTTPS = "The address must begin with https://. Only what QU_WEBHOOK_HOSTS names may be http."
NOT_PUBLIC = "{host} is in an internal network. Addresses must be public, or be named in QU_WEBHOOK_HOSTS."
NO_USER = "The address must not have a user name or a password. The signature tells who sends."
NO_ANSWER = "There was no answer ({why})."
TOO_LATE = "The server did not answer in time."
NOT_THERE = "The server refused the connection. Check the port, and that the receiver runs."
BAD_CERTIFICATE = "The certificate of the server is not valid for this address."
NOT_GOOD = "The server answered {status}; only 2xx counts as received."
NO_REDIRECT = "The server answered {status}, a redirect, which is not followed. Enter the address it leads to."


def check_address(settings: Settings, url: str) -> tuple[str, bool]:
    """Return a complete address, and whether the operator allows it even if it is internal. Raises BadRequest."""
    if len(url) > MAX_URL or "\\" in url or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise BadRequest(NOT_AN_ADDRESS)
    if foreign := next((char for char in url if not char.isascii()), ""):
        raise BadRequest(NOT_ASCII, sign=foreign)
    try:
        parts = urlsplit(url)
        inside = is_wanted(url, (), settings.webhook_hosts)
    except ValueError:
        raise BadRequest(NOT_AN_ADDRESS) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadRequest(NOT_AN_ADDRESS)
    if parts.username is not None:
        raise BadRequest(NO_USER)
    if not inside:
        if parts.scheme != "https":
            raise BadRequest(ONLY_HTTPS)
        try:
            check_literal(url)
        except BadRequest:
            raise BadRequest(NOT_PUBLIC, host=parts.hostname) from None
    return urlunsplit((parts.scheme, parts.netloc, parts.path, parts.query, "")), inside


def attempt(
    console: Console, webhook: Webhook, delivery: Delivery, task: Task | None = None, *, by_hand: bool = False
) -> Attempt:  # fmt: skip
    """Send a delivery once, with the present secrets, and return how that ended. Only 2xx is good."""
    at, started = console.clock(), time.perf_counter()
    timestamp, body = int(at), delivery.body()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery.event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(webhook.secrets_at(at), delivery.event_id, timestamp, body),
    }
    status, answer = 0, ""
    problem: ConsoleError | None = None
    fetch = Fetch(task or Task(), LIMITS)
    try:
        with fetch.posted(webhook.url, lambda url: check_address(console.settings, url), body, headers) as response:
            status = response.status
            milliseconds = _milliseconds(started)
            answer = _head(fetch, response)
    except FetchError as error:
        milliseconds, problem = _milliseconds(started), _no_answer(str(error))
    except BadRequest as error:
        milliseconds, problem = _milliseconds(started), error
    if 300 <= status < 400:
        problem = ConsoleError(NO_REDIRECT, status=status)
    elif status and not 200 <= status < 300:
        problem = ConsoleError(NOT_GOOD, status=status)
    console.calls.count_webhook("received" if problem is None else "refused" if status else "no answer")
    return Attempt(at, status, milliseconds, answer, problem, by_hand)


def _no_answer(why: str) -> ConsoleError:
    """Return what an administrator is told, who does not know the names of Python's errors."""
    if why == "timeout":
        return ConsoleError(TOO_LATE)
    if why == "ConnectionRefusedError":
        return ConsoleError(NOT_THERE)
    if why == "SSLCertVerificationError":
        return ConsoleError(BAD_CERTIFICATE)
    return ConsoleError(NO_ANSWER, why=why)


def _head(fetch: Fetch, response: BaseHTTPResponse) -> str:
    """Return the first characters of an answer; how it goes on, and whether, does not matter."""
    read = b""
    with suppress(FetchError):
        for piece in fetch.pieces(response):
            read += piece
            if len(read) >= MAX_ANSWER * 4:
                break
    text = read.decode(errors="replace")[:MAX_ANSWER]
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)


class WebhookSender(Periodic):
    """Delivers what is due. Each webhook has threads of its own, so that a slow one delays no other.

    Any number of processes may do it. What a killed process was sending is sent again.
    """

    def __init__(self, console: Console, seconds: float = STEP_SECONDS) -> None:
        super().__init__("webhooks", seconds)
        self._console, self._deliveries = console, console.store.webhook_deliveries
        self._name = process_identity.name()
        self._guard = threading.Condition()
        self._busy: Counter[int] = Counter()  # threads, by webhook
        self._task = Task()  # stops all attempts
        self._pruned = 0.0

    def step(self) -> int:
        """Begin to deliver what is due; return the number of threads begun."""
        now = self._console.store.now()
        if not self._console.store.webhooks.find():
            return 0
        if now - self._pruned >= PRUNE_SECONDS:
            self._deliveries.prune()
            self._pruned = now
        self._deliveries.free(process_identity.is_gone)
        due = self._deliveries.next_due()
        if due is None or due > now:
            return 0
        begun = 0
        for webhook_id, count in self._deliveries.count_due().items():
            with self._guard:
                more = min(count, AT_ONCE) - self._busy[webhook_id]
                self._busy[webhook_id] += max(more, 0)
            for _ in range(more):
                call_in_thread("webhook", partial(self._deliver_all, webhook_id))
                begun += 1
        return begun

    def stop(self, timeout: float = 10.0) -> None:
        self._task.stopped.set()
        super().stop(timeout)
        self.wait(timeout)

    def wait(self, timeout: float) -> bool:
        """Wait at most this many seconds until nothing is being delivered; return whether that is so."""
        with self._guard:
            return self._guard.wait_for(lambda: not any(self._busy.values()), timeout)

    def _deliver_all(self, webhook_id: int) -> None:
        """Deliver what is due for a webhook, one after the other, until nothing is."""
        try:
            while not self._task.stopped.is_set() and self._deliver_next(webhook_id):
                pass
        except Exception:  # for example a full disk; what was claimed is due again after its lease
            log.exception("webhook %s is delivered to later", webhook_id)
        finally:
            with self._guard:
                self._busy[webhook_id] -= 1
                self._guard.notify_all()

    def _deliver_next(self, webhook_id: int) -> bool:
        claimed = self._deliveries.claim(webhook_id, f"{self._name}/{secrets.token_hex(6)}")
        if claimed is None:
            return False
        webhook, delivery = claimed
        made = attempt(self._console, webhook, delivery, self._task)
        if self._task.stopped.is_set() and not made.succeeded:
            self._deliveries.release(delivery)
            return False
        reason = self._deliveries.settle(delivery, made)
        if reason:
            log.warning("webhook %s was switched off: %s", webhook_id, reason.value)
        return True
