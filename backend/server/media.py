"""Serves media files to clients that know a video's media key."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING

import anyio
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.console import Console
from backend.errors import Refused
from backend.model.media_urls import read_media_path
from backend.server.request import RequestContext

if TYPE_CHECKING:
    from backend.media import OpenFile

# Approved videos may be cached by a CDN, and thus prewarmed. Blocking and deleting invalidate a URL here immediately;
# s-maxage limits copies in caches to a day.
PUBLIC, PRIVATE = "public, max-age=31536000, s-maxage=86400, immutable", "private, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".avi": "video/x-msvideo", ".wmv": "video/x-ms-wmv", ".asf": "video/x-ms-asf",
    ".flv": "video/x-flv", ".ts": "video/mp2t", ".mts": "video/mp2t", ".m2ts": "video/mp2t", ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg", ".3gp": "video/3gpp", ".3g2": "video/3gpp2", ".ogv": "video/ogg", ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif",
    ".vtt": "text/vtt",
}  # fmt: skip
RANGE = re.compile(r"(?=.*[0-9])([0-9]{0,30})-([0-9]{0,30})")


class FileParts(StreamingResponse):
    """Sends bytes of an open file, and closes it however that ends."""

    def __init__(
        self, pieces: Iterator[bytes], close: Callable[[], None], status: int, headers: dict[str, str], media_type: str
    ) -> None:
        self._close = close
        super().__init__(self._pieces(pieces), status, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._close()

    @staticmethod
    async def _pieces(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        while piece := await anyio.to_thread.run_sync(next, pieces, b""):
            yield piece


async def send_media(context: RequestContext) -> Response:
    """Send a file of a video to a client that knows its media key."""
    context.require_method("GET", "HEAD")
    name = context.scope["path"].rpartition("/")[2]
    file, may_be_shared = await context.run(find_media, context.console, context.scope["path"])
    answer: Response | None = None
    try:
        headers = {
            "Cache-Control": PUBLIC if may_be_shared else PRIVATE,
            "X-Request-Id": context.caller.request_id,
            "Last-Modified": formatdate(file.modified, usegmt=True),
            "ETag": file.tag,
        }
        if is_known(context.request.headers, Headers(headers)):
            answer = Response(status_code=304, headers=headers)
        else:
            answer = _answer(context, file, headers, MEDIA_TYPES[_suffix(name)])
        return answer
    finally:
        if not isinstance(answer, FileParts):
            file.close()


def _answer(context: RequestContext, file: OpenFile, headers: dict[str, str], media_type: str) -> Response:
    asked, status = context.request.headers, 200
    same = asked.get("if-range") in (None, headers["ETag"], headers["Last-Modified"])
    span = read_range(asked.get("range", ""), file.size) if same else None
    start, stop = span or (0, file.size)
    if span:
        if start >= stop:
            return Response(status_code=416, headers={"Content-Range": f"bytes */{file.size}"})
        status, headers["Content-Range"] = 206, f"bytes {start}-{stop - 1}/{file.size}"
    headers |= {"Content-Length": str(stop - start), "Accept-Ranges": "bytes"}
    if context.scope["method"] == "HEAD":
        return Response(status_code=status, headers=headers, media_type=media_type)
    return FileParts(file.read(start, stop), file.close, status, headers, media_type)


def read_range(text: str, size: int) -> tuple[int, int] | None:
    """Return which bytes of so many a Range header asks for: from the first up to the second number.

    The two are equal if there are none such bytes. None if all are to be sent: for what is no range (RFC 9110), and, as
    object stores do, for several ranges.
    """
    unit, _, parts = text.partition("=")
    found = [RANGE.fullmatch(part.strip()) for part in parts.split(",") if part.strip()]
    if unit.strip().lower() != "bytes" or len(found) != 1 or found[0] is None:
        return None
    first, last = found[0].groups()
    if not first:
        return max(size - int(last), 0), size
    if last and int(last) < int(first):
        return None
    return min(int(first), size), min(int(last) + 1, size) if last else size


def is_known(asked: Headers, has: Headers) -> bool:
    """Return whether the client has the current file. Raises Refused if a precondition fails."""
    changed = _moment(has["last-modified"])
    if "if-match" in asked:
        if not _names(asked.getlist("if-match"), has["etag"]):
            raise Refused(412, "The file is not in the state that was asked for.")
    elif (until := _moment(asked.get("if-unmodified-since"))) and changed and changed > until:
        raise Refused(412, "The file is not in the state that was asked for.")
    if "if-none-match" in asked:
        return _names([tag.replace("W/", "") for tag in asked.getlist("if-none-match")], has["etag"])
    since = _moment(asked.get("if-modified-since"))
    return since is not None and changed is not None and changed <= since


def _names(lines: list[str], tag: str) -> bool:
    tags = [one.strip() for line in lines for one in line.split(",")]
    return tags == ["*"] or tag in tags


def _moment(date: str | None) -> datetime | None:
    """Parse an HTTP date; None if invalid."""
    try:
        moment = parsedate_to_datetime(date or "")
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def find_media(console: Console, wanted: str) -> tuple[OpenFile, bool]:
    """Open a file and tell whether shared caches may store it. Raises Refused if there is none."""
    asked, file, access = read_media_path(wanted), None, None
    if asked is not None and _suffix(asked.name) in MEDIA_TYPES:
        access = console.store.lookups.find_media_access(asked.video_id)
        if access is not None and secrets.compare_digest(access.media_key.encode(), asked.media_key.encode()):
            file = console.media.files.open(asked.video_id, asked.name)
    if access is None or file is None:
        raise Refused(404, "The file does not exist.")
    return file, access.may_be_shared


def _suffix(name: str) -> str:
    return "".join(name.rpartition(".")[1:]).lower()
