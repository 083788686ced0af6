"""The way out of a confined run: what it lets through, what it refuses, and that each is written down."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import struct
import sys
from typing import TYPE_CHECKING

import pytest

from alcove.base.confined import Confinement, Level, Program, python_binds
from alcove.egress.addresses import Trust, public
from alcove.egress.broker import PROXY, Broker, Budget, Home, Refused
from alcove.egress.names import MOST, Names
from alcove.egress.proxied import NotProxied, read_wish
from alcove.egress.testing import Book
from alcove.egress.tests.test_outgoing import said, speaking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from alcove.egress.addresses import Address

TENANT = "someone"
KNOWN = {"shop.test": ["127.0.0.1"], "two.test": ["10.0.0.1", "127.0.0.1"], "private.test": ["10.0.0.1", "fe80::1"]}


class Reach:
    """May go to everything under .test but evil.test, and knows all of them."""

    async def judge(self, host: str, port: int) -> None:
        if host == "evil.test":
            raise Refused("evil.test is not among its hosts")

    def trusts(self, host: str) -> bool:
        return host.endswith(".test")


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_up(host: str, port: int) -> Sequence[Address]:
        if host not in KNOWN:
            return [ipaddress.ip_address(host)]
        return [ipaddress.ip_address(address) for address in KNOWN[host]]

    monkeypatch.setattr("alcove.egress.broker.addresses_of", look_up)


@contextlib.asynccontextmanager
async def broker(home: int = 1, **budget: float) -> AsyncIterator[tuple[Broker, Book]]:
    book = await Book().open(TENANT)
    at = Home("me.test", 80, "127.0.0.1", home)
    made = Broker(book.journal, Trust("127.0.0.1"), TENANT, "shop", at, Reach(), (), Budget(**budget))  # type: ignore[arg-type] # seconds and counts
    try:
        yield made, book
    finally:
        await made.close()


async def ask(made: Broker, port: int, request: str, *, secret: str | None = None) -> bytes:
    """What the proxy answers to a request, to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    token = base64.b64encode(f"run:{made.secret if secret is None else secret}".encode()).decode()
    try:
        writer.write(f"{request}\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode())
        return await reader.read()
    finally:
        writer.close()


async def until(so: Callable[[], bool]) -> None:
    """Lets others work until it is so."""
    while not so():  # noqa: ASYNC110 - others set it without knowing of an event
        await asyncio.sleep(0)


async def test_a_tunnel_and_a_plain_request_pass_and_are_written_down() -> None:
    heard: list[bytes] = []
    async with speaking(said(b"{}", b"Connection: close"), heard) as port, broker() as (made, book):
        at = await made.serve_here()
        reader, writer = await asyncio.open_connection("127.0.0.1", at)
        token = base64.b64encode(f"run:{made.secret}".encode()).decode()
        writer.write(f"CONNECT shop.test:{port} HTTP/1.1\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(b"GET /a HTTP/1.1\r\n\r\n")
        assert (await reader.readuntil(b"{}")).startswith(b"HTTP/1.1 200 OK")
        writer.close()
        asking = asyncio.create_task(ask(made, at, f"GET http://shop.test:{port}/b?c HTTP/1.1\r\nX-Own: 1"))
        await until(lambda: len(heard) == 2)
        asking.cancel()
    assert heard[1].split(b"\r\n")[0] == b"GET /b?c HTTP/1.1"
    assert b"X-Own: 1\r\nConnection: close\r\n" in heard[1]
    assert b"Proxy-Authorization" not in heard[1]
    lines = await book.lines(TENANT)
    assert [(one["who"], one["host"], one["port"], one["address"]) for one in lines] == [
        ("shop", "shop.test", port, "127.0.0.1")
    ] * 2
    assert (lines[0]["up"], lines[0]["down"] > 40) == (19, True)
    assert made.outcome.accepted == len(lines)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("CONNECT evil.test:443", "not among its hosts"),
        ("CONNECT private.test:443", "not on the Internet (10.0.0.1, fe80::1)"),
        ("CONNECT 127.0.0.1:443", "not on the Internet"),
        ("CONNECT [::ffff:127.0.0.1]:443", "not on the Internet"),
        ("CONNECT 169.254.169.254:80", "not on the Internet"),
        ("GET http://10.0.0.1/x", "not on the Internet"),
        ("GET ftp://shop.test/", "no host of the web"),
        ("GET /path", "no host of the web"),
        ("CONNECT shop.test:99999", "its address is none"),
        ("CONNECT a%20b:1", "it names no host"),
    ],
)
async def test_what_is_refused_is_said_and_written_down(target: str, reason: str) -> None:
    async with broker() as (made, book):
        answer = await ask(made, await made.serve_here(), f"{target} HTTP/1.1")
        assert answer.startswith(b"HTTP/1.1 403 ")
        assert reason in answer.decode()
    (line,) = await book.lines(TENANT)
    assert line["verdict"] == "refused"
    assert reason in line["reason"]
    assert (line["up"], line["down"], made.outcome.accepted) == (0, 0, 1)


