"""Request handling: caller, parameters, body, and an envelope for every outcome."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import cached_property, lru_cache, partial
from typing import Any, NamedTuple, TypeAlias, TypeVar
from urllib.parse import parse_qsl

import anyio
import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from backend.api.registry import OPERATIONS, as_text, is_secret, is_token
from backend.api.wire import encode, envelope
from backend.console import Caller, Console
from backend.errors import BadRequest, ConsoleError, Refused
from backend.i18n.messages import say
from backend.model import Access
from backend.observability.request_metrics import new_request_id
from backend.server.security_headers import secure

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PARAMETERS = 1000
TOO_MANY = "More than {most} parameters were sent."
SHORT_QUERY = 256  # bytes
MAX_AGENT = 300
COOKIE = "qu_session"  # of users signed in on a page
LINGER_SECONDS, LINGER_BYTES = 1.0, 16 << 20
HOST = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
FORM, JSON, MULTIPART = "application/x-www-form-urlencoded", "application/json", "multipart/form-data"
JSON_HEADERS = secure([(b"content-type", b"application/json; charset=utf-8")])


class JsonResponse(Response):
    """A response with pre-encoded headers; Starlette's header handling costs more than the rest of a response."""

    def __init__(self, body: bytes, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self.body, self.status_code, self.background = body, status, None
        self.raw_headers = [*JSON_HEADERS, (b"content-length", b"%d" % len(body)), *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body})


class RequestContext(msgspec.Struct, eq=False, dict=True):
    """The context of a request.

    `headers` are by lower-case name; of a repeated header, the first value. `answer_headers` and `status` are for the
    response.
    """

    console: Console
    name: str  # operation or endpoint
    limiter: anyio.CapacityLimiter
    scope: Scope
    receive: Receive
    headers: Mapping[bytes, bytes]
    caller: Caller
    body_is_read: bool
    answer_headers: dict[str, str] = {}
    status: int = 200
    started: float = msgspec.field(default_factory=time.perf_counter)
    _access: tuple[str, Access | None] | None = None

    @cached_property
    def request(self) -> Request:
        return Request(self.scope, self.receive)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run a blocking function in a thread."""
        return await anyio.to_thread.run_sync(partial(work, *arguments), limiter=self.limiter)

    def access_of(self, token: str, version: int | None = None) -> Access | None:
        """Return the access of a token, cached per request. Pass `version` if the database version was read already."""
        if self._access is None or self._access[0] != token:
            self._access = token, self.console.access_of(token, version)
        return self._access[1]

    def require_method(self, *methods: str) -> None:
        """Raise Refused unless the request has one of these methods."""
        if self.scope["method"] not in methods:
            self.answer_headers["Allow"] = ", ".join(methods)
            raise Refused(
                405, "{method} is not allowed here; use {methods}.", method=self.scope["method"][:20],
                methods=" or ".join(methods),
            )  # fmt: skip

    def respond(self, body: bytes, status: int = 200) -> Response:
        headers = [(b"x-request-id", self.caller.request_id.encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in self.answer_headers.items()]
        return JsonResponse(body, status, headers)

    def succeed(self, message: str = "", data: Any = None) -> Response:
        return self.respond(encode(envelope("200", message, data, self.caller.request_id)))

    def refuse(self, error: ConsoleError) -> Response:
        """Return the envelope of an error; only a transport error sets the HTTP status."""
        self.note(error.code)
        code = self.console.legacy_code(error.code)
        body = encode(envelope(code, say(error, self.caller.language), None, self.caller.request_id))
        return self.respond(body, error.status if isinstance(error, Refused) else 200)

    def note(self, code: str, who: str = "") -> None:
        """Count and log the request with this code."""
        seconds = time.perf_counter() - self.started
        self.console.calls.note(self.name, code, who, "rest", seconds, self.caller.request_id)

    async def read_body(self, limit: int) -> bytes:
        """Return the whole body. Raises as `body` does."""
        return b"" if self.body_is_read else b"".join([chunk async for chunk in self.body(limit)])

    async def body(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body's chunks. Raises Refused once its declared or actual size exceeds `limit`."""
        received = int(self.headers.get(b"content-length") or 0)
        if received <= limit:
            received = 0
            async for chunk in self.request.stream():
                received += len(chunk)
                if received > limit:
                    break
                yield chunk
            else:
                self.body_is_read = True
                return
        raise Refused(413, "The body is larger than {limit} bytes.", limit=limit)


Answer: TypeAlias = Callable[[RequestContext], Awaitable[Response]]


class Endpoint:
    """An ASGI app for one path, which always responds with an envelope."""

    def __init__(self, console: Console, name: str, limiter: anyio.CapacityLimiter, answer: Answer) -> None:
        self._console = console
        self._name = name
        self._limiter = limiter
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = read_headers(scope)
        has_no_body = headers.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in headers
        context = RequestContext(
            self._console, self._name, self._limiter, scope, receive, headers, build_caller(scope, headers), has_no_body
        )
        try:
            response = await self._answer(context)
            if self._name not in OPERATIONS:
                self._console.calls.count(self._name, "200", "rest", time.perf_counter() - context.started)
        except ClientDisconnect:
            return
        except Exception as error:  # whatever it is, the client gets an envelope
            response = context.refuse(self._console.explain(error, self._name, context.caller.request_id))
        if not isinstance(response, JsonResponse):
            response.raw_headers = secure(response.raw_headers)
        if context.body_is_read:
            await response(scope, receive, send)
        else:
            response.headers["Connection"] = "close"
            await response(scope, receive, lingering(receive, send))


