"""What growing costs: one instance with ever more documents, one process with ever more instances.

python dev/growth_bench.py [--documents 1000,10000,100000,1000000] [--instances 10,500,5000]

Writes docs/growth.svg and docs/growth.md. Each size is measured in a process of its own, on files of this machine, and
through the front door: routing, token and permission are part of what is told.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charts import Panel, chart

from alcove.documents import FOLLOWERS, Documents, Followers
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    import httpx

    from alcove.documents import Tx

DOCTYPE = "org.example.growth"
DOMAIN = "alice.example"
KIND = f"/data/{DOCTYPE}"
UNIT = 500
"""Documents of one commit while an instance is filled."""
CLOCK = " (clock)"
TIMES = 200
"""How often each operation is done."""
TRIED = 200
"""Instances that are opened cold at the most."""
DOCS = Path(__file__).parents[1] / "docs"
OPERATIONS = ("get", "create", "find 50 by index", "the last 100 changes", "_all_docs, 100", "bulk of 500")


def fields(number: int) -> dict[str, Any]:
    """A document of 1 KiB."""
    return {"number": number, "group": f"group-{number // 100}", "text": "x" * 950}


async def fill(house: Front, count: int) -> None:
    """Writes that many documents into the instance."""
    documents, tenant = house.house.need(Documents), house.house.need(Instances).by_domain(DOMAIN).key
    for first in range(0, count, UNIT):

        async def unit(tx: Tx, first: int = first) -> None:
            for number in range(first, min(first + UNIT, count)):
                await tx.put(DOCTYPE, f"{number:08}", fields(number))

        await documents.work(tenant, unit)


async def timed(ask: Callable[[], Awaitable[httpx.Response]], often: int) -> tuple[float, float]:
    """Milliseconds of an operation: those of the processor (the mean of many), those of the clock (the middle)."""
    took, worked = [], time.process_time()
    for _ in range(often):
        begin = time.perf_counter()
        answer = await ask()
        took.append((time.perf_counter() - begin) * 1e3)
        assert answer.status_code < 300, answer.text
    return (time.process_time() - worked) / often * 1e3, statistics.median(took)


async def settled(house: Front, tenant: str) -> None:
    """Waits until nobody reads any more what was written."""
    for name, _ in house.house.registry(FOLLOWERS).items():
        await house.house.need(Followers).settle(tenant, name)


async def with_documents(count: int, home: Path) -> dict[str, float]:
    """The operations on an instance with that many documents, in milliseconds each."""
    dice = random.Random(1)
    async with front(home=home, store="sqlite", blobs="memory", apps=str(home)) as house:
        await house.instance(DOMAIN)
        await fill(house, count)
        async with house.client(DOMAIN, DOCTYPE) as client:
            index = {"index": {"fields": ["group", "number"]}, "ddoc": "by-group", "name": "by-group"}
            (await client.post(f"{KIND}/_index", json=index)).raise_for_status()
            wanted = {"sort": [{"group": "asc"}, {"number": "asc"}], "limit": 50}
            tenant = house.house.need(Instances).by_domain(DOMAIN).key
            since = str(max(0, await house.house.need(Documents).last_seq(tenant) - 100))

            async def get() -> httpx.Response:
                return await client.get(f"{KIND}/{dice.randrange(count):08}")

            async def create() -> httpx.Response:
                return await client.post(f"{KIND}/", json=fields(dice.randrange(count)))

            async def find() -> httpx.Response:
                selector = {"group": f"group-{dice.randrange(count // 100)}", "number": {"$gte": 0}}
                return await client.post(f"{KIND}/_find", json={"selector": selector, **wanted})

            async def changes() -> httpx.Response:
                return await client.get(f"{KIND}/_changes", params={"since": since, "limit": "100"})

            async def all_docs() -> httpx.Response:
                first = json.dumps(f"{dice.randrange(max(1, count - 100)):08}")
                asked = {"include_docs": "true", "limit": "100", "startkey": first}
                return await client.get(f"{KIND}/_all_docs", params=asked)

            async def bulk() -> httpx.Response:
                docs = [fields(dice.randrange(count)) for _ in range(500)]
                return await client.post(f"{KIND}/_bulk_docs", json={"docs": docs})

            verbs = (get, create, find, changes, all_docs, bulk)
            times = (TIMES, TIMES, TIMES, TIMES, TIMES, TIMES // 10)
            await settled(house, tenant)
            found = dict[str, float]()
            for name, verb, often in zip(OPERATIONS, verbs, times, strict=True):
                found[name], found[name + CLOCK] = await timed(verb, often)
                await settled(house, tenant)
            return found


async def making_instances(count: int, home: Path) -> dict[str, float]:
    """Makes that many, one after the other."""
    async with front(home=home, store="sqlite", blobs="memory", apps=str(home)) as house:
        begin = time.perf_counter()
        for number in range(count):
            (await house.operator.post("/instances", params={"Domain": f"p{number}.example"})).raise_for_status()
        return {"making one, ms": (time.perf_counter() - begin) / count * 1e3}


async def with_instances(count: int, home: Path) -> dict[str, float]:
    """A process that starts on that many instances, and uses each of them."""
    names = [f"p{number}.example" for number in range(count)]
    begin = time.perf_counter()
    async with front(home=home, store="sqlite", blobs="memory", apps=str(home)) as house:
        started = (time.perf_counter() - begin) * 1e3
        idle = resident()
        tried = random.Random(1).sample(names, min(TRIED, count))
        cold = [await _look(house, name) for name in tried]
        warm = [await _look(house, name) for name in tried]
        for name in names:
            await _look(house, name)
        return {
            "start, ms": started,
            "first look, ms": statistics.median(cold),
            "next look, ms": statistics.median(warm),
            "after the start, MiB": idle,
            "when all were used, MiB": resident(),
            "open files": float(len(os.listdir("/proc/self/fd"))),
        }


async def _look(house: Front, domain: str) -> float:
    """Milliseconds that an instance takes to tell its settings."""
    async with house.client(domain, "io.cozy.settings") as client:
        begin = time.perf_counter()
        answer = await client.get("/settings/instance")
        took = (time.perf_counter() - begin) * 1e3
    assert answer.status_code == 200
    return took


def resident() -> float:
    """MiB of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