async def test_without_the_secret_of_the_run_nothing_goes_out() -> None:
    async with broker() as (made, book):
        answer = await ask(made, await made.serve_here(), "CONNECT shop.test:443 HTTP/1.1", secret="guessed")
        assert b"does not know the secret" in answer
    assert [line["host"] for line in await book.lines(TENANT)] == ["unnamed"]


async def test_a_name_with_a_private_address_is_asked_at_its_other_one() -> None:
    async with speaking(said(b"{}")) as port, broker() as (made, book):
        reader, writer = await asyncio.open_connection("127.0.0.1", await made.serve_here())
        token = base64.b64encode(f"run:{made.secret}".encode()).decode()
        writer.write(f"CONNECT two.test:{port} HTTP/1.1\r\nProxy-Authorization: Basic {token}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await reader.readuntil(b"{}")
        writer.close()
        await made.close()
        assert [line["address"] for line in await book.lines(TENANT)] == ["127.0.0.1"]


async def test_a_run_has_a_budget_of_bytes_of_connections_and_of_silence() -> None:
    async with speaking(said(b"x" * 5000)) as port:
        async with broker(down=4000) as (made, book):
            await ask(made, await made.serve_here(), f"GET http://shop.test:{port}/ HTTP/1.1")
            (line,) = await book.lines(TENANT)
            assert (line["verdict"], "as much as it may" in line["reason"]) == ("failed", True)
        async with broker(connections=2) as (made, book):
            at = await made.serve_here()
            await ask(made, at, "CONNECT evil.test:1 HTTP/1.1")
            assert b"as many as it may" in await ask(made, at, f"CONNECT shop.test:{port} HTTP/1.1")
            with pytest.raises(ConnectionError):
                await ask(made, at, f"CONNECT shop.test:{port} HTTP/1.1")
            assert len(await book.lines(TENANT)) == made.outcome.accepted == 2
        async with broker(idle=0.05) as (made, book):
            await ask(made, await made.serve_here(), f"GET http://shop.test:{port}/ HTTP/1.1")
            (line,) = await book.lines(TENANT)
            assert "nothing was said" in line["reason"]


async def test_its_own_server_is_reached_and_is_no_line() -> None:
    heard: list[bytes] = []
    async with speaking(said(b"{}"), heard) as port, broker(home=port) as (made, book):
        asking = asyncio.create_task(ask(made, await made.serve_here(), "GET http://me.test/data/ HTTP/1.1"))
        await until(lambda: bool(heard))
        asking.cancel()
    assert heard[0].startswith(b"GET /data/ HTTP/1.1\r\n")
    assert await book.lines(TENANT) == []


async def test_in_a_confined_network_every_library_is_let_through_by_name() -> None:
    found = await Confinement.find()
    if found.level is not Level.NAMESPACES:
        pytest.skip(f"children cannot be confined here: {found.how}")
    lines: list[bytes] = []

    async def hear(line: bytes) -> None:
        lines.append(line)

    async with speaking(said(b"{}")) as port, broker() as (made, book):
        made.ports = (*made.ports, port)
        script = (
            "import socket, struct\n"
            "ask = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "def look_up(name):\n"
            "    packed = b''.join(bytes([len(p)]) + p for p in name.encode().split(b'.')) + b'\\0'\n"
            "    head, kind = struct.pack('!6H', 7, 256, 1, 0, 0, 0), struct.pack('!2H', 1, 1)\n"
            "    ask.sendto(head + packed + kind, ('127.0.0.1', 53))\n"
            "    return socket.inet_ntoa(ask.recv(512)[-4:])\n"
            "def say(name, port):\n"
            "    try:\n"
            "        there = socket.create_connection((look_up(name), port), 9)\n"
            "        there.sendall(b'GET / HTTP/1.1\\r\\n\\r\\n')\n"
            "        print(there.recv(15).decode(), flush=True)\n"
            "    except OSError as error: print(error.strerror, flush=True)\n"
            f"say('shop.test', {port})\n"
            "say('evil.test', 443)\n"
            f"print(socket.create_connection(('127.0.0.1', {PROXY})).getpeername()[1])\n"
        )
        program = Program((sys.executable, "-Ic", script), {}, python_binds())
        ending = await found.run(program, None, hear, doors=made)
        assert ending.ok, ending.stderr
    assert lines == [b"HTTP/1.1 200 OK", b"Connection reset by peer", b"%d" % PROXY]
    told = [(line["host"], line["verdict"]) for line in await book.lines(TENANT)]
    assert sorted(told) == [("evil.test", "refused"), ("shop.test", "done"), ("unnamed", "refused")]
    assert made.outcome.accepted == 3


def test_a_name_has_one_address_and_there_are_not_endlessly_many() -> None:
    names = Names()
    first = names.address_of("a.test")
    assert names.address_of("a.test") == first
    assert names.name_of(first) == "a.test"
    assert names.name_of("127.9.9.9") == ""
    assert all(names.address_of(f"h{n}.test") for n in range(MOST - 1))
    assert names.address_of("one-more.test") == ""


def question(name: bytes, kind: int = 1, flags: int = 0x100) -> bytes:
    return struct.pack("!6H", 5, flags, 1, 0, 0, 0) + name + struct.pack("!2H", kind, 1)


@pytest.mark.parametrize(
    ("asked", "code", "answers"),
    [
        (question(b"\x01a\x04test\0"), 0, 1),
        (question(b"\x01A\x04TEST\0"), 0, 1),
        (question(b"\x01a\x04test\0", kind=28), 0, 0),
        (question(b"\x03a b\0"), 3, 0),
        (question(b"\0"), 3, 0),
        (question(b"\xc0\x0c"), 1, 0),
        (question(b"\x3fa"), 1, 0),
        (question(b"\x01a\0", flags=0x2000), 4, 0),
    ],
)
def test_look_ups_are_answered_as_dns_has_it(asked: bytes, code: int, answers: int) -> None:
    ident, flags, _, told, _, _ = struct.unpack_from("!6H", Names().answer(asked))
    assert (ident, flags & 0xF, flags >> 15, told) == (5, code, 1, answers)


def test_what_is_no_look_up_is_not_answered() -> None:
    assert Names().answer(b"short") == b""
    assert Names().answer(question(b"\x01a\0", flags=0x8000)) == b""


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 0.0.0.0 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 224.0.0.1 255.255.255.255 ::1 :: "
    "fe80::1 fc00::1 ff02::1 ::ffff:10.0.0.1 ::10.0.0.1 64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1:: "
    "2001:0:a00:1::".split(),
)
def test_these_addresses_are_not_the_internet(address: str) -> None:
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "head", [b"\r\n\r\n", b"GET\r\n\r\n", b"GET http://[/ HTTP/1.1\r\n\r\n", b"\xff\xfe HTTP/1.1\r\n\r\n"]
)
def test_what_no_proxy_is_asked_for_is_told(head: bytes) -> None:
    with pytest.raises(NotProxied):
        read_wish(head)
