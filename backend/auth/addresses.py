"""Parsing IP addresses of requests, and the network by which clients are counted."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

MAPPED = "::ffff:"  # an IPv4 address on an IPv6 socket
NAT64 = IPv6Network("64:ff9b::/96")  # an IPv4 address behind NAT64
CUSTOMER_BITS = 64  # prefix length of the IPv6 network assigned to one customer


def read_address(text: str) -> Address | None:
    """Parse an address with an optional port; mapped IPv4 addresses become IPv4; None if invalid."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        inside = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
        return address.ipv4_mapped or inside or address
    return address


def network_of(address: str) -> str:
    """Return the network of one customer: an IPv4 address, normalized, or an IPv6 network."""
    found = read_address(address)
    if not isinstance(found, IPv6Address):
        return address if found is None else str(found)
    return str(IPv6Network((int(found), CUSTOMER_BITS), strict=False))
