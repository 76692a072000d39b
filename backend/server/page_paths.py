"""The allowlist of Streamlit paths.

Streamlit has more that must not be reachable: uploads into memory, metrics, third-party sign-in, an API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from backend.model.media_urls import is_media_path

STREAM = "/_stcore/stream"
READS = ("GET", "HEAD")
PORTS = {"http": 80, "https": 443}
PAGE_PATH = re.compile(
    r"/(?!oauth2callback)[^/.\\\x00-\x1f\x7f]{0,100}/?"  # a page; Streamlit handles unknown ones
    r"|/favicon\.png"
    r"|(?:/[^/.\\\x00-\x1f\x7f]{1,100})?/_stcore/(?:health|host-config)"  # browsers try below a page first: 404
    r"|/static/(?:js|css|media)/[\w@-]+(?:\.[\w@-]+)*"  # each file has exactly one name
    r"|/media/\w+(?:\.\w+)?",  # files shown by pages, such as the logo
    re.ASCII,
)


def is_page_path(path: str) -> bool:
    """Return whether Streamlit serves GET and HEAD at this path."""
    return PAGE_PATH.fullmatch(path) is not None


def is_rest_path(path: str) -> bool:
    """Return whether the REST app serves this path."""
    if path in ("/console", "/vodVideo", "/healthz", "/livez", "/metrics", "/vodcallback/callback") or path.startswith(
        ("/console/", "/vodVideo/")
    ):
        return True
    return is_media_path(path)


def is_own_origin(origins: Iterable[bytes], hosts: Iterable[str]) -> bool:
    """Return whether a page of this console sent the request, served under one of these hosts.

    Browsers send the origin with every WebSocket; a client without one is not a browser and cannot use somebody else's
    cookie.
    """
    return all(_place(origin.decode("latin-1"), hosts) for origin in origins)


def _place(origin: str, hosts: Iterable[str]) -> bool:
    """Compare host and port; the default port depends on the origin's scheme."""
    try:
        page = urlsplit(origin)
        default = PORTS[page.scheme]
        asked = (page.hostname, page.port or default)
    except (ValueError, KeyError):
        return False
    return page.hostname is not None and any(_host_and_port(host, default) == asked for host in hosts)


def _host_and_port(host: str, default: int) -> tuple[str | None, int]:
    try:
        split = urlsplit(f"//{host}")
        return split.hostname, split.port or default
    except ValueError:
        return None, default
