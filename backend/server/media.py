"""Serves media files to clients that know a video's media key."""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from backend.console import Console
from backend.errors import NotFound, Refused
from backend.model import CensorStatus, Video
from backend.model.media_urls import MediaPath, read_media_path
from backend.server.request import RequestContext

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
RANGE = re.compile(r"([0-9]{1,30})-([0-9]{1,30})?|-[0-9]{1,30}")


class Parts(FileResponse):
    """A file response with ranges; an invalid Range header is ignored (RFC 9110)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not is_range(Headers(scope=scope).get("range", "")):
            scope = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"range"]}
        await super().__call__(scope, receive, send)


async def send_media(context: RequestContext) -> Response:
    """Send a file of a video to a client that knows its media key."""
    context.require_method("GET", "HEAD")
    path, may_be_shared = await context.run(find_media, context.console, context.scope["path"])
    media_type = MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream")
    headers = {"Cache-Control": PUBLIC if may_be_shared else PRIVATE, "X-Request-Id": context.caller.request_id}
    answer = Parts(path, headers=headers, media_type=media_type, stat_result=await context.run(os.stat, path))
    if is_known(context.request.headers, answer.headers):
        kept = ("cache-control", "etag", "last-modified", "x-request-id")
        return Response(status_code=304, headers={name: answer.headers[name] for name in kept})
    return answer


def is_range(text: str) -> bool:
    """Return whether a Range header is valid: byte ranges with first <= last."""
    unit, _, parts = text.partition("=")
    found = [RANGE.fullmatch(part.strip()) for part in parts.split(",") if part.strip()]
    return (
        unit.strip().lower() == "bytes"
        and bool(found)
        and all(part and (not part[2] or int(part[1]) <= int(part[2])) for part in found)
    )


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


def find_media(console: Console, wanted: str) -> tuple[Path, bool]:
    """Return a file and whether shared caches may store it. Raises Refused if there is none."""
    asked, path = read_media_path(wanted), None
    video = _video(console, asked) if asked else None
    name = asked.name if asked else ""
    if video is not None and not name.startswith(".") and "\\" not in name and name.isprintable():
        path = console.media.path_of(video.video_id, name)
    if video is None or path is None or not path.is_file():
        raise Refused(404, "The file does not exist.")
    return path, video.is_whole and video.censor_status is CensorStatus.SUCCESS


def _video(console: Console, wanted: MediaPath) -> Video | None:
    try:
        video = console.store.catalogue.get_video(wanted.video_id)
    except NotFound:
        return None
    return video if secrets.compare_digest(video.media_key.encode(), wanted.media_key.encode()) else None
