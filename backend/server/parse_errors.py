"""Responses for requests that the HTTP parser rejects or that time out: an envelope, like any other. uvicorn would
respond in plain text, before our app sees the request.
"""

from __future__ import annotations

import re
from http import HTTPStatus

from backend.api.wire import encode, envelope
from backend.errors import Refused
from backend.i18n.messages import say
from backend.observability.request_metrics import new_request_id

KEPT_BYTES = 2048  # of the latest data
MAX_URL_LENGTH = 65_535  # in bytes, the maximum of httptools
REQUEST_LINE = re.compile(rb"(?:\r?\n)*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}) [^ ]+ HTTP/1\.[01]\r?\n")
CHINESE = re.compile(rb"\naccept-language:[ \t]*zh", re.IGNORECASE)
KNOWN = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE")
NO_ROOM = Refused(503, "Too many connections are open. Try again in a moment.")
TOO_LATE = Refused(408, "The request took too long to arrive.")


def refusal(error: Refused, received: bytes = b"") -> bytes:
    """Return a complete HTTP response, in the language requested by the part received so far."""
    request_id = new_request_id()
    message = say(error, "zh" if CHINESE.search(received) else "en")
    body = encode(envelope(error.code, message, None, request_id))
    more = {HTTPStatus.METHOD_NOT_ALLOWED: "allow: GET, POST\r\n", HTTPStatus.SERVICE_UNAVAILABLE: "retry-after: 5\r\n"}
    head = (
        f"HTTP/1.1 {error.status} {HTTPStatus(error.status).phrase}\r\n"
        "content-type: application/json; charset=utf-8\r\ncache-control: no-store\r\n"
        f"x-content-type-options: nosniff\r\n{more.get(HTTPStatus(error.status), '')}"
        f"content-length: {len(body)}\r\nx-request-id: {request_id}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body


def parse_error(url: bytes, received: bytes) -> Refused:
    """Return the error of a request rejected by the parser, judging from its URL and first bytes."""
    if len(url) > MAX_URL_LENGTH:
        return Refused(414, "The address has {length} bytes; at most {most} are allowed.",
                       length=len(url), most=MAX_URL_LENGTH)  # fmt: skip
    if line := REQUEST_LINE.match(received):
        method = line[1].decode()
        if method not in KNOWN:
            return Refused(405, "{method} is not allowed here; use {methods}.", method=method, methods="GET or POST")
    return Refused(400, "The request is not valid HTTP.")
