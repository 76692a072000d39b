"""Requests that no honest client sends, made by hypothesis and schemathesis, and what no answer to them may be.

`python -m tests.acceptance.hostile [--requests 100000] [--raw 3000] [--schema 200]`: so many requests to the app in
this process, so many heaps of bytes to a real server over connections of their own, and so many cases of schemathesis
for each operation of the OpenAPI description. Ends with 1 and the request where an answer is an error of ours, is no
envelope, or tells what is none of the client's business.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import socket
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import backend
from backend import Console, Settings
from backend.api.registry import OPERATIONS
from backend.auth.permissions import Role
from backend.model import Actor, CensorStatus, User, Video
from backend.server.app import RestApp
from tests.acceptance.server_process import ServerProcess

ACTOR = Actor("benchmark", "command line")
TOKEN = "0123456789abcdef" * 3
BATCH = 25  # requests in one example of hypothesis
VIDEOS = 50
ENVELOPE = {"result", "requestId", "message", "code", "data"}
LEAK = re.compile(
    rb"Traceback|File \"|site-packages|sqlite|OperationalError|IntegrityError|syntax error|no such (table|column)"
    rb"|/tmp/|/home/|/var/|\.py\b|object at 0x|msgspec|starlette|uvicorn",
    re.IGNORECASE,
)
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
# A password costs 64 MiB and a moment each time, and signing out would end what the others need.
DEAR = ("login", "signOut")
BULK = [one for one in OPERATIONS.values() if one.name not in DEAR]
NAMES = sorted({parameter.wire_name for one in OPERATIONS.values() for parameter in one.parameters})

values = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "", "0", "-1", "1", "2147483648", "9" * 400, "1e309", "NaN", "0x10", "١٢", "true", "null", "Normal",
            "Blocked",
            "' or 1=1 --", "%' union all values (1)", "../../etc/passwd", "..\\..\\boot.ini", "\0", "\ufeff", "\u202e",
            "<script>alert(1)</script>", "{{7*7}}", "%s%n", "\r\nX-A: b", "2019-02-30", "9999-12-31 23:59:59",
            "0001-01-01T00:00:00+14:00", "javascript:alert(1)", "http://[::1", "http://a:99999/b", "//a/b", "a" * 5000,
            *(f"{number:032x}" for number in range(4)), "snapshot", "failed", "check", "example.com/a.png\n\nx",
        ]
    ),
)  # fmt: skip
json_values = st.one_of(
    values, st.none(), st.booleans(), st.integers(), st.floats(), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)  # fmt: skip


@dataclass(frozen=True)
class Sent:
    """One request, as an ASGI server would hand it on."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""


@st.composite
def calls(draw: st.DrawFn) -> Sent:
    """A call of an operation by somebody signed in, with parameters that make no sense."""
    operation = draw(st.sampled_from(BULK))
    names = st.sampled_from([one.wire_name for one in operation.parameters] or NAMES) | st.sampled_from(NAMES)
    way = draw(st.sampled_from(("query", "form", "json", "multipart")))
    given_values = json_values if way == "json" else values
    parameters = draw(st.dictionaries(names, given_values, max_size=4))
    method = draw(st.sampled_from((*operation.methods, "POST")))
    token = ((b"authorization", b"Bearer " + TOKEN.encode()),)
    if way == "query":
        query = urlencode({name: str(value) for name, value in parameters.items()}, errors="surrogatepass")
        return Sent(method, operation.path, query.encode(), token)
    kind, body = _encoded(way, parameters)
    return Sent("POST", operation.path, b"", (*token, (b"content-type", kind.encode())), body)


def _encoded(way: str, parameters: dict[str, Any]) -> tuple[str, bytes]:
    if way == "form":
        return FORM, urlencode(parameters, errors="surrogatepass").encode()
    if way == "json":
        return JSON, json.dumps(parameters).encode()
    part = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    whole = "".join(part.format(name, value) for name, value in parameters.items()) + "--x--\r\n"
    return "multipart/form-data; boundary=x", whole.encode(errors="surrogatepass")


