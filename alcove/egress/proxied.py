"""What a client says to an HTTP proxy (RFC 9110, section 7.6 and 9.3.6): where to, and what is passed on there."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import urlsplit

HEAD = 64 << 10
"""Bytes of the first lines of a request."""
_DROPPED = ("proxy-authorization:", "proxy-connection:", "connection:")


class NotProxied(Exception):
    """It is no request for a proxy."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Where somebody wants to be connected to, and what goes there first; empty when a tunnel is wanted."""

    host: str
    port: int
    first: bytes = b""

    @property
    def tunnel(self) -> bool:
        """Whether the client waits to hear that it is connected."""
        return not self.first


def read_wish(head: bytes, secret: str = "") -> Wish:
    """The wish in the first lines of a request, which end with an empty one; raises `NotProxied`.

    With a `secret` the client has to know it. A plain request is passed on as it is, but for what concerns the proxy;
    it is the only one of its connection, because the next may be for another host.
    """
    lines = head.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/1."):
        raise NotProxied("it is not HTTP")
    if secret and not any(_knows(line, secret) for line in lines[1:]):
        raise NotProxied("it does not know the secret of this run")
    try:
        if method == "CONNECT":
            parts = urlsplit(f"//{target}")
            return Wish(parts.hostname or "", parts.port or 443)
        parts = urlsplit(target)
        port = parts.port or 80
    except ValueError:
        raise NotProxied("its address is none") from None
    if parts.scheme != "http" or not parts.hostname:
        raise NotProxied("it names no host of the web")
    path = target[target.index("//") + 2 :].partition("#")[0]
    path = path[len(parts.netloc) :]
    kept = [line for line in lines[1:] if line and not line.lower().startswith(_DROPPED)]
    said = [f"{method} {path if path.startswith('/') else '/' + path} {version}", *kept, "Connection: close", "", ""]
    return Wish(parts.hostname, port, "\r\n".join(said).encode("latin-1"))


def _knows(line: str, secret: str) -> bool:
    name, _, value = line.partition(":")
    known = "Basic " + base64.b64encode(f"run:{secret}".encode()).decode()
    return name.lower() == "proxy-authorization" and value.strip() == known
