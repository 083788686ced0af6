"""The door out: HTTP to other servers, over TLS and on the Internet only, within limits of size and time.

A name is looked up once; its address is judged before anything is sent, and connected to as it is: a name that points
into a private network a moment later opens nothing there. Networks that the operator trusts are let through, also
without TLS. Whatever is asked is in the journal before anything is sent.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from alcove.base.outgoing import NoReply, Question, Reply
from alcove.egress.addresses import Trust, addresses_of, public

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from alcove.egress.addresses import Address
    from alcove.egress.model import Line
    from alcove.egress.service import Journal

log = logging.getLogger("alcove.egress.outgoing")

PATIENCE = 10.0
"""Seconds that the whole of an answer may take."""
AT_ONCE = 20
"""Connections at the same time."""


class HttpOutgoing:
    """`Outgoing` over HTTP. `trusted` are networks, joined by commas, that need be neither public nor TLS."""

    def __init__(self, journal: Journal, trusted: str, patience: float = PATIENCE) -> None:
        self._journal = journal
        self._trust = Trust(trusted)
        self._patience = patience
        self._client: httpx.AsyncClient | None = None

    async def ask(self, question: Question) -> Reply:
        """The answer; raises `NoReply`."""
        host, port = _place(question.url)
        patience = question.patience or self._patience
        async with self._journal.connection(question.purpose, host, port) as line:
            try:
                async with asyncio.timeout(patience):
                    return await self._ask(question, host, line)
            except TimeoutError:
                raise NoReply(f"{host} took longer than {patience:g} s") from None

    async def _ask(self, question: Question, host: str, line: Line) -> Reply:
        import httpx  # a tenth of the time that a server needs to start: loaded with the first question

        if self._client is None:
            limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=0)
            self._client = httpx.AsyncClient(trust_env=False, verify=httpx.create_ssl_context(), limits=limits)
        reason = "it cannot be connected to"
        for address in await self._addresses(question.url, host):
            line.address = str(address)
            try:
                return await self._ask_at(self._client, question, host, address, line)
            except httpx.ConnectError as error:
                reason = str(error)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise NoReply(f"{host}: {error or type(error).__name__}") from None
        raise NoReply(f"{host}: {reason}")

    async def _ask_at(
        self, client: httpx.AsyncClient, question: Question, host: str, address: Address, line: Line
    ) -> Reply:
        parts = urlsplit(question.url)
        place = f"[{address}]" if address.version == 6 else str(address)
        at = urlunsplit(parts._replace(netloc=f"{place}:{parts.port}" if parts.port else place))
        headers = {"User-Agent": "Alcove", **question.headers, "Host": parts.netloc.rpartition("@")[2]}
        more: dict[str, Any] = {"sni_hostname": host}
        patience = question.patience or self._patience
        line.up += len(question.method) + len(question.url) + len(question.body) + _length(headers)
        async with client.stream(
            question.method, at, headers=headers, content=question.body, timeout=patience, extensions=more
        ) as response:
            line.down += _length(response.headers)
            parts_read, size = [], 0
            async for part in response.aiter_bytes():
                size += len(part)
                line.down += len(part)
                if size > question.limit:
                    raise NoReply(f"{host} answered more than {question.limit} bytes")
                parts_read.append(part)
            said = {name.lower(): value for name, value in response.headers.items()}
            log.debug("%s %s answered %d", question.method, host, response.status_code)
            return Reply(response.status_code, said, b"".join(parts_read))

    async def _addresses(self, url: str, host: str) -> Sequence[Address]:
        """Where a URL may be asked; raises `NoReply` where it may not."""
        try:
            scheme, port = urlsplit(url).scheme, urlsplit(url).port
        except ValueError:
            raise NoReply(f"{url[:200]!r} is not an address") from None
        if scheme not in ("http", "https") or not host:
            raise NoReply(f"{url[:200]!r} is not an address of the web")
        try:
            found = await addresses_of(host, port or 443)
        except (OSError, UnicodeError):
            raise NoReply(f"{host} is not known") from None
        allowed = [address for address in found if address in self._trust or (scheme == "https" and public(address))]
        if not allowed:
            raise NoReply(
                f"{host} may not be asked: only https on the Internet, and networks in ALCOVE_TRUSTED_NETWORKS"
            )
        return allowed

    async def close(self) -> None:
        """Ends the connections."""
        if self._client is not None:
            await self._client.aclose()


def _place(url: str) -> tuple[str, int]:
    """The host and port of an address; an empty host when it has none."""
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return "", 0


def _length(headers: Mapping[str, str]) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers.items())
