"""The headers that every answer has."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from starlette.types import Message, Send

# An answer of the REST server is no page: should a browser show one, it runs nothing. A film may still be played.
REST_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# Streamlit styles by inline rules, starts by an inline script, hands scripts in by st.html, and runs components from
# blobs. Pictures and films may lie on a CDN; nothing else comes from, or goes to, any other place.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src * data: blob:; media-src * data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; frame-src 'self'; frame-ancestors 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)


def secure(headers: Sequence[tuple[bytes, bytes]], policy: str = REST_POLICY) -> list[tuple[bytes, bytes]]:
    """Return headers with those that every answer should have; nothing may be kept that may change."""
    given = dict(headers)
    kept = given.get(b"cache-control", b"")
    secured = [pair for pair in headers if pair[0] != b"cache-control"]
    secured += [pair for pair in _headers(policy) if pair[0] not in given]
    secured.append((b"cache-control", kept if b"immutable" in kept else b"no-store"))
    return secured


def with_security_headers(send: Send, policy: str = REST_POLICY) -> Send:
    """Return a `send` that secures what answers begin with."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = secure(message["headers"], policy)
        await send(message)

    return sending


@cache
def _headers(policy: str) -> tuple[tuple[bytes, bytes], ...]:
    return (
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"SAMEORIGIN"),
        (b"referrer-policy", b"same-origin"),
        (b"content-security-policy", policy.encode()),
    )
