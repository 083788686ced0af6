"""Lets many clients change the same few documents at once, with right and wrong revisions, and looks at what was kept.

    python dev/writers.py [--clients 32] [--writes 400] [--seed 1] [--store sqlite|memory]
    python dev/writers.py --address http://127.0.0.1:8080 --domain me.localhost:8080 --token TOKEN

What was acknowledged must be, all of it and once, the line of revisions of each document, each write right after the
revision that its client named: a lost update or a revision given twice shows there. Clients that follow the feed
meanwhile must end with the last revision of every document.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

DOCTYPE = "org.alcove.race"
BASE = f"/data/{DOCTYPE}"
LINE = 900
"""Revisions of a document at the most: a server forgets those beyond a thousand."""


@dataclass(slots=True)
class History:
    """What the server acknowledged, and what it answered altogether.

    `revs` holds, by document, each revision that was given with the one it was asked for on ("" for a new document).
    """

    revs: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    tombs: set[str] = field(default_factory=set)
    seen: Counter[str] = field(default_factory=Counter)

    def acknowledged(self, doc_id: str, rev: str, parent: str, deleted: bool) -> None:
        """Notes a write."""
        self.revs.setdefault(doc_id, []).append((rev, parent))
        if deleted:
            self.tombs.add(rev)
        self.seen["written"] += 1


class Writer:
    """One client: reads a document, thinks for a moment, and writes on what it read, or on what is long past."""

    def __init__(self, client: httpx.AsyncClient, history: History, name: int, dice: random.Random) -> None:
        self._client = client
        self._history = history
        self._name = name
        self._dice = dice
        self._known: dict[str, str] = {}

    async def write(self, doc_id: str) -> None:
        """One write of one document, in one of the ways that there are."""
        if self._dice.random() < 0.8 or doc_id not in self._known:
            await self._read(doc_id)
        for _ in range(self._dice.randrange(3)):
            await asyncio.sleep(0)
        rev, way = self._known.get(doc_id, ""), self._dice.random()
        if way < 0.1 and rev:
            answer = await self._client.delete(f"{BASE}/{doc_id}", headers={"If-Match": rev})
            self._heard(doc_id, answer, answer.json())
        elif way < 0.4:
            body = {"docs": [{"_id": doc_id, "by": self._name, **({"_rev": rev} if rev else {})}]}
            answer = await self._client.post(f"{BASE}/_bulk_docs", json=body)
            self._heard(doc_id, answer, answer.json()[0])
        else:
            named = {"_id": doc_id, "_rev": rev} if rev else {}
            answer = await self._client.put(f"{BASE}/{doc_id}", json={**named, "by": self._name, "n": way})
            self._heard(doc_id, answer, answer.json())

    async def _read(self, doc_id: str) -> None:
        answer = await self._client.get(f"{BASE}/{doc_id}")
        self._known[doc_id] = answer.json()["_rev"] if answer.status_code == 200 else ""

    def _heard(self, doc_id: str, answer: httpx.Response, said: dict[str, Any]) -> None:
        if said.get("ok"):
            parent = "" if self._known.get(doc_id, "") in self._history.tombs else self._known.get(doc_id, "")
            self._history.acknowledged(doc_id, said["rev"], parent, "deleted" in said)
            self._known[doc_id] = said["rev"]
        elif said.get("error") in ("conflict", "not_found"):
            self._history.seen[said["error"]] += 1
        else:
            self._history.seen[f"odd: {answer.status_code} {answer.text[:200]}"] += 1


async def follow(client: httpx.AsyncClient, done: asyncio.Event, step: int) -> tuple[dict[str, str], list[str]]:
    """Follows the feed until nothing more can come; each document's last revision, and what was wrong on the way."""
    since, last, wrong = "0", dict[str, str](), list[str]()
    while True:
        ended = done.is_set()
        page = (await client.get(f"{BASE}/_changes", params={"since": since, "limit": str(step)})).json()
        numbers = [int(line["seq"].partition("-")[0]) for line in page["results"]]
        if numbers != sorted(set(numbers)) or (numbers and numbers[0] <= int(since.partition("-")[0])):
            wrong.append(f"after {since} the feed gave {numbers}")
        last |= {line["id"]: line["changes"][0]["rev"] for line in page["results"]}
        since = page["last_seq"]
        if ended and not page["results"]:
            return last, wrong
        await asyncio.sleep(0)


