"""How soon files are found by their text when many come at once: a whole house on a disk.

python dev/texts_bench.py FOLDER [--files 200]

The files are those of a folder, of each kind of name as many, each with bytes of its own; eight uploads at a time.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.documents import Followers
from alcove.files.service import texts, thumbnails
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from alcove.server.testing import Front

AT_ONCE = 8
LARGEST = 4 << 20
"""Bytes of a file that is taken."""


def documents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Names and bytes without end: kind by kind, then from the start again."""
    kinds: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and 0 < path.stat().st_size <= LARGEST:
            kinds[path.suffix].append(path)
    turns = [itertools.cycle(paths) for _, paths in sorted(kinds.items())]
    for number, paths in enumerate(itertools.cycle(turns)):
        path = next(paths)
        # After the end of a PDF, and as a last line of a text: no two files have the same bytes.
        yield f"{number} {path.name}", path.read_bytes() + f"\n% marke{number:05}\n".encode()


async def upload(client: httpx.AsyncClient, files: Iterator[tuple[str, bytes]]) -> None:
    """Uploads what nobody else took, one after the other."""
    for name, content in files:
        answer = await client.post(
            "/files/io.cozy.files.root-dir", params={"Type": "file", "Name": name}, content=content
        )
        answer.raise_for_status()


async def found(client: httpx.AsyncClient, count: int) -> int:
    """How many are found by the last word of their text."""
    hits = [(await client.get("/search", params={"q": f"marke{number:05}"})).json() for number in range(count)]
    return sum(bool(hit["data"]) for hit in hits)


async def measure(house: Front, folder: Path, count: int) -> None:
    """Uploads, waits until all were looked into, and says how long that took."""
    await house.instance()
    tenant = house.house.need(Instances).by_domain("alice.example").key
    files = itertools.islice(documents(folder), count)
    async with house.client(scope="io.cozy.files") as client:
        begin = time.perf_counter()
        await asyncio.gather(*(upload(client, files) for _ in range(AT_ONCE)))
        uploaded = time.perf_counter()
        for name in ("search", texts.NAME):
            await house.house.need(Followers).settle(tenant, name)
        await house.house.need(texts.Texts).settle()
        read = time.perf_counter()
        await house.house.need(Followers).settle(tenant, thumbnails.NAME)
        drawn = time.perf_counter()
        sys.stdout.write(
            f"{count} files in {uploaded - begin:.1f} s; the last text is found {read - uploaded:.1f} s later, "
            f"the last thumbnail is drawn {drawn - uploaded:.1f} s later; "
            f"{await found(client, count)} are found by their last word\n"
        )


async def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=200)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="alcove-texts-") as home:
        async with front(home=Path(home), store="sqlite", blobs="local", apps=home) as house:
            await measure(house, args.folder, args.files)


if __name__ == "__main__":
    asyncio.run(main())
