"""Where a call may go: the name is resolved once, every address it has must be public, one of them is used.

Whoever connects to the name again could be led elsewhere in between (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import socket

from sales_campaigns.errors import Outside, OutsideKind


def address_of(host: str, port: int, *, private: bool) -> str:
    """An IP address of this host. Raises Outside for none, and for a private one unless `private`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Outside(OutsideKind.TRANSIENT, f"{host} has no address: {error}") from None
    addresses = list(dict.fromkeys(str(place[4][0]) for place in found))
    if not private and not all(map(is_public, addresses)):
        raise Outside(OutsideKind.POLICY, f"{host} leads to a private address: nothing was sent.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Neither loopback, private, link-local, multicast nor reserved; an IPv4 inside an IPv6 counts as itself."""
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = _inside(found) if isinstance(found, ipaddress.IPv6Address) else None
    if inner is not None:
        return is_public(str(inner))
    return found.is_global and not (found.is_multicast or found.is_reserved)


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Mapped, 6to4, Teredo's client, and NAT64's well-known prefix."""
    teredo = address.teredo[1] if address.teredo else None
    if address in ipaddress.ip_network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or teredo
