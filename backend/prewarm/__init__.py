"""The cache provider interface: prewarms caches by fetching files before users request them.

To add a provider, write a module beside this one with a class that implements it, and choose it in `backend.app`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from backend.errors import BadRequest, ConsoleError
from backend.prewarm.ssrf import check_own, host_port

MAX_LINES = 1000
MAX_CHARACTERS = 1024  # Alibaba's limit per URL


class CacheProvider(Protocol):
    """Runs `prewarm` jobs: `job.payload["urls"]` are complete URLs.

    While running and at the end, the outcome's `facts["warmed"]` maps indexes of that list to (state, detail), with the
    states of `WarmState`.
    """

    def hosts(self) -> tuple[str, ...]:
        """Return the hosts it can prewarm, with their port unless it is the default."""

    def room(self, *, fresh: bool) -> tuple[int, int] | None:
        """Return today's quota and how much of it is left when all that is queued was sent; None if none applies.

        Unless `fresh`, it may be some seconds old. Raises CloudError if it is unknown.
        """

    def check_room(self, count: int) -> None:
        """Raise Conflict if today's quota is too small for so many files."""


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """An input line: the URL it refers to, or what is wrong with it."""

    number: int  # from 1
    text: str
    url: str = ""
    wrong: ConsoleError | None = None


def check_lines(
    lines: Iterable[str], hosts: tuple[str, ...], base: str = "", own: tuple[str, ...] = ()
) -> list[CheckedLine]:
    """Check all non-blank lines, dropping duplicates.

    A path (`/media/…`) refers to a file of this console, reachable at `base`. On our `own` hosts, only media files are
    allowed.
    """
    checked: list[CheckedLine] = []
    seen = set()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            url = read_line(base + line.strip() if line.strip().startswith("/") else line, hosts, own)
        except BadRequest as wrong:
            checked.append(CheckedLine(number, line.strip(), wrong=wrong))
            continue
        if url not in seen:
            seen.add(url)
            checked.append(CheckedLine(number, line.strip(), url))
    return checked


def read_line(line: str, hosts: tuple[str, ...] | None, own: tuple[str, ...] = ()) -> str:
    """Return the complete URL that a line refers to.

    Raises BadRequest, saying what is wrong with it. A line is `host/path`, with or without http:// or https://, as in
    the API document's example. On our `own` hosts, only media files are allowed. `hosts` of None allows any host.
    """
    text = line.strip()
    if len(text) > MAX_CHARACTERS:
        raise BadRequest("it is longer than {most} characters", most=MAX_CHARACTERS)
    if any(ord(char) <= 32 or ord(char) == 127 for char in text):
        raise BadRequest("it contains a space or a control character")
    if "\\" in text:
        raise BadRequest("it contains a backslash; write / in its place")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        place = host_port(parts.geturl())
    except ValueError:
        raise BadRequest("it is not an address") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise BadRequest("it must begin with http:// or https://")
    if not parts.hostname or parts.username is not None:
        raise BadRequest("it is not an address")
    if hosts is not None and place not in hosts:
        raise BadRequest(
            "the host {host} is not one of those that can be prewarmed ({hosts})",
            host=place,
            hosts=", ".join(hosts) or "none is set",
        )
    if parts.path in ("", "/") or parts.path.endswith("/"):
        raise BadRequest("it is a folder; give a file")
    path = quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=?~-._")
    url = urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path, query, ""))
    check_own(url, own)
    return url
