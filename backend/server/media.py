"""Serves media files to clients that know a video's media key."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from email.utils import formatdate, parsedate_to_datetime
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from backend.console import Console
from backend.errors import Refused, StorageError
from backend.model.media_urls import MediaPath, media_type_of, read_media_path
from backend.server.request import RequestContext
from backend.store import StoreError

if TYPE_CHECKING:
    from backend.media import OpenFile

log = logging.getLogger(__name__)

# Approved videos may be cached by a CDN, and thus prewarmed. Blocking and deleting invalidate a URL here immediately;
# s-maxage limits copies in caches to a day.
PUBLIC, PRIVATE = "public, max-age=31536000, s-maxage=86400, immutable", "private, max-age=31536000, immutable"
LINK_SECONDS = 300  # how long a signed URL works, also one of a video that is blocked meanwhile
AWAY_SECONDS = 5  # until it is worth asking again an object store that did not answer
AWAY = "The media storage is not responding. Try again in a minute."
NO_FILE = "The file does not exist."
NO_DATABASE = "The database is not responding."
RANGE = re.compile(r"(?=.*[0-9])([0-9]{0,30})-([0-9]{0,30})")


class FileParts(StreamingResponse):
    """Sends bytes of an open file, and closes it however that ends."""

    def __init__(
        self, pieces: AsyncIterator[bytes], close: Callable[[], None], status: int, headers: dict[str, str],
        media_type: str,
    ) -> None:  # fmt: skip
        self._close = close
        super().__init__(pieces, status, headers, media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        except StorageError as error:
            log.warning("a file could not be sent whole: %s", error)  # the server cuts the connection
        finally:
            self._close()


async def send_media(context: RequestContext) -> Response:
    """Send a file of a video to a client that knows its media key, or where to get it."""
    context.require_method("GET", "HEAD")
    path, files, is_get = context.scope["path"], context.console.media.files, context.scope["method"] == "GET"
    try:
        asked, may_be_shared = await context.run(find_access, context.console, path)
        media_type = media_type_of(asked.name)
        # Only videos: pages may not read texts of other hosts, and what is small is not worth a second request.
        if context.console.settings.media_links == "redirect" and media_type.startswith("video/") and is_get:
            link = await context.run(files.link, asked.video_id, asked.name, LINK_SECONDS)
            return Response(status_code=302, headers={"Location": link, **_common(context)})
        file = await context.run(files.open, asked.video_id, asked.name)
        if file is None:
            raise Refused(404, NO_FILE)
        return await _send(context, file, PUBLIC if may_be_shared else PRIVATE, media_type)
    except StorageError as error:
        context.answer_headers["Retry-After"] = str(AWAY_SECONDS)
        raise Refused(503, AWAY) from error
    except StoreError as error:  # players and caches look at the status alone
        context.console.explain(error, "media", context.caller.request_id)
        context.answer_headers["Retry-After"] = str(AWAY_SECONDS)
        raise Refused(503, NO_DATABASE) from error


def _common(context: RequestContext) -> dict[str, str]:
    return {"Cache-Control": "no-store", "X-Request-Id": context.caller.request_id}


async def _send(context: RequestContext, file: OpenFile, caching: str, media_type: str) -> Response:
    answer: Response | None = None
    try:
        headers = {
            **_common(context),
            "Cache-Control": caching,
            "Last-Modified": formatdate(file.modified, usegmt=True),
            "ETag": file.tag,
        }
        if is_known(context.request.headers, Headers(headers)):
            answer = Response(status_code=304, headers=headers)
        else:
            answer = await _answer(context, file, headers, media_type)
        return answer
    finally:
        if not isinstance(answer, FileParts):
            file.close()


async def _answer(context: RequestContext, file: OpenFile, headers: dict[str, str], media_type: str) -> Response:
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
    pieces = file.read(start, stop)
    first = await context.run(next, pieces, b"")  # before anything is sent, so that a store that is away is told of
    return FileParts(_pieces(context, first, pieces), file.close, status, headers, media_type)


async def _pieces(context: RequestContext, piece: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while piece:
        yield piece
        piece = await context.run(next, pieces, b"")


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


def find_access(console: Console, wanted: str) -> tuple[MediaPath, bool]:
    """Return what a path asks for, and whether shared caches may store it. Raises Refused for a wrong media key."""
    asked = read_media_path(wanted)
    if asked is not None and media_type_of(asked.name):
        access = console.store.lookups.find_media_access(asked.video_id)
        if access is not None and secrets.compare_digest(access.media_key.encode(), asked.media_key.encode()):
            return asked, access.may_be_shared
    raise Refused(404, NO_FILE)