def lingering(receive: Receive, send: Send) -> Send:
    """Return a `send` that drains the request for a while before it ends the response.

    Closing a connection while the client is sending would reset it, and the client could lose the response.
    """

    async def drain() -> None:
        read = 0
        while read < LINGER_BYTES:
            message = await receive()
            if message["type"] == "http.disconnect" or not message.get("more_body", False):
                return
            read += len(message.get("body", b""))

    async def sending(message: Message) -> None:
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if last:
            await send({**message, "more_body": True})
            with anyio.move_on_after(LINGER_SECONDS):
                await drain()
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return sending


def read_headers(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request; of a repeated one, the first value."""
    return dict(reversed(scope["headers"]))


def build_caller(scope: Scope, headers: Mapping[bytes, bytes]) -> Caller:
    client = scope.get("client")
    return Caller(
        channel="rest",
        address=client[0] if client else "",
        base_url=public_base_url(scope, headers),
        language=language_of(headers),
        request_id=new_request_id(),
        agent=headers.get(b"user-agent", b"").decode("latin-1")[:MAX_AGENT],
    )


def language_of(headers: Mapping[bytes, bytes]) -> str:
    """Return the preferred supported language."""
    return "zh" if headers.get(b"accept-language", b"").strip().lower().startswith(b"zh") else "en"


def public_base_url(scope: Scope, headers: Mapping[bytes, bytes]) -> str:
    """Return the base URL seen by the client, if its Host header is valid."""
    server = scope.get("server")
    return _base_url(scope["scheme"], headers.get(b"host", b""), tuple(server) if server else None)


@lru_cache(256)
def _base_url(scheme: str, raw_host: bytes, server: tuple[str, int | None] | None) -> str:
    host = raw_host.decode("latin-1")
    if not HOST.fullmatch(host):
        name, port = server or ("localhost", None)
        host = f"[{name}]" if ":" in name else name
        host = f"{host}:{port}" if port else host
    return f"{scheme}://{host}"


class Sent(NamedTuple):
    """Raw parameters. `others` are all except the token; None if any is not text."""

    parameters: Mapping[str, Any]
    token: str
    others: frozenset[tuple[str, str]] | None
    has_secret: bool


def gather(parameters: Mapping[str, Any], token: str | None = None) -> Sent:
    """Classify parameters; the token is taken from them unless given."""
    others, shown, is_text, has_secret = [], "", True, False
    for name, value in parameters.items():
        if is_token(name):
            shown = _read_token(name, value) or shown
        else:
            others.append((name, value))
            is_text = is_text and isinstance(value, str)
            has_secret = has_secret or (is_secret(name) and bool(value))
    return Sent(parameters, shown if token is None else token, frozenset(others) if is_text else None, has_secret)


def read_query(raw: bytes) -> Sent:
    """Parse a query string. Raises BadRequest."""
    return _read_short_query(raw) if len(raw) <= SHORT_QUERY else _read_query(raw)


def _read_query(raw: bytes) -> Sent:
    return gather(read_pairs(raw, BadRequest("The query string is not UTF-8.")))


_read_short_query = lru_cache(4096)(_read_query)  # parsing takes longer than authentication


def read_body(raw: bytes, media_type: str, options: Mapping[str, str]) -> dict[str, Any]:
    """Parse a form or a JSON object. Raises BadRequest for anything else."""
    if not raw:
        return {}
    if media_type not in (FORM, JSON):
        raise BadRequest(
            "The Content-Type must be {form}, {json} or {multipart}; got {got!r}.",
            form=FORM, json=JSON, multipart=MULTIPART, got=media_type[:100],
        )  # fmt: skip
    charset = options.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8", "us-ascii"):
        raise BadRequest("The charset must be UTF-8, got {charset!r}.", charset=charset[:40])
    return read_json(raw) if media_type == JSON else read_pairs(raw, BadRequest("The form is not UTF-8."))


def read_pairs(raw: bytes, undecodable: BadRequest) -> dict[str, Any]:
    """Parse names and values; of repeated names, the last. Raises BadRequest."""
    try:
        text = raw.decode()
        if "%" in text or "+" in text:
            return dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS))
    except UnicodeDecodeError:
        raise undecodable from None
    except ValueError:
        raise BadRequest(TOO_MANY, most=MAX_PARAMETERS) from None
    parts = text.split("&")  # there is nothing to unquote, which takes most of the time
    if len(parts) > MAX_PARAMETERS:
        raise BadRequest(TOO_MANY, most=MAX_PARAMETERS)
    return {name: value for name, _, value in (part.partition("=") for part in parts if part)}


def read_json(raw: bytes) -> dict[str, Any]:
    try:
        body = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadRequest("The body is not valid JSON: {why}", why=str(error)[:200]) from None
    if not isinstance(body, dict):
        raise BadRequest("The JSON body must be an object.")
    return body


def token_of(parameters: Mapping[str, Any]) -> str:
    """Return the console token among the parameters; its name is case-insensitive."""
    shown = [_read_token(name, value) for name, value in parameters.items() if is_token(name)]
    return next(filter(None, reversed(shown)), "")


def _read_token(name: str, value: Any) -> str:
    return _some(as_text(name, value))


def bearer(headers: Mapping[bytes, bytes]) -> str:
    scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    return _some(token) if scheme.lower() == "bearer" else ""


def _some(token: str) -> str:
    """Return a token, ignoring placeholders sent by some clients."""
    return "" if token.strip() in ("null", "undefined") else token.strip()
