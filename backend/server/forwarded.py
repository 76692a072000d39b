"""Client address, scheme and host from X-Forwarded-For, -Proto and -Host, trusted only from configured proxies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network, IPv6Network
from itertools import takewhile
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from backend.auth.addresses import Address, read_address

Network: TypeAlias = IPv4Network | IPv6Network
Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

FOR, PROTO, HOST = b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host"


class ForwardedHeaders:
    """Extends uvicorn's ProxyHeadersMiddleware with three cases: lists in X-Forwarded-Proto, IPv4-mapped IPv6
    peers, and invalid addresses in X-Forwarded-For. Every proxy appends its client, so the list is read from the
    right, skipping trusted proxies; entries left of the first untrusted address may be forged. An invalid address
    ends the list.
    """

    def __init__(self, app: ASGIApp, proxies: Sequence[Network]) -> None:
        hosts = [str(network) for network in proxies]
        self._app = ProxyHeadersMiddleware(app, hosts) if proxies else app  # type: ignore[arg-type]
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = scope.get("client")
        if peer and (self._proxies or ":" in peer[0]) and (address := read_address(peer[0])):
            scope["client"] = (str(address), peer[1])
            if self._is_ours(address):
                scope["hosts"] = _values(scope["headers"], HOST)
                scope["headers"] = list(self._readable(scope["headers"], address))
        await self._app(scope, receive, send)  # type: ignore[arg-type]

    def _readable(self, headers: Headers, peer: Address) -> Iterator[tuple[bytes, bytes]]:
        """Yield equivalent headers that uvicorn understands."""
        yield from (pair for pair in headers if pair[0] not in (FOR, PROTO))
        told = [*takewhile(bool, map(read_address, reversed(_values(headers, FOR))))]
        if any(pair[0] == FOR for pair in headers):
            yield FOR, ", ".join(map(str, reversed(told or [peer]))).encode()
        # The first proxy's scheme is as far from the right as there are proxies; some send a single one.
        hops = 1 + sum(1 for _ in takewhile(self._is_ours, told[:-1]))
        schemes = _values(headers, PROTO)
        if schemes and (scheme := schemes[-min(hops, len(schemes))].lower()) in ("http", "https"):
            yield PROTO, scheme.encode()

    def _is_ours(self, address: Address | None) -> bool:
        return any(address in network for network in self._proxies)


def own_hosts(scope: Scope, public_url: str) -> list[str]:
    """Return the hosts under which the client may know this console: from the request, a trusted proxy, or the
    settings. Pages of other sites cannot influence them.
    """
    named = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
    return [*named, *scope.get("hosts", ()), *([urlsplit(public_url).netloc] if public_url else ())]


def _values(headers: Headers, name: bytes) -> list[str]:
    """Return the values of a header that may be repeated."""
    lines = [value.decode("latin-1") for key, value in headers if key == name]
    return [part.strip() for part in ",".join(lines).split(",")] if lines else []
