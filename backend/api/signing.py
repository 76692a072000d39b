"""Signed addresses, as Alibaba's domains want them with URL authentication of type A. No call is needed for them."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

PARAMETER = "auth_key"
PERIOD_SECONDS = 1800  # an address stays the same so long, and is good for at least that long again


class UrlSigner(msgspec.Struct, frozen=True):
    """Signs addresses on these hosts, without a key none; `period` counts the times of PERIOD_SECONDS since 1970."""

    hosts: tuple[str, ...] = ()
    key: str = ""
    period: int = 0

    def sign(self, url: str) -> str:
        """Return an address that can be fetched now; one that is signed already, or elsewhere, stays as it is."""
        if not self.key or not self._is_ours(url) or PARAMETER in url:
            return url
        parts = urlsplit(url)
        until = (self.period + 2) * PERIOD_SECONDS
        digest = hashlib.md5(f"{parts.path}-{until}-0-0-{self.key}".encode()).hexdigest()  # noqa: S324
        query = f"{parts.query}&" if parts.query else ""
        signed = f"{query}{PARAMETER}={until}-0-0-{digest}"
        return urlunsplit((parts.scheme, parts.netloc, parts.path, signed, ""))

    def bare(self, url: str) -> str:
        """Return an address without what makes it valid for a while, to be kept."""
        if PARAMETER not in url or not self._is_ours(url):
            return url
        parts = urlsplit(url)
        kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != PARAMETER]
        return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), parts.fragment))

    def _is_ours(self, url: str) -> bool:
        try:
            return urlsplit(url).netloc.lower() in self.hosts
        except ValueError:  # it is none
            return False
