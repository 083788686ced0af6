"""What a tree of files costs as it grows: `python dev/files_bench.py [1000 10000 100000 1000000]`.

Each size is measured in a process of its own, on files of this machine and through the front door. A tenth of the files
lie in one folder, the rest a hundred to a folder. Prints milliseconds of the processor for each operation as the
section of `docs/growth.md` that tells of them.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from growth_bench import FILES as HEADING
from growth_bench import settled, timed

from alcove.base.ids import new_id
from alcove.documents import Documents
from alcove.files import FILES, ROOT, Files
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    import httpx

    from alcove.documents import Tx

DOMAIN = "alice.example"
UNIT, FOLDER = 1000, 100
ABOUT = """Milliseconds of the processor for one operation through the front door (`python dev/files_bench.py`). A tenth
of the files lie in one folder."""
STAMP = "2026-01-02T03:04:05Z"


def file(name: str, dir_id: str) -> dict[str, Any]:
    """A file's document. Its bytes are nowhere: nobody asks for them here."""
    blob = f"{new_id()}.{'0' * 64}"
    times = {"created_at": STAMP, "updated_at": STAMP}
    # Of a class that nobody looks into: there are no bytes to be found.
    kind = {
        "type": "file",
        "mime": "application/zip",
        "class": "zip",
        "size": "5",
        "md5sum": "XUFAKrxLKna5cZ2REBfFkg==",
    }
    place = {"internal_vfs_id": blob, "name": name, "dir_id": dir_id}
    return {**place, **kind, **times, "executable": False, "encrypted": False, "trashed": False}


async def fill(house: Front, count: int) -> tuple[str, list[str]]:
    """Makes that many files; the id of the large folder, and those of some files in small ones."""
    instance, files = house.house.need(Instances).by_domain(DOMAIN), house.house.need(Files)
    documents, some = house.house.need(Documents), list[str]()
    large = (await files.create_dir(instance, "large")).id
    small = large
    for first in range(0, count, UNIT):

        async def unit(tx: Tx, first: int = first) -> None:
            nonlocal small
            for number in range(first, min(first + UNIT, count)):
                in_large = number % 10 == 0
                if number % FOLDER == 1:
                    small, times = new_id(), {"created_at": STAMP, "updated_at": STAMP}
                    folder = {"type": "directory", "name": f"d{number}", "dir_id": ROOT, "path": f"/d{number}", **times}
                    await tx.put(FILES, small, folder)
                ident = new_id()
                await tx.put(FILES, ident, file(f"file {number:07}.zip", large if in_large else small))
                if not in_large and len(some) < 10_000:
                    some.append(ident)

        await documents.work(instance.key, unit)
    await settled(house, instance.key)
    return large, some


def operations(client: httpx.AsyncClient, large: str, some: list[str], since: str, count: int) -> Mapping[str, Any]:
    """What is done, by name."""
    dice = random.Random(1)

    def rename() -> Awaitable[httpx.Response]:
        name = {"data": {"attributes": {"name": f"renamed {new_id()}.zip"}}}
        return client.patch(f"/files/{dice.choice(some)}", json=name)

    def upload() -> Awaitable[httpx.Response]:
        return client.post(f"/files/{large}?Type=file&Name={new_id()}", content=b"hello")

    def by_path() -> Awaitable[httpx.Response]:
        number = dice.randrange(count // 10) * 10
        return client.get(f"/files/metadata?Path=/large/file {number:07}.zip")

    def search() -> Awaitable[httpx.Response]:
        return client.get(f"/search?q=file {dice.randrange(count):07}&kinds=files")

    changes = "/files/_changes?include_docs=true&include_file_path=true"
    return {
        "metadata by id": lambda: client.get(f"/files/{dice.choice(some)}"),
        "metadata by path": by_path,
        "the first 100 of the large folder": lambda: client.get(f"/files/{large}?page[limit]=100"),
        "100 from its middle": lambda: client.get(f"/files/{large}?page[limit]=100&page[skip]={count // 20}"),
        "the last changes": lambda: client.get(f"{changes}&since={since}"),
        "the first 1000 changes": lambda: client.get(f"{changes}&limit=1000"),
        "search one by its name": search,
        "search what all are called": lambda: client.get("/search?q=fil&kinds=files"),
        "upload": upload,
        "rename a file": rename,
    }


async def measure(count: int, home: Path) -> dict[str, float]:
    """Milliseconds of the processor of each operation."""
    async with front(home=home, store="sqlite", blobs="memory", apps=str(home)) as house:
        await house.instance(DOMAIN)
        large, some = await fill(house, count)
        tenant = house.house.need(Instances).by_domain(DOMAIN).key
        since = str(max(0, await house.house.need(Documents).last_seq(tenant) - 100))
        found = dict[str, float]()
        async with house.client(DOMAIN, "*") as client:
            for name, ask in operations(client, large, some, since, count).items():
                (await ask()).raise_for_status()
                found[name], _ = await timed(ask, 20 if "1000" in name else 100)
                await settled(house, tenant)
            folder = {"data": {"attributes": {"name": "renamed"}}}
            found["rename the large folder"], _ = await timed(lambda: client.patch(f"/files/{large}", json=folder), 1)
        return found


def main() -> None:
    """Measures each size in a process of its own, and prints them side by side."""
    if "--one" in sys.argv:
        with tempfile.TemporaryDirectory() as home:
            print(json.dumps(asyncio.run(measure(int(sys.argv[-1]), Path(home)))))
        return
    counts = [int(word) for word in sys.argv[1:]] or [1000, 10_000, 100_000, 1_000_000]
    found = dict[int, dict[str, float]]()
    for count in counts:
        command = [sys.executable, __file__, "--one", str(count)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        found[count] = json.loads(said.stdout.splitlines()[-1])
    print(section(found))


def section(found: Mapping[int, Mapping[str, float]]) -> str:
    """The figures of each number of files, side by side."""
    lines = [f"| | {' | '.join(f'{count:,}' for count in found)} |", f"|---|{'---:|' * len(found)}"]
    for name in next(iter(found.values())):
        lines.append(f"| {name} | {' | '.join(f'{row[name]:,.3g}' for row in found.values())} |")
    return f"{HEADING}\n{ABOUT}\n\n" + "\n".join(lines)


if __name__ == "__main__":
    main()
