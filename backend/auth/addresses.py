"""IP addresses as requests show them, and the network that stands for one customer."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address

MAPPED = "::ffff:"  # an IPv4 address as an IPv6 socket shows it
NAT64 = IPv6Network("64:ff9b::/96")  # as a translator in front of one does
CUSTOMER_BITS = 64  # of an IPv6 address: the network that one customer is given


def read_address(text: str) -> Address | None:
    """Return an address, which may have a port; one of IPv4 in IPv6 as the former; None for what is no address."""
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
    """Return what stands for one customer: an IPv4 address, however it is written, or the network of an IPv6 one."""
    found = read_address(address)
    if not isinstance(found, IPv6Address):
        return address if found is None else str(found)
    return str(IPv6Network((int(found), CUSTOMER_BITS), strict=False))
