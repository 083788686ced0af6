"""Thirty-odd things that a source might try, and what comes of each; docs/connectors/jail.md shows the same table."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alcove.base.confined import Limits
from alcove.connectors import tasks
from alcove.connectors.store import Shelf
from alcove.documents import Documents
from alcove.egress import EGRESS, Broker
from alcove.egress.tests.test_outgoing import said, speaking
from alcove.instances import Instances
from alcove.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.egress.addresses import Address
    from alcove.jobs import Job

TABLE = Path(__file__).parents[3] / "docs" / "connectors" / "jail.md"

PRELUDE = """
import ctypes, glob, json, os, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(*arguments):
    if libc.syscall(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
def c(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
def reach(host, port=443):
    there = socket.create_connection((host, port), 9)
    there.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")
    there.recv(1) or sys.exit(77)
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is tried, as it is told to people, in Python; and what comes of it: a part of the run's error."""

    name: str
    source: str
    outcome: str
    line: str = ""
    """The host of the line in the journal of what left, for what was refused there."""


REFUSED = "PermissionError|Operation not permitted|Permission denied"
ABSENT = "FileNotFoundError|No such file"
NO_WAY = "Network is unreachable|Invalid argument|Connection refused|No route"
HELD = "Connection reset by peer"

QUIET = (
    Attempt("reads /etc/shadow", "open('/etc/shadow')", ABSENT),
    Attempt("reads the server's key", "open(HOME + '/server.key')", ABSENT),
    Attempt("lists the data folder", "os.listdir(HOME)", ABSENT),
    Attempt(
        "reads another instance's documents", "open(glob.glob(HOME + '/instances/*/documents.db')[0])", "IndexError"
    ),
    Attempt("asks its server for another's documents", "ask_other()", "refused: 40[01]"),
    Attempt(
        "asks its server for what its manifest does not open",
        "ask_own('/data/io.cozy.bills/_all_docs')",
        "refused: 403",
    ),
    Attempt("asks the operator's side", "reach('127.0.0.1', 6060)", NO_WAY),
    Attempt("writes to the system", "open('/usr/bin/x', 'w')", "Read-only file system|Permission denied"),
    Attempt("changes its own code", "open(__file__, 'a')", "Read-only file system|Permission denied"),
    Attempt(
        "writes beside its code", "open(os.path.dirname(__file__) + '/x', 'w')", "Read-only file system|Permission"
    ),
    Attempt("mounts something", "c('mount', b'none', b'/tmp', b'tmpfs', 0, None)", REFUSED),
    Attempt("unmounts what hides the rest", "c('umount2', b'/usr', 2)", REFUSED),
    Attempt("leaves by chroot", "os.chroot('/tmp')", REFUSED),
    Attempt("becomes root", "os.setuid(0)", REFUSED),
    Attempt("takes a program that is root's (setuid)", "os.execv('/usr/bin/su', ['su', '-c', 'id'])", "status [1-9]"),
    Attempt("makes a network namespace of its own", "c('unshare', 0x40000000)", REFUSED),
    Attempt("watches another process (ptrace)", "c('ptrace', 16, 1, 0, 0)", REFUSED),
    Attempt(
        "sees processes of others",
        "len([p for p in os.listdir('/proc') if p.isdecimal()]) < 9 and sys.exit(70)",
        "status 70",
    ),
    Attempt("reads the environment of process 1", "open('/proc/1/environ').read()", REFUSED),
    Attempt(
        "ends processes of others",
        "os.kill(-1, 0) or os.kill(1, 9) or time.sleep(0.1) or sys.exit(71)",
        "status 71|" + REFUSED,
    ),
    Attempt("opens a raw socket", "socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", REFUSED),
    Attempt("opens a packet socket", "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", REFUSED),
    Attempt("makes a device", "os.mknod('/tmp/sda', 0o60600, os.makedev(8, 0))", REFUSED),
    Attempt("changes a setting of the kernel", "open('/proc/sys/kernel/hostname', 'w')", "Read-only|Permission denied"),
    Attempt("loads code into the kernel", "call(175, 0, 0, b'')", REFUSED + "|not implemented"),
    Attempt("connects to its own machine", "reach('127.0.0.1', 22)", NO_WAY),
    Attempt("connects to a private network", "reach('10.0.0.1')", NO_WAY),
    Attempt("connects to the cloud's own data", "reach('169.254.169.254', 80)", NO_WAY),
    Attempt("connects to an IPv6 address of the link", "reach('fe80::1%lo')", NO_WAY),
    Attempt("connects to its machine, written as IPv6", "reach('::ffff:127.0.0.1', 22)", NO_WAY),
    Attempt("connects to its machine, written as a number", "reach('2130706433', 22)", NO_WAY),
    Attempt("connects to the Internet by a number", "reach('1.1.1.1')", NO_WAY),
)
TOLD = (
    Attempt("connects to a second host", "reach('evil.test')", HELD, "evil.test"),
    Attempt("connects to a name of a private network", "reach('inside.test')", HELD, "inside.test"),
    Attempt(
        "connects to a name that changes its address (rebinding)", "reach('rebinding.test')", HELD, "rebinding.test"
    ),
    Attempt("connects to a name for IPv6 in IPv4's clothes", "reach('mapped.test')", HELD, "mapped.test"),
    Attempt("connects to a name behind a translator (NAT64)", "reach('nat64.test')", HELD, "nat64.test"),
    Attempt("asks the proxy for its machine", "ask_proxy('127.0.0.1:22')", "ProxyRefused", "127.0.0.1"),
)
ENDED = (
    Attempt("takes 4 GB of memory", "x = bytearray(4 << 30)", "MiB of memory"),
    Attempt("forks without end", "while True: os.fork()", "ended with status 1"),
    Attempt(
        "fills the disk",
        "f = open('/tmp/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))",
        "ended with status 1|signal",
    ),
    Attempt("floods its output", "while True: print('x' * 1000)", "bytes of output"),
    Attempt("writes a line without end", "while True: sys.stdout.write('x' * 1000)", "a line of more than"),
    Attempt("never ends", "time.sleep(600)", "took longer than"),
    Attempt("computes without end", "while True: pass", "took longer than|processor time"),
)
ATTEMPTS = (*QUIET, *TOLD, *ENDED)

SHORT = Limits(memory=512 << 20, wall=6.0, cpu=4, output=2 << 20, processes=8, file_size=32 << 20)

ASKING = """
import urllib.request as web, urllib.error
def status(host, path):
    ask = web.Request(os.environ["COZY_URL"].rstrip("/") + path)
    ask.add_header("Authorization", "Bearer " + os.environ["COZY_CREDENTIALS"])
    if host: ask.add_header("Host", host)
    try: sys.exit(f"status {web.urlopen(ask).status}")
    except urllib.error.HTTPError as error: sys.exit(f"refused: {error.code}")
ask_own = lambda path: status("", path)
ask_other = lambda: status("other.localhost", "/data/io.cozy.accounts/account")
def ask_proxy(target):
    there = socket.create_connection(("127.0.0.1", 3128), 9)
    there.sendall(f"CONNECT {target} HTTP/1.1\\r\\n\\r\\n".encode())
    if there.recv(12) == b"HTTP/1.1 403": raise Exception("ProxyRefused")
"""

# Runs one attempt in a process of its own and tells what became of it: one connector tries many things.
MANY = """
attempts = json.loads(os.environ["COZY_PARAMETERS"])["attempts"]
for name, source in attempts:
    there, here = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(here, 2)
        try: exec(source)
        except SystemExit as error:
            if isinstance(error.code, str): os.write(2, error.code.encode()); os._exit(1)
            os._exit(error.code or 0)
        except BaseException as error: os.write(2, f"{type(error).__name__}: {error}".encode()); os._exit(1)
        os.write(2, b"it did it"); os._exit(0)
    os.close(here)
    text = os.read(there, 500).decode(errors="replace")
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps({"type": "info", "message": f"{name}: {text} (status {ended})"}), flush=True)
"""


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hosts of the test, and what they lead to; one of them changes its mind between two look-ups."""
    turns = iter(("10.0.0.1", "93.184.216.34", "10.0.0.1"))
    places = {"shop.test": "127.0.0.1", "evil.test": "93.184.216.34", "inside.test": "192.168.1.1"}
    places |= {"mapped.test": "::ffff:10.0.0.1", "nat64.test": "64:ff9b::a00:1"}

    async def look_up(host: str, port: int) -> Sequence[Address]:
        return [ipaddress.ip_address(next(turns) if host == "rebinding.test" else places.get(host, host))]

    monkeypatch.setattr("alcove.egress.broker.addresses_of", look_up)


async def run(place: Any, slug: str) -> Job:
    shelf = Shelf(place.house.need(Documents))
    await shelf.ensure_account(place.instance.key, "account", {"account_type": slug, "name": "me"})
    jobs = place.house.need(Jobs)
    job = await jobs.push(place.instance.key, "konnector", {"account": "account", "konnector": slug})
    ended: Job = await jobs.wait(place.instance.key, job.id)
    return ended


HOSTS = ["inside.test", "rebinding.test", "mapped.test", "nat64.test"]


@pytest.mark.slow("forty attempts")
async def test_what_is_refused(
    write_connector: Any, open_place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    brokers: list[Broker] = []
    close = Broker.close

    async def closed(broker: Broker) -> None:
        brokers.append(broker)
        await close(broker)

    monkeypatch.setattr(Broker, "close", closed)
    source = PRELUDE + f"HOME = {str(tmp_path / 'home')!r}\n" + ASKING + MANY
    attempts = [[one.name, one.source] for one in (*QUIET, *TOLD)]
    place = await open_place(write_connector("jail", source, egress=HOSTS, parameters={"attempts": attempts}))
    await place.house.need(Instances).create("other.localhost", {}, {})
    monkeypatch.setattr(
        "alcove.connectors.service.runs.Runs._publish", lambda self, run, line: heard.append(str(line.get("message")))
    )
    ended = await run(place, "jail")
    assert ended.error == "", heard
    told = dict(line.split(": ", 1) for line in heard)
    wrong = {
        one.name: told[one.name]
        for one in (*QUIET, *TOLD)
        if "it did it" in told[one.name] or not re.search(one.outcome, told[one.name])
    }
    assert not wrong
    lines = await place.documents(EGRESS)
    assert sorted((line["host"], line["verdict"]) for line in lines) == sorted((one.line, "refused") for one in TOLD)
    assert sum(broker.outcome.accepted for broker in brokers) == len(lines)
    assert not any("up" in line and line["up"] for line in lines)
    shown = (await place.client.get("/egress")).json()["data"]
    assert {line["attributes"]["host"] for line in shown} == {one.line for one in TOLD}


@pytest.mark.slow("each takes what it may")
@pytest.mark.parametrize("attempt", ENDED, ids=lambda attempt: attempt.name)
async def test_what_is_ended(
    attempt: Attempt, write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "Limits", lambda **_: SHORT)
    place = await open_place(write_connector("jail", PRELUDE + attempt.source, egress=[]))
    ended = await run(place, "jail")
    assert ended.state == "errored"
    (told,) = await place.documents("org.alcove.runs")
    assert re.search(attempt.outcome, ended.error), ended.error
    assert (told["state"], told["error"]) == ("errored", ended.error)
    assert (await place.client.get("/status")).status_code < 500


@pytest.mark.slow("a hundred connections")
async def test_as_many_connections_as_lines(write_connector: Any, open_place: Any) -> None:
    async with speaking(said(b"{}")) as port:
        source = PRELUDE + (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "def one(number):\n"
            "    try: reach('shop.test' if number % 2 else 'evil.test', PORT)\n"
            "    except OSError: pass\n"
            "with ThreadPoolExecutor(8) as pool: list(pool.map(one, range(60)))\n"
            "counted = [line.split() for line in open('/proc/net/snmp') if line.startswith('Tcp:')]\n"
            "opened = int(dict(zip(*counted))['ActiveOpens'])\n"
            "print(json.dumps({'type': 'critical', 'message': str(opened), 'no_retry': True}))\n"
        )
        connector = write_connector("many", source.replace("PORT", str(port)), egress=[f"shop.test:{port}"])
        place = await open_place(connector, trusted_networks="127.0.0.1")
        ended = await run(place, "many")
        lines = await place.documents(EGRESS)
        # What the kernel counted in the child's network, and what the journal says.
        assert (int(ended.error), len(lines)) == (60, 60)
        assert sum(line["verdict"] == "refused" for line in lines) == 30


def test_the_page_has_the_same_table() -> None:
    rows = [line.split("|")[1].strip() for line in TABLE.read_text().splitlines() if re.match(r"\| [a-z]", line)]
    assert rows[1:] == [one.name for one in ATTEMPTS]
