"""A server that receives webhooks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar


@dataclass
class Received:
    """A request as it came in."""

    headers: dict[str, str]
    body: bytes

    @property
    def event_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)


class Receiver:
    """Answers the statuses of `answers` in turn, then 200, each after `pass_on` is set."""

    def __init__(self, port: int) -> None:
        self.place, self.url = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}/hooks"
        self.received: list[Received] = []
        self.answers: list[int] = []
        self.said = b"thanks"
        self.arrived = threading.Semaphore(0)
        self.pass_on = threading.Event()
        self.pass_on.set()

    def take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.received.append(Received({name.lower(): value for name, value in handler.headers.items()}, body))
        status = self.note(body, handler.headers["webhook-id"])
        self.arrived.release()
        self.pass_on.wait(60)
        handler.send_response(status)
        if 300 <= status < 400:
            handler.send_header("Location", self.url)
        handler.send_header("Content-Length", str(len(self.said)))
        handler.end_headers()
        handler.wfile.write(self.said)

    def note(self, body: bytes, event_id: str) -> int:
        """Take note of a request, and return the status of the answer."""
        return self.answers.pop(0) if self.answers else 200


R = TypeVar("R", bound=Receiver)


@contextmanager
def receiving(port: int = 0, kind: type[R] = Receiver) -> Iterator[R]:
    """Receive on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.take(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A sender that was killed goes away."""

    server = Quiet(("127.0.0.1", port), Handler)
    receiver = kind(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    receiver.pass_on.set()
    server.shutdown()
    server.server_close()
    thread.join()
