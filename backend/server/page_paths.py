"""What of Streamlit can be reached: what the pages need. It has more, which is for nobody here: uploads into memory,
numbers for everybody, sign-ins by others, an interface for programs.
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
    r"/(?!oauth2callback)[^/.\\\x00-\x1f\x7f]{0,100}/?"  # a page; at one that is none, Streamlit's own says so
    r"|/favicon\.png"
    r"|(?:/[^/.\\\x00-\x1f\x7f]{1,100})?/_stcore/(?:health|host-config)"  # browsers try below a page first: 404
    r"|/static/(?:js|css|media)/[\w@-]+(?:\.[\w@-]+)*"  # each file by one name alone
    r"|/media/\w+(?:\.\w+)?",  # what pages show of files of ours, such as the logo
    re.ASCII,
)


def is_page_path(path: str) -> bool:
    """Say whether Streamlit answers here, to GET and HEAD."""
    return PAGE_PATH.fullmatch(path) is not None


def is_rest_path(path: str) -> bool:
    """Say whether a path is the REST server's."""
    if path in ("/console", "/vodVideo", "/healthz", "/livez", "/metrics", "/vodcallback/callback") or path.startswith(
        ("/console/", "/vodVideo/")
    ):
        return True
    return is_media_path(path)


def is_own_origin(origins: Iterable[bytes], hosts: Iterable[str]) -> bool:
    """Say whether a page of ours asks: one served under one of these hosts.

    Browsers name the origin with every WebSocket. Who names none is no browser, and brings nobody's cookie but its own.
    """
    return all(_place(origin.decode("latin-1"), hosts) for origin in origins)


def _place(origin: str, hosts: Iterable[str]) -> bool:
    """Compare host and port; a port that is not written is that of the origin's scheme."""
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