async def race(client: httpx.AsyncClient, clients: int, writes: int, seed: int) -> tuple[list[str], Counter[str]]:
    """Lets `clients` write `writes` times each; answers what was wrong, and what was answered how often."""
    names = [f"d{number}" for number in range(max(3, clients * writes // LINE + 1))]
    await client.put(f"{BASE}/")
    history, done = History(), asyncio.Event()
    followers = [asyncio.create_task(follow(client, done, step)) for step in (1, 3, 500)]

    async def work(number: int) -> None:
        dice = random.Random(f"{seed}/{number}")
        writer = Writer(client, history, number, dice)
        for _ in range(writes):
            await writer.write(dice.choice(names))

    await asyncio.gather(*(work(number) for number in range(clients)))
    closing = Writer(client, history, -1, random.Random(seed))
    for name in names:  # a deleted document shows no line
        while (await client.get(f"{BASE}/{name}")).status_code != 200:
            await closing.write(name)
    done.set()
    followed = await asyncio.gather(*followers)
    wrong = [line for name in names for line in await _judged(client, name, history)]
    final = {name: (await client.get(f"{BASE}/{name}")).json()["_rev"] for name in names}
    for last, odd in followed:
        wrong += odd
        wrong += [
            f"{name}: the feed ends at {last.get(name)}, not {rev}"
            for name, rev in final.items()
            if last.get(name) != rev
        ]
    wrong += [said for said in history.seen if said.startswith("odd")]
    return wrong, history.seen


async def _judged(client: httpx.AsyncClient, name: str, history: History) -> list[str]:
    """What is wrong with the line of one document."""
    line = (await client.get(f"{BASE}/{name}", params={"revs": "true"})).json()["_revisions"]
    revs = [f"{line['start'] - back}-{digest}" for back, digest in enumerate(line["ids"])]
    parents = dict(zip(revs, [*revs[1:], ""], strict=True))
    given = history.revs.get(name, [])
    wrong = [f"{name}: {rev} was given twice" for rev, times in Counter(rev for rev, _ in given).items() if times > 1]
    for rev, asked in given:
        if rev not in parents:
            wrong.append(f"{name}: {rev} was acknowledged and is lost")
        elif (parents[rev] if parents[rev] not in history.tombs else "") != asked:
            wrong.append(f"{name}: {rev} was written on {parents[rev]}, and asked for on {asked or 'nothing'}")
    kept = parents.keys() - {rev for rev, _ in given}
    return wrong + [f"{name}: {rev} was kept and not acknowledged" for rev in kept]


@contextlib.asynccontextmanager
async def client_of(args: argparse.Namespace) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the server that was named, or of one made for this."""
    if args.address:
        headers = {"Host": args.domain, "Authorization": f"Bearer {args.token}"}
        limits = httpx.Limits(max_connections=args.clients + 4)
        async with httpx.AsyncClient(base_url=args.address, headers=headers, limits=limits, timeout=60) as client:
            yield client
        return
    with tempfile.TemporaryDirectory(prefix="alcove-writers-") as home:
        async with front(home=Path(home), store=args.store) as entry:
            await entry.instance()
            async with entry.client(scope=DOCTYPE) as client:
                yield client


async def run(args: argparse.Namespace) -> tuple[list[str], Counter[str]]:
    """The race that the arguments ask for."""
    async with client_of(args) as client:
        return await race(client, args.clients, args.writes, args.seed)


def arguments(*given: str) -> argparse.Namespace:
    """What the command is told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--writes", type=int, default=400, help="of each client")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=["sqlite", "memory"], default="sqlite")
    parser.add_argument("--address", default="", help="of a server that runs, with --domain and --token")
    parser.add_argument("--domain", default="")
    parser.add_argument("--token", default="")
    return parser.parse_args(given)


def main() -> int:
    """The command."""
    wrong, seen = asyncio.run(run(arguments(*sys.argv[1:])))
    sys.stdout.write("".join(f"{line}\n" for line in wrong))
    sys.stdout.write(f"{dict(seen)}: {len(wrong)} things wrong\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
