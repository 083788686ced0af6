"""PostgreSQL is killed and started again while many clients write: nothing that was acknowledged may be missing.

    ./dev/run python dev/database_restart.py [--rounds 20] [--clients 16]

The whole server runs in this process, and is asked as over HTTP. Every answer has to be a success, a conflict or a
clear 503; afterwards every acknowledged revision is looked for, and no change may be numbered twice.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.base.postgres.testing import TestServer
from alcove.documents import Documents
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    import httpx

DOCUMENTS = 40
ALLOWED = {200, 201, 409, 503}


@dataclass
class Book:
    """What was answered, and which counts were acknowledged."""

    answers: Counter[int] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    unsure: Counter[str] = field(default_factory=Counter)


async def write(client: httpx.AsyncClient, book: Book, lots: random.Random, stop: asyncio.Event) -> None:
    """Adds one to documents drawn by lot, each on the revision that it has just read."""
    while not stop.is_set():
        path = f"/data/io.cozy.counts/d{lots.randrange(DOCUMENTS)}"
        found = await client.get(path)
        book.answers[found.status_code] += 1
        if found.status_code != 200:
            await asyncio.sleep(0.02)
            continue
        document = found.json()
        done = await client.put(path, json={**document, "n": document["n"] + 1})
        book.answers[done.status_code] += 1
        if done.status_code == 200:
            book.counted[path] += 1
        elif done.status_code == 503:
            book.unsure[path] += 1  # the answer to the commit may be what was lost


async def restart(server: TestServer, rounds: int, lots: random.Random) -> None:
    """Kills the database again and again."""
    for _ in range(rounds):
        await asyncio.sleep(lots.uniform(0.3, 0.8))
        await asyncio.to_thread(server.stop)
        await asyncio.sleep(lots.uniform(0, 0.3))
        await asyncio.to_thread(server.start)


async def run(rounds: int, clients: int) -> list[str]:
    """Runs the whole thing; answers what is wrong."""
    server, lots, book, stop = TestServer(careful=True), random.Random(1), Book(), asyncio.Event()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as home:
            url = await server.database()
            async with front(home=Path(home), store="sqlite", database=url) as house:
                await house.instance("me.example")
                client = house.client("me.example", "io.cozy.counts")
                for n in range(DOCUMENTS):
                    (await client.put(f"/data/io.cozy.counts/d{n}", json={"n": 0})).raise_for_status()
                writers = [asyncio.create_task(write(client, book, lots, stop)) for _ in range(clients)]
                await restart(server, rounds, lots)
                await asyncio.sleep(1)
                stop.set()
                await asyncio.gather(*writers)
                wrong = await check(client, book)
                tenant = house.house.need(Instances).by_domain("me.example").key
                documents = house.house.need(Documents)
                last = await documents.last_seq(tenant)
                changes = await documents.changes(tenant, 0, 1 << 20)
                if changes[-1].seq != last or len({change.seq for change in changes}) != len(changes):
                    wrong.append("the feed has a gap or says something twice")
        print(f"{dict(book.answers)}, {book.counted.total()} acknowledged, {book.unsure.total()} unsure")
        return wrong
    finally:
        with contextlib.suppress(RuntimeError):
            server.remove()


async def check(client: httpx.AsyncClient, book: Book) -> list[str]:
    """Looks for every acknowledged count."""
    wrong = [f"{count} answers of status {status}" for status, count in book.answers.items() if status not in ALLOWED]
    for n in range(DOCUMENTS):
        path = f"/data/io.cozy.counts/d{n}"
        document = (await client.get(path)).json()
        least, most = book.counted[path], book.counted[path] + book.unsure[path]
        if not least <= document["n"] <= most:
            wrong.append(f"{path} has {document['n']} and should have from {least} to {most}")
        if int(document["_rev"].split("-")[0]) != document["n"] + 1:
            wrong.append(f"{path} has {document['_rev']} at {document['n']}")
    return wrong


def main() -> None:
    """Runs it from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--clients", type=int, default=16)
    given = parser.parse_args()
    wrong = asyncio.run(run(given.rounds, given.clients))
    print("\n".join(wrong) or "nothing is missing")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