@st.composite
def nonsense(draw: st.DrawFn) -> Sent:
    """A request whose every part is made of bytes that happen to get through a parser of HTTP."""
    known = st.sampled_from(
        [one.path for one in BULK] + ["/healthz", "/metrics", "/console/docs", "/console/user/adopt"]
    )
    path = draw(
        known | st.text(max_size=20).map("/console/{}".format) | st.text(max_size=20).map("/media/a/b/{}".format)
    )
    names = st.sampled_from(
        [b"content-type", b"content-length", b"authorization", b"host", b"accept-language", b"origin", b"range",
         b"transfer-encoding", b"cookie", b"if-none-match", b"x-forwarded-for", b"sec-fetch-site", b"expect"]
    )  # fmt: skip
    kinds = st.sampled_from([FORM, JSON, "multipart/form-data; boundary=x", f"{JSON}; charset=utf-16"]).map(str.encode)
    headers = draw(st.lists(st.tuples(names, st.binary(max_size=12) | kinds), max_size=3))
    headers = [(name, value) for name, value in headers if name != b"content-length"]
    method = draw(st.sampled_from(("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE")))
    return Sent(method, path, draw(st.binary(max_size=20)), tuple(headers), draw(st.binary(max_size=40)))


@dataclass
class Attack:
    """An app under attack, in this process; it counts what it answered."""

    app: Any
    runner: asyncio.Runner
    answers: Counter[str] = field(default_factory=Counter)

    def send(self, batch: list[Sent]) -> None:
        """Send requests side by side. Raises AssertionError at an answer that may not be."""
        for sent, (status, headers, body) in zip(batch, self.runner.run(self._send_all(batch)), strict=True):
            check(sent, status, headers, body)
            self.answers[f"HTTP {status}"] += 1

    async def _send_all(self, batch: list[Sent]) -> list[tuple[int, dict[bytes, bytes], bytes]]:
        return list(await asyncio.gather(*(ask(self.app, sent) for sent in batch)))


