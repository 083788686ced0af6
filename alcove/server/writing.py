"""Answers leave in one piece: uvicorn writes head and body apart, and each write is a system call and a packet.

And requests are for what they name whole: uvicorn would cut an address off where a `#` stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

ROOM = 64 << 10
"""Bytes that wait for the end of a turn of the event loop at the most: what is longer flows, and can be held back."""


class Gathering:
    """A transport that writes once what was written within a turn of the event loop."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts = list[bytes]()
        self._size = 0

    def write(self, data: bytes) -> None:
        """Takes bytes; they leave before anything else happens on this connection."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > ROOM:
            self._flush()

    def close(self) -> None:
        """Closes the connection when everything has left."""
        self._flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _flush(self) -> None:
        parts, self._parts, self._size = self._parts, [], 0
        if parts and not self._transport.is_closing():
            self._transport.write(parts[0] if len(parts) == 1 else b"".join(parts))


class OnePiece(HttpToolsProtocol):
    """uvicorn's protocol of HTTP on a gathering transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins a connection."""
        super().connection_made(cast("asyncio.Transport", Gathering(transport, self.loop)))

    def on_url(self, url: bytes) -> None:
        """Takes a piece of the address; raises `ValueError`, which is answered with 400, for one with a fragment.

        Clients that forget to encode the name `#1` would ask for the folder around it, or remove it.
        """
        if b"#" in url:
            raise ValueError("an address in a request has no fragment")
        super().on_url(url)
