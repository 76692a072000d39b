"""Where a request comes from: what X-Forwarded-For and X-Forwarded-Proto say counts only from proxies of ours."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from backend.auth.addresses import Address, read_address

Network: TypeAlias = IPv4Network | IPv6Network
Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

SCHEMES = {"http": ("http", "ws"), "https": ("https", "wss")}


def seen_from(peer: str, headers: Headers, proxies: Sequence[Network]) -> tuple[str, str]:
    """Return who asks, and the scheme he used (http, https, or nothing where no proxy of ours tells).

    Every proxy appends whom it was asked by, so the list is read from the right: past proxies of ours, to the first who
    is none. What stands before that one anybody may have written. What is no address ends the reading.
    """
    address = read_address(peer)
    if address is None or not _is_ours(address, proxies):
        return (peer if address is None else str(address)), ""
    hops = 0
    for told in reversed(_values(headers, b"x-forwarded-for")):
        before = read_address(told)
        if before is None:
            break
        address, hops = before, hops + 1
        if not _is_ours(address, proxies):
            break
    schemes = _values(headers, b"x-forwarded-proto")
    # The proxy that was asked first stands as far from the right as there are proxies; some tell only one for all.
    scheme = schemes[-min(max(hops, 1), len(schemes))].lower() if schemes else ""
    return str(address), scheme if scheme in SCHEMES else ""


def forwarded_hosts(peer: str, headers: Headers, proxies: Sequence[Network]) -> list[str]:
    """Return the hosts that a client asked for, as a proxy of ours tells; nothing where none of ours asks."""
    address = read_address(peer)
    return _values(headers, b"x-forwarded-host") if address and _is_ours(address, proxies) else []


def _is_ours(address: Address, proxies: Sequence[Network]) -> bool:
    return any(address in network for network in proxies)


def _values(headers: Headers, name: bytes) -> list[str]:
    """Return the parts of a header, however many lines it has."""
    lines = [value.decode("latin-1") for key, value in headers if key == name]
    return [part.strip() for part in ",".join(lines).split(",")] if lines else []
