"""SSRF protection: restricts outgoing connections to hosts the operator allowed, and never lets a host name lead
into this machine's network. The address that was checked is the one connected to: a name is resolved only once, so
that DNS rebinding has no effect.
"""

from __future__ import annotations

import ipaddress
import socket
import unicodedata
from collections.abc import Iterable
from urllib.parse import SplitResult, unquote, urlsplit

from backend.errors import BadRequest
from backend.model.media_urls import is_plain_path

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

USUAL_PORTS = {"http": 80, "https": 443}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
OURS_ARE_MEDIA = "of this console, only files of videos are allowed: /media/VIDEO/KEY/NAME"
INSIDE = "the host {host} points to this machine or its network"


def host_port(url: str) -> str:
    """Return the host of a URL, with its port unless it is the default. Raises ValueError."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port in (None, *USUAL_PORTS.values()) else f"{host}:{parts.port}"


def own_hosts(*urls: str) -> tuple[str, ...]:
    """Return the hosts of our own URLs, as `host_port` does, including `localhost` if one is a loopback address."""
    places = [host_port(url) for url in urls if url]
    places += [
        host_port(f"http://localhost:{urlsplit(url).port or 80}") for url in urls if url and _is_loopback(urlsplit(url))
    ]
    return tuple(dict.fromkeys(places))


def check_own(url: str, own: Iterable[str]) -> None:
    """Raise BadRequest for a URL on one of our `own` hosts that is not a media file."""
    if host_port(url) in own and not is_plain_path(unquote(urlsplit(url).path)):
        raise BadRequest(OURS_ARE_MEDIA)


def resolve_checked(host: str, port: int, *, inside: bool) -> list[str]:
    """Resolve a host to addresses that may be connected to.

    Raises BadRequest if any address is not allowed, or there is none. `inside`: the operator allowed this host wherever
    it is.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise BadRequest("the host {host} cannot be found", host=host) from None
    addresses = list(dict.fromkeys(str(item[4][0]) for item in found))
    if not inside and not all(is_public(address) for address in addresses):
        raise BadRequest(INSIDE, host=host)
    return addresses


def is_literal_address(host: str) -> bool:
    """Return whether a host is a literal address or `localhost`; whoever lists one means exactly that."""
    try:
        return str(ipaddress.ip_address(host)) == host
    except ValueError:
        return host == "localhost"


def is_wanted(url: str, own: Iterable[str], named: Iterable[str]) -> bool:
    """Return whether an internal address may be fetched from: our own host, or a literal address the operator
    listed.
    """
    place = host_port(url)
    return place in own or (is_literal_address(urlsplit(url).hostname or "") and place in named)


def check_literal(url: str) -> None:
    """Raise BadRequest if the host is a literal internal address, in any spelling that can be connected to."""
    host = urlsplit(url).hostname or ""
    plain = unicodedata.normalize("NFKC", host).replace("\u3002", ".").rstrip(".")
    address = _literal(plain)
    if plain == "localhost" or plain.endswith(".localhost") or (address and not is_public(address)):
        raise BadRequest(INSIDE, host=host)


def _literal(host: str) -> str:
    """Return the address of a literal host, such as 127.0.0.1 for `2130706433` and `127.1`; empty for a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    try:
        return str(ipaddress.IPv4Address(socket.inet_aton(host)))
    except (OSError, ValueError):
        return ""


def is_public(address: str) -> bool:
    """Return whether an address is public and does not belong to this machine."""
    ip = _innermost(ipaddress.ip_address(address.partition("%")[0]))
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not _is_this_machine(ip)


def _is_loopback(parts: SplitResult) -> bool:
    try:
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _innermost(ip: IpAddress) -> IpAddress:
    """Return the IPv4 address embedded in an IPv6 address, if any."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ip
    if ip in NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def _is_this_machine(ip: IpAddress) -> bool:
    """Return whether even a public address is this machine's own."""
    family = socket.AF_INET if ip.version == 4 else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(ip), 9))  # sends nothing
            return bool(probe.getsockname()[0] == str(ip))
    except OSError:
        return False
