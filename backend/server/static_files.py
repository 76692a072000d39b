"""Compression of Streamlit's front end files."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from functools import partial

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COMPRESSED_SUFFIXES = (".js", ".css", ".html")
MAX_COMPRESSED = 24 << 20


class CompressedStatic:
    """Compresses each of Streamlit's bundles once; it sends them uncompressed, 4.7 MB per page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._kept: OrderedDict[str, tuple[list[tuple[bytes, bytes]], bytes]] = OrderedDict()
        self._size = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _may_compress(scope):
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        if path not in self._kept:
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            await self._app(scope, receive, keep)
            start, headers = messages[0], Headers(raw=messages[0]["headers"])
            body = b"".join(message.get("body", b"") for message in messages[1:])
            # incomplete if the client disconnected in the meantime
            is_whole = headers.get("content-length") == str(len(body))
            if start["status"] != 200 or "content-encoding" in headers or not is_whole:
                for message in messages:
                    await send(message)
                return
            packed = await anyio.to_thread.run_sync(partial(gzip.compress, body, 6, mtime=0))
            self._keep(path, _packed_headers(start["headers"], len(packed)), packed)
        self._kept.move_to_end(path)
        kept, packed = self._kept[path]
        await send({"type": "http.response.start", "status": 200, "headers": list(kept)})
        await send({"type": "http.response.body", "body": packed})

    def _keep(self, path: str, headers: list[tuple[bytes, bytes]], packed: bytes) -> None:
        """Cache a bundle, evicting the least recently used ones if the total is too large."""
        if path not in self._kept:  # two requests may compress the same file concurrently
            self._size += len(packed)
        self._kept[path] = (headers, packed)
        while self._size > MAX_COMPRESSED and len(self._kept) > 1:
            _, (_, gone) = self._kept.popitem(last=False)
            self._size -= len(gone)


def _may_compress(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    path = scope["path"]
    if not path.startswith("/static/") or not path.endswith(COMPRESSED_SUFFIXES):
        return False
    headers = Headers(scope=scope)
    conditional = any(name in headers for name in ("range", "if-none-match", "if-modified-since"))
    return accepts_gzip(headers.get("accept-encoding", "")) and not conditional


def accepts_gzip(accepted: str) -> bool:
    """Return whether an Accept-Encoding header allows gzip."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def _packed_headers(raw: list[tuple[bytes, bytes]], length: int) -> list[tuple[bytes, bytes]]:
    headers = MutableHeaders(raw=[(name, value) for name, value in raw if name.lower() != b"accept-ranges"])
    headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(length)
    headers.add_vary_header("Accept-Encoding")
    if (etag := headers.get("etag", "")).startswith('"'):
        headers["ETag"] = f"W/{etag}"  # same content, different bytes
    return headers.raw
