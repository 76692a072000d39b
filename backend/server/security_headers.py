"""Security headers of all responses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from starlette.types import Message, Send

# REST responses are not pages: if a browser displays one, it runs no scripts. Videos can be played.
REST_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# Streamlit needs inline styles and an inline script, injects scripts with st.html, and runs components from blobs.
# Images and videos may be on a CDN; everything else is same-origin.
PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src * data: blob:; media-src * data: blob:; font-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; frame-src 'self'; frame-ancestors 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'"
)


def secure(headers: Sequence[tuple[bytes, bytes]], policy: str = REST_POLICY) -> list[tuple[bytes, bytes]]:
    """Add the security headers; only immutable responses may be cached."""
    given = dict(headers)
    kept = given.get(b"cache-control", b"")
    secured = [pair for pair in headers if pair[0] != b"cache-control"]
    secured += [pair for pair in _headers(policy) if pair[0] not in given]
    secured.append((b"cache-control", kept if b"immutable" in kept else b"no-store"))
    return secured


def with_security_headers(send: Send, policy: str = REST_POLICY) -> Send:
    """Return a `send` that adds security headers to responses."""

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
