"""Signed URLs for Alibaba domains with URL authentication type A, computed locally."""

from __future__ import annotations

import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec

PARAMETER = "auth_key"
PERIOD_SECONDS = 1800  # a URL stays the same for this long, and remains valid for at least as long afterwards


class UrlSigner(msgspec.Struct, frozen=True):
    """Signs URLs on these hosts, or none without a key; `period` counts PERIOD_SECONDS since 1970."""

    hosts: tuple[str, ...] = ()
    key: str = ""
    period: int = 0

    def sign(self, url: str) -> str:
        """Sign a URL; one that is signed already, or on another host, is returned unchanged."""
        if not self.key or not self._is_ours(url) or PARAMETER in url:
            return url
        parts = urlsplit(url)
        until = (self.period + 2) * PERIOD_SECONDS
        digest = hashlib.md5(f"{parts.path}-{until}-0-0-{self.key}".encode()).hexdigest()  # noqa: S324
        query = f"{parts.query}&" if parts.query else ""
        signed = f"{query}{PARAMETER}={until}-0-0-{digest}"
        return urlunsplit((parts.scheme, parts.netloc, parts.path, signed, ""))

    def bare(self, url: str) -> str:
        """Remove the signature from a URL before it is stored."""
        if PARAMETER not in url or not self._is_ours(url):
            return url
        parts = urlsplit(url)
        kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != PARAMETER]
        return urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(kept), parts.fragment))

    def _is_ours(self, url: str) -> bool:
        try:
            return urlsplit(url).netloc.lower() in self.hosts
        except ValueError:  # an invalid URL
            return False
