"""Which addresses may be connected to: those of the Internet, and of networks that the operator trusts."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Addresses of the Internet in which one of a private network may hide.
_TUNNELS = tuple(ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16"))


class Trust:
    """Networks, joined by commas, that the operator trusts although they are not the Internet."""

    def __init__(self, networks: str) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks.split(",") if network]

    def __contains__(self, address: Address) -> bool:
        return any(address in network for network in self._networks if network.version == address.version)


async def addresses_of(host: str, port: int) -> Sequence[Address]:
    """The addresses of a host, each once; raises `OSError` or `UnicodeError` for one that is not known."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found))


def public(address: Address) -> bool:
    """Whether an address is on the Internet, and nowhere else.

    >>> public(ipaddress.ip_address("::ffff:10.0.0.1")), public(ipaddress.ip_address("2001:4860:4860::8888"))
    (False, True)
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return public(address.ipv4_mapped)
        if address.is_reserved or any(address in tunnel for tunnel in _TUNNELS):
            return False
    return address.is_global and not address.is_multicast
