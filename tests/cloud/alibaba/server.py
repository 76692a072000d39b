"""The port: requests in, answers out, and every fault that a test asked for on the way."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.cloud.alibaba.cdn import Prefetching
from tests.cloud.alibaba.mns import Queues
from tests.cloud.alibaba.oss import BUCKET, Oss
from tests.cloud.alibaba.pulls import Pulls
from tests.cloud.alibaba.refusal import Refusal
from tests.cloud.alibaba.reviews import Reviews
from tests.cloud.alibaba.signature import Gate
from tests.cloud.alibaba.usage import Usage
from tests.cloud.alibaba.vod import Vod

MAX_QUERY = 8000  # bytes: longer lines are refused by gateways on the way
VERSIONS = {"vod": "2017-03-21", "cdn": "2018-05-10"}
NOT_DONE = ("throttled", "busy", "slow", "dropped", "malformed", "html", "cut", "expired")
DONE = ("done_slow", "done_dropped", "done_malformed", "done_cut")
FAULTS = (*NOT_DONE, *DONE)


@dataclass
class Fault:
    """One way to fail: `times` calls of an action, after `after` good ones."""

    action: str
    kind: str
    times: int = 1
    after: int = 0
    seconds: float = 20.0  # how long a slow one takes


@dataclass
class Alibaba:
    """One account."""

    gate: Gate = field(default_factory=Gate)
    calls: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    failed: int = 0  # how many calls failed as was arranged
    denied: set[str] = field(default_factory=set)  # actions that RAM does not allow
    hanging: dict[str, int] = field(default_factory=dict)  # calls of held actions that wait now
    url: str = ""
    credentials_given: int = 0
    clock: Callable[[], float] = time.time
    chance: Callable[[str], str] = lambda _action: ""  # a fault by chance: its kind, or none

    def __post_init__(self) -> None:
        self.guard = threading.RLock()
        self._held: dict[str, threading.Event] = {}
        self._to_hold: dict[str, int] = {}
        self.oss = Oss(self)
        self.vod = Vod(self)
        self.prefetching = Prefetching(self)
        self.usage = Usage(self)
        self.pulls = Pulls(self)
        self.reviews = Reviews(self)
        self.queues = Queues(self)

    def fail(self, action: str, kind: str, times: int = 1, after: int = 0, seconds: float = 20.0) -> None:
        assert kind in FAULTS
        self.faults.append(Fault(action, kind, times, after, seconds))

    @contextmanager
    def hold(self, action: str, calls: int = 10**6) -> Iterator[None]:
        """Answer none of the next so many calls of an action until the end."""
        self.hanging[action], self._held[action], self._to_hold[action] = 0, threading.Event(), calls
        try:
            yield
        finally:
            self._held.pop(action).set()

    def wait_while_held(self, action: str) -> None:
        if held := self._held.get(action):
            with self.guard:
                if not self._to_hold[action]:
                    return
                self._to_hold[action] -= 1
                self.hanging[action] += 1
            held.wait(60)
            with self.guard:
                self.hanging[action] -= 1

    def count(self, action: str) -> int:
        return sum(name == action for name, _ in self.calls)

    def fault_for(self, action: str) -> Fault | None:
        for fault in self.faults:
            if fault.action in (action, "*"):
                if fault.after:
                    fault.after -= 1
                elif fault.times:
                    fault.times -= 1
                    self.failed += 1
                    return fault
        kind = self.chance(action)
        return Fault(action, kind) if kind else None

    def act(self, action: str, version: str, parameters: dict[str, str]) -> dict[str, Any]:
        rooms = (self.prefetching, self.usage, self.pulls, self.reviews, self.vod)
        room = next((room for room in rooms if hasattr(room, action)), None)
        if room is None:
            raise Refusal(404, "InvalidAction.NotFound", "Specified api is not found.")
        if version != VERSIONS["cdn" if action in Prefetching.CDN | Usage.CDN else "vod"]:
            raise Refusal(404, "InvalidVersion", "Specified parameter Version is not valid.")
        if action in self.denied:
            raise Refusal(403, "Forbidden.RAM", "User not authorized to operate on the specified resource.")
        return getattr(room, action)(parameters)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True  # a body would wait 40 ms for the acknowledgement of its head

    @property
    def alibaba(self) -> Alibaba:
        return self.server.alibaba

    def do_POST(self):
        if self.path.startswith(f"/{BUCKET}/"):
            self.ask_oss()
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        action = headers.get("x-acs-action", "")
        self.alibaba.wait_while_held(action)
        with self.alibaba.guard:
            fault = self.alibaba.fault_for(action)
        if fault and fault.kind in NOT_DONE:
            self.break_(fault)
            return
        try:
            if len(self.path) > MAX_QUERY:
                raise Refusal(414, "RequestURITooLarge")
            with self.alibaba.guard:
                self.alibaba.gate.check("POST", parts.path, parts.query, headers, body)
                parameters = dict(parse_qsl(parts.query, keep_blank_values=True))
                if "form" in headers.get("content-type", ""):  # as the CDN's SDK sends what may be long
                    parameters |= dict(parse_qsl(body.decode(), keep_blank_values=True))
                self.alibaba.calls.append((action, parameters))
                answer = {
                    "RequestId": request_id(),
                    **self.alibaba.act(action, headers.get("x-acs-version"), parameters),
                }
        except Refusal as refusal:
            self.refuse(refusal)
            return
        if fault:
            self.break_(fault)
        else:
            self.answer(200, answer)

    def do_PUT(self):
        self.ask_oss()

    def ask_oss(self):
        request = {"x-oss-request-id": request_id()}
        try:
            status, headers, body = self.alibaba.oss.handle(self.command, self.path, self.headers, self.rfile)
        except ConnectionAbortedError:
            self.close_connection = True
        except Refusal as refusal:
            self.close_connection = True  # the rest of the body was not read
            said = f"<Error><Code>{refusal.code}</Code><Message>no</Message></Error>".encode()
            self.send(refusal.status, said, **request, **{"Content-Type": "application/xml", "Connection": "close"})
        else:
            self.send(status, body, **request, **headers)

    def do_DELETE(self):
        if self.path.startswith("/queues/"):
            self.ask_queue()
        else:
            self.do_PUT()

    def ask_queue(self):
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, body = self.alibaba.queues.answer(self.command, self.path, headers, self.server.stopping)
        self.send(status, body, **{"Content-Type": "text/xml;charset=utf-8", "x-mns-request-id": "MNS-1"})

    def do_GET(self):
        if self.path.startswith("/queues/"):
            self.ask_queue()
            return
        if self.path.startswith(f"/{BUCKET}/"):
            self.ask_oss()
            return
        if self.path.startswith("/credentials"):
            self.answer(200, self.give_credentials())
            return
        status, headers, body = self.alibaba.oss.get(self.path, self.headers.get("Range"))
        self.send(status, body, **headers)

    def give_credentials(self):
        """Play the service that ALIBABA_CLOUD_CREDENTIALS_URI names."""
        gate, number = self.alibaba.gate, self.alibaba.credentials_given
        self.alibaba.credentials_given += 1
        key, token = f"STS.{number}", f"token-{number}"
        gate.secrets[key], gate.tokens[token] = f"secret-{number}", key
        later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        return {
            "Code": "Success", "AccessKeyId": key, "AccessKeySecret": f"secret-{number}", "SecurityToken": token,
            "Expiration": later,
        }  # fmt: skip

    def refuse(self, refusal):
        answer = {"RequestId": request_id(), "HostId": "127.0.0.1", "Code": refusal.code, "Message": refusal.message}
        self.answer(refusal.status, answer)

    def break_(self, fault):
        kind = fault.kind.removeprefix("done_")
        if kind == "throttled":
            self.refuse(Refusal(400, "Throttling.User", "Request was denied due to user flow control."))
        elif kind == "busy":
            self.refuse(Refusal(503, "ServiceUnavailable", "The request has failed due to a temporary failure."))
        elif kind == "expired":
            self.refuse(Refusal(400, "InvalidSecurityToken.Expired", "Specified SecurityToken is expired."))
        elif kind == "malformed":
            self.send(200, b'[1, "no object"]', **{"Content-Type": "application/json"})
        elif kind == "html":
            self.send(502, b"<html>Bad Gateway</html>", **{"Content-Type": "text/html"})
        elif kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "500")
            self.end_headers()
            self.wfile.write(b'{"RequestId": "')
            self.close_connection = True
        else:
            if kind == "slow":
                self.server.stopping.wait(fault.seconds)
            self.close_connection = True

    def answer(self, status, body):
        self.send(status, json.dumps(body).encode(), **{"Content-Type": "application/json;charset=utf-8"})

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def request_id() -> str:
    return str(uuid.uuid4()).upper()


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.stopping = threading.Event()
        self.alibaba = Alibaba(url=f"http://127.0.0.1:{self.server_port}")
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def lives(self, seconds: float = 0.3) -> None:
        """Have everything at Alibaba go on by itself, and not only when somebody asks."""

        def go_on() -> None:
            while not self.stopping.wait(seconds):
                with self.alibaba.guard:
                    self.alibaba.vod.go_on()
                    self.alibaba.prefetching.go_on()
                    self.alibaba.pulls.go_on()
                    self.alibaba.reviews.go_on()

        threading.Thread(target=go_on, daemon=True).start()

    def __exit__(self, *_):
        self.stopping.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request, client_address):
        """A client that gave up waiting is what some tests are about."""