PARTS = {"documents": with_documents, "making": making_instances, "instances": with_instances}


def measure(count: int, *parts: str) -> dict[str, float]:
    """One size: each part in a process of its own, on the same data folder."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="alcove-growth-") as home:
        for part in parts:
            sys.stderr.write(f"{part}: {count}\n")
            command = [sys.executable, __file__, "--part", part, "--count", str(count), "--home", home]
            found |= json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


FILES = "## More files in one instance\n"
"""The heading of what `files_bench.py` measures."""


def page(documents: Mapping[int, Mapping[str, float]], instances: Mapping[int, Mapping[str, float]]) -> str:
    """The page with the figures."""
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, SQLite"
    return f"""# What growing costs

Written by `python dev/growth_bench.py` ({machine}). Everything goes through routes, tokens and permissions, in one
process; each figure is the middle of {TIMES} (for instances of {TRIED}).

![Times, memory and open files, by the number of documents and of instances](growth.svg)

## More documents in one instance

Milliseconds of the processor for one operation, on documents of 1 KiB.

{table("documents", documents, OPERATIONS)}

Milliseconds on the clock, with what the disk takes: writing waits for it.

{table("documents", documents, [name + CLOCK for name in OPERATIONS])}

## More instances in one process

The server is started anew on instances that are there, and each is asked for its settings once.

{table("instances", instances, list(next(iter(instances.values()))))}
"""


def kept(written: Path) -> str:
    """What `files_bench.py` wrote to the page: it is not measured here."""
    _, heading, rest = written.read_text("utf-8").partition(FILES) if written.exists() else ("", "", "")
    return f"\n{heading}{rest}" if heading else ""


def table(what: str, rows: Mapping[int, Mapping[str, float]], names: Sequence[str]) -> str:
    """A table of Markdown, of these columns."""
    heads = [name.removesuffix(CLOCK) for name in names]
    lines = [f"| {' | '.join([what, *heads])} |", f"|{'---:|' * (len(names) + 1)}"]
    lines += [f"| {count:,} | {' | '.join(f'{row[name]:,.3g}' for name in names)} |" for count, row in rows.items()]
    return "\n".join(lines)


def lines(rows: Mapping[int, Mapping[str, float]], names: Sequence[str]) -> dict[str, list[tuple[float, float]]]:
    """The points of some columns."""
    return {name.partition(",")[0]: [(count, row[name]) for count, row in rows.items()] for name in names}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", default="1000,10000,100000,1000000")
    parser.add_argument("--instances", default="10,500,5000")
    parser.add_argument("--out", type=Path, default=DOCS, help="the folder that the page and the picture go to")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=0, help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        sys.stdout.write(json.dumps(asyncio.run(PARTS[args.part](args.count, args.home))))
        return
    documents = {int(count): measure(int(count), "documents") for count in args.documents.split(",")}
    instances = {int(count): measure(int(count), "making", "instances") for count in args.instances.split(",")}
    times = [name for name in next(iter(instances.values())) if name.endswith(", ms")]
    memory = [name for name in next(iter(instances.values())) if name.endswith(", MiB")]
    panels = [
        Panel("Milliseconds of the processor", "documents in one instance", lines(documents, OPERATIONS)),
        Panel("Milliseconds", "instances in one process", lines(instances, times)),
        Panel("Memory in MiB", "instances in one process", lines(instances, memory)),
        Panel("Open files", "instances in one process", lines(instances, ["open files"])),
    ]
    (args.out / "growth.svg").write_text(chart(panels), "utf-8")
    written = args.out / "growth.md"
    written.write_text(page(documents, instances) + kept(written), "utf-8")


if __name__ == "__main__":
    main()
