"""Opens files on the hosts that the operator named, as the app does: with a signature where the domain wants one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from backend.api.signing import PERIOD_SECONDS, UrlSigner
from backend.jobs.runner import Task
from backend.prewarm import read_line
from backend.prewarm.fetcher import Fetch, Limits
from backend.prewarm.ssrf import is_wanted

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from backend.console import Console


@contextmanager
def opened(console: Console, url: str, limits: Limits) -> Iterator[tuple[Fetch, BaseHTTPResponse]]:
    """Request a URL and yield the response, whatever its status. Raises BadRequest and FetchError."""
    hosts, key = console.settings.prewarm_hosts, console.settings.url_auth_key

    def check(url: str) -> tuple[str, bool]:
        url = read_line(url, None, console.own_hosts)
        return url, is_wanted(url, console.own_hosts, hosts)

    signed = UrlSigner(hosts, key, int(console.clock()) // PERIOD_SECONDS).sign(url)
    fetch = Fetch(Task(), limits)
    with fetch.opened(signed, check) as answer:
        yield fetch, answer
