"""The door out: what it asks, and what it does not."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING

import pytest

from alcove.base.outgoing import NoReply, Question, Reply
from alcove.egress.outgoing import HttpOutgoing
from alcove.egress.testing import Book
from alcove.outbox.testing import make_certificate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@contextlib.asynccontextmanager
async def speaking(
    answer: bytes, heard: list[bytes] | None = None, certificate: Path | None = None
) -> AsyncIterator[int]:
    """A server on this machine that says the same to everybody, over TLS with a certificate; gives its port."""

    finished, serving = asyncio.Event(), set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        asked = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(asked)
        writer.write(answer)
        await finished.wait()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    context = None
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            finished.set()
            await asyncio.gather(*(task for task in serving if task is not None))


@contextlib.asynccontextmanager
async def door(trusted: str = "127.0.0.1,::1", patience: float = 10.0) -> AsyncIterator[HttpOutgoing]:
    outgoing = HttpOutgoing(Book().journal, trusted, patience)
    try:
        yield outgoing
    finally:
        await outgoing.close()


def said(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


async def test_a_trusted_network_is_asked_by_name() -> None:
    heard = list[bytes]()
    async with speaking(said(b'{"a":1}', b"X-More: yes"), heard) as port, door() as outgoing:
        reply = await outgoing.ask(Question(f"http://localhost:{port}/path?q=1", "test", headers={"Accept": "text/x"}))
    assert (reply.status, reply.json(), reply.headers["x-more"]) == (200, {"a": 1}, "yes")
    assert heard[0].startswith(b"GET /path?q=1 HTTP/1.1\r\n")
    assert b"\r\nHost: localhost:%d\r\n" % port in heard[0]


async def test_over_tls_the_name_is_proved_and_not_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path / "server.pem", "localhost")
    async with speaking(said(b"{}"), certificate=certificate) as port:
        async with door() as outgoing:
            with pytest.raises(NoReply, match="certificate"):
                await outgoing.ask(Question(f"https://localhost:{port}/", "test"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        async with door() as outgoing:
            assert (await outgoing.ask(Question(f"https://localhost:{port}/", "test"))).status == 200
            with pytest.raises(NoReply, match="certificate"):
                await outgoing.ask(Question(f"https://127.0.0.1:{port}/", "test"))


async def test_a_redirect_is_not_followed() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with speaking(moved) as port, door() as outgoing:
        assert (await outgoing.ask(Question(f"http://127.0.0.1:{port}/", "test"))).status == 302


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "https://localhost:{port}/",
        "https://[::1]:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
        "https://2130706433:{port}/",
        "https://169.254.169.254/latest/meta-data",
        "http://192.0.2.1/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "https://",
        "https://example:99999/",
    ],
)
async def test_what_is_not_the_internet_is_not_asked(url: str) -> None:
    heard = list[bytes]()
    async with speaking(said(b"{}"), heard) as port, door(trusted="") as outgoing:
        with pytest.raises(NoReply):
            await outgoing.ask(Question(url, "test".replace("{port}", str(port))))
    assert heard == []


async def test_an_answer_that_is_too_long_is_refused() -> None:
    async with speaking(said(b"x" * 100)) as port, door() as outgoing:
        with pytest.raises(NoReply, match="more than 99 bytes"):
            await outgoing.ask(Question(f"http://127.0.0.1:{port}/", "test", limit=99))


async def test_an_answer_that_never_comes_is_given_up() -> None:
    async with speaking(b"HTTP/1.1 200 OK\r\n") as port, door(patience=0.05) as outgoing:
        with pytest.raises(NoReply, match="longer than"):
            await outgoing.ask(Question(f"http://127.0.0.1:{port}/", "test"))


async def test_a_closed_port_and_a_broken_answer_are_said() -> None:
    async with speaking(b"nonsense\r\n\r\n") as port, door() as outgoing:
        with pytest.raises(NoReply, match=r"127\.0\.0\.1"):
            await outgoing.ask(Question(f"http://127.0.0.1:{port}/", "test"))
    async with door() as outgoing:
        with pytest.raises(NoReply, match=r"127\.0\.0\.1"):
            await outgoing.ask(Question(f"http://127.0.0.1:{port}/", "test"))


@pytest.mark.parametrize("body", [b"[1]", b"not json", b""])
def test_a_reply_that_is_no_object_is_said(body: bytes) -> None:
    with pytest.raises(NoReply):
        Reply(200, {}, body).json()
