"""Names in a confined child's network: each gets an address of its own there, which stands for the name.

Nobody outside is asked: a look-up alone lets nothing out. Who connects to such an address is asked what name it stands
for; the true address is found then, and judged. Messages are those of DNS (RFC 1035), as many as resolvers need.
"""

from __future__ import annotations

import asyncio
import ipaddress
import struct
from typing import TYPE_CHECKING, cast

from alcove.egress.model import clean_host

if TYPE_CHECKING:
    from typing import Any

FIRST = int(ipaddress.IPv4Address("127.64.0.0"))
"""Where such addresses begin: all of 127.0.0.0/8 is the child's own."""
MOST = 1000
"""Names that one run may look up."""
SECONDS = 60
"""For how long an answer may be kept."""

_A, _INTERNET = 1, 1
_NO_ERROR, _NOT_UNDERSTOOD, _NO_SUCH_NAME, _NOT_DONE = 0, 1, 3, 4
_RECURSION = 0x0100
_ANSWER = 0x8080
"""An answer, by who asks others too."""
_HEAD = struct.Struct("!6H")
_LABEL = 63


class Names:
    """The names that one run looked up, and their addresses."""

    def __init__(self) -> None:
        self._by_name: dict[str, str] = {}
        self._by_address: dict[str, str] = {}

    def address_of(self, name: str) -> str:
        """The address that stands for a name; empty when there are too many of them."""
        known = self._by_name.get(name)
        if known is None and len(self._by_name) < MOST:
            known = str(ipaddress.IPv4Address(FIRST + 1 + len(self._by_name)))
            self._by_name[name] = known
            self._by_address[known] = name
        return known or ""

    def name_of(self, address: str) -> str:
        """The name that an address stands for; empty for none."""
        return self._by_address.get(address, "")

    def answer(self, asked: bytes) -> bytes:
        """The answer to a message; empty for what is no question of DNS."""
        if len(asked) < _HEAD.size:
            return b""
        ident, flags, questions, *_ = _HEAD.unpack_from(asked)
        if flags & 0x8000:
            return b""
        kept = _ANSWER | (flags & _RECURSION)
        if flags & 0x7800 or questions != 1:
            return _HEAD.pack(ident, kept | _NOT_DONE, 0, 0, 0, 0)
        try:
            name, kind, end = _question(asked)
        except (ValueError, IndexError, struct.error):
            return _HEAD.pack(ident, kept | _NOT_UNDERSTOOD, 0, 0, 0, 0)
        address = self.address_of(name) if name else ""
        if not address:
            return _HEAD.pack(ident, kept | _NO_SUCH_NAME, 1, 0, 0, 0) + asked[_HEAD.size : end]
        if kind != (_A, _INTERNET):  # there is such a name, but nothing of that kind: others are not asked
            return _HEAD.pack(ident, kept | _NO_ERROR, 1, 0, 0, 0) + asked[_HEAD.size : end]
        told = struct.pack("!3HIH", 0xC000 | _HEAD.size, _A, _INTERNET, SECONDS, 4)
        told += ipaddress.IPv4Address(address).packed
        return _HEAD.pack(ident, kept | _NO_ERROR, 1, 1, 0, 0) + asked[_HEAD.size : end] + told


def _question(asked: bytes) -> tuple[str, tuple[int, int], int]:
    """The name (empty for one that no host can have), the type with the class, and where the question ends."""
    at, labels = _HEAD.size, list[str]()
    while length := asked[at]:
        if length > _LABEL:
            raise ValueError("a compressed name in a question")
        label = asked[at + 1 : at + 1 + length]
        labels.append(label.decode("ascii"))
        at += 1 + length
    kind, kin = struct.unpack_from("!2H", asked, at + 1)
    return clean_host(".".join(labels)), (kind, kin), at + 5


class Lookups(asyncio.DatagramProtocol):
    """Answers look-ups on a socket in the child's network."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        """One message."""
        answer = self._names.answer(data)
        if answer and self._transport is not None:
            self._transport.sendto(answer, addr)
