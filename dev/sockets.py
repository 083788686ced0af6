"""What idle realtime sockets cost a server in memory, and how long an event takes to reach all of them.

    python dev/sockets.py [--sockets 1000]

The server is one of its own, in a process of its own; sockets are told in turns, so that what each step adds is seen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
from browser.server import PASSPHRASE, ROUNDS, Server
from websockets.asyncio.client import ClientConnection, connect

DOCTYPE = "org.alcove.sockets"


def memory(pid: int) -> float:
    """Memory of a process that is its own, MiB."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


async def listen(stack: AsyncExitStack, server: Server, domain: str, token: str) -> ClientConnection:
    """A socket that hears of the doctype."""
    asked = connect(f"ws://{domain}/realtime/", ping_interval=None, proxy=None, host="127.0.0.1", port=server.port)
    socket = await stack.enter_async_context(asked)
    await socket.send(json.dumps({"method": "AUTH", "payload": token}))
    await socket.send(json.dumps({"method": "SUBSCRIBE", "payload": {"type": DOCTYPE}}))
    return socket


async def measure(server: Server, count: int) -> float:
    """Opens the sockets and tells them something; answers what they cost, MiB."""
    domain = f"sockets.localhost:{server.port}"
    await asyncio.to_thread(server.operator.create, domain, Passphrase=PASSPHRASE, KdfIterations=ROUNDS)
    token = await asyncio.to_thread(server.operator.token, domain, scope=DOCTYPE)
    headers = {"Host": domain, "Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", headers=headers) as client,
        AsyncExitStack() as stack,
    ):
        await client.post(f"/data/{DOCTYPE}/", json={})
        before = memory(server.pid)
        sockets = [await listen(stack, server, domain, token) for _ in range(count)]
        begin = time.perf_counter()
        told = await client.post(f"/data/{DOCTYPE}/", json={"told": True})
        # An answer in each of them says that it was heard, and that the server has nothing left to do for it.
        frames = await asyncio.gather(*(asyncio.wait_for(socket.recv(), 30) for socket in sockets))
        took = time.perf_counter() - begin
        wrong = sum(json.loads(frame)["payload"]["id"] != told.json()["id"] for frame in frames)
        cost = memory(server.pid) - before
        sys.stdout.write(
            f"{count} sockets: {cost:.1f} MiB over {before:.1f}, {cost * 1024 / count:.1f} KiB each; "
            f"an event reached all in {took * 1e3:.0f} ms, {wrong} heard something else\n"
        )
        return cost


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sockets", type=int, default=1000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alcove-sockets-") as home:
        server = Server(Path(home))
        server.start()
        try:
            asyncio.run(measure(server, args.sockets))
        finally:
            server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