async def ask(app: Any, sent: Sent) -> tuple[int, dict[bytes, bytes], bytes]:
    """Hand a request to an ASGI app, and return status, headers and body."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": sent.method, "scheme": "http",
        "path": sent.path, "raw_path": quote(sent.path).encode(), "query_string": sent.query, "root_path": "",
        "headers": [*sent.headers, (b"content-length", b"%d" % len(sent.body))],
        "client": ("192.0.2.1", 50000), "server": ("127.0.0.1", 8502), "state": {},
    }  # fmt: skip
    messages: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": sent.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return waiting.pop() if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in messages[1:])
    return messages[0]["status"], dict(messages[0]["headers"]), body


def check(sent: Sent, status: int, headers: dict[bytes, bytes], body: bytes) -> None:
    """Raise AssertionError at an answer that may not be."""
    said = (sent, status, body[:500])
    assert status < 500, said
    assert headers.get(b"cache-control"), said
    if headers.get(b"content-type", b"").startswith(JSON.encode()) and not sent.path.endswith("openapi.json"):
        if sent.method == "HEAD":
            return
        answer = json.loads(body)
        assert set(answer) == ENVELOPE, said
        assert answer["code"] != "500", said
        shown = answer["message"].encode()
        for part in (sent.path.encode(errors="replace"), sent.query, sent.body):
            shown = shown.replace(part, b"") if len(part) > 3 else shown
        assert not LEAK.search(shown), said
    else:
        assert status in (200, 206, 304, 416), said


def attack(console: Console, requests: int) -> Counter[str]:
    """Send so many requests of either kind to the REST server of a console. Raises AssertionError."""
    with asyncio.Runner() as runner:
        attacked = Attack(RestApp(console), runner)
        limits = settings(
            max_examples=max(1, requests // BATCH // 2), deadline=None, database=None,
            phases=[Phase.generate], report_multiple_bugs=False, suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        for strategy in (calls(), nonsense()):
            limits(given(st.lists(strategy, min_size=BATCH, max_size=BATCH))(attacked.send))()
    return attacked.answers


def open_console(folder: Path) -> Console:
    """Return a console with some videos and an account whose token is TOKEN."""
    console = backend.open_console(Settings(data=folder / "data", prewarm_hosts=("example.com",), max_upload_mb=1))
    for number in range(VIDEOS):
        video = Video(f"{number:032x}", f"测试 {number}", User("1", "Anne"), created=1_700_000_000 + number)
        console.store.catalogue.add_video(_judged(video, number), ACTOR)
    account = console.store.accounts.add_account("hostile", "!", Role.ADMIN, ACTOR)
    console.store.sessions.open_session(account, TOKEN, 1, ACTOR)
    return console


def _judged(video: Video, number: int) -> Video:
    states = (CensorStatus.SUCCESS, CensorStatus.CHECK, CensorStatus.FAIL)
    return Video(video.video_id, video.title, video.user, video.created, censor_status=states[number % 3])


heaps = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=40).map(b"GET /console/vod/getVideos HTTP/1.1\r\n".__add__),
    st.binary(max_size=40).map(b"GET /console/vod/getVideos HTTP/1.1\r\nHost: a\r\n\r\n".__add__),
    st.binary(max_size=40).map(b"POST /console/vod/getVideos HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".__add__),
    st.tuples(st.binary(max_size=20), st.binary(max_size=20)).map(
        lambda parts: b"POST /console/vod/getVideos?" + parts[0] + b" HTTP/1.1\r\nContent-Length: 20\r\n\r\n" + parts[1]
    ),
    st.sampled_from(
        [
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 2000 + b"\r\n",
            b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
            b"GET /console/vod/getVideos HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            b"POST /console/vod/getVideos HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST /console/vod/getVideos HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
            b"GET /console/vod/getVideos HTTP/9.9\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ]
    ),
)  # fmt: skip


def pelt(port: int, count: int) -> Counter[str]:
    """Throw heaps of bytes at a server, one connection each. Raises AssertionError."""
    answers: Counter[str] = Counter()

    def throw(heap: bytes) -> None:
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            try:
                connection.sendall(heap)
                connection.shutdown(socket.SHUT_WR)
                said = connection.recv(65536)
            except OSError:
                said = b""
        answers[said[:12].decode("latin-1") or "closed"] += 1
        assert not re.match(rb"HTTP/1.1 5", said), (heap, said[:300])
        assert not LEAK.search(said.replace(b"server: uvicorn", b"")), (heap, said[:300])

    limits = settings(max_examples=count, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    limits(given(heaps)(throw))()
    return answers


def follow_schema(app: Any, count: int) -> Counter[str]:
    """Send so many cases per operation as the OpenAPI description calls for, good and bad. Raises what it finds."""
    import schemathesis

    schema = schemathesis.openapi.from_asgi("/console/openapi.json", app)
    answers: Counter[str] = Counter()
    for found in schema.get_all_operations():
        operation = found.ok()
        if any(operation.path.endswith(f"/{name}") for name in DEAR):
            continue
        strategy = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in _modes()))
        _each(strategy, count, lambda case: answers.update([_judge(case)]))
    return answers


def _modes() -> list[Any]:
    from schemathesis.generation import GenerationMode

    return [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


def _judge(case: Any) -> str:
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

    case.query = {name: value for name, value in (case.query or {}).items() if name.lower() != "consoletoken"}
    case.headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = case.call()
    case.validate_response(answer, checks=[not_a_server_error, content_type_conformance, response_schema_conformance])
    if answer.status_code == 200 and answer.headers["content-type"][0].partition(";")[0] == JSON:
        code: str = answer.json()["code"]
        assert code != "500", answer.json()
        return code
    return f"HTTP {answer.status_code}"


def _each(strategy: st.SearchStrategy[Any], count: int, judge: Callable[[Any], None]) -> None:
    limits = settings(
        max_examples=count, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    limits(given(strategy)(judge))()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--raw", type=int, default=3_000)
    parser.add_argument("--schema", type=int, default=200)
    given_ = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        console = open_console(Path(folder))
        if given_.requests:
            _tell("in this process", attack, console, given_.requests)
        if given_.schema:
            _tell("schemathesis", follow_schema, RestApp(console), given_.schema)
        console.close()
        if given_.raw:
            stand = ServerProcess(Path(folder) / "raw")
            stand.start()
            _tell("over connections", pelt, stand.port, given_.raw)
            assert stand.is_ready()
            assert stand.end() == 0
            assert "Traceback" not in stand.said(), stand.said()


def _tell(what: str, run: Callable[..., Counter[str]], *arguments: Any) -> None:
    started = time.monotonic()
    answers = run(*arguments)
    print(f"{what}: {answers.total()} in {time.monotonic() - started:.0f} s  {dict(answers.most_common())}", flush=True)


if __name__ == "__main__":
    main()
