"""How fast search answers, how fast it takes documents in, and how little others notice: a whole house on a disk.

python dev/search_bench.py [--documents 100000] [--bulk 10000] [--words 300] [--database URL]

Seven of ten documents are files, each with a text of so many words (0: names only), kept as if it had been read.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcove.documents import Documents, Followers
from alcove.files.model.texts import Kept, texts_of, written
from alcove.files.service.texts import Texts
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.documents import Tx

FILES, BILLS, OPERATIONS = "io.cozy.files", "io.cozy.bills", "io.cozy.bank.operations"
NAMES = (
    "Énergie Verte", "Eau du Lac", "Boulangerie Martin", "Supermarché Central", "Pharmacie des Halles", "Télécom Nord",
    "Assurance Le Phare", "Garage du Port", "Librairie Ancienne", "Cinéma Étoile", "Mutuelle Santé", "Crèche Oiseau",
)  # fmt: skip
QUESTIONS = (
    "e", "c", "1", "en", "carte", "carte sup", "energie verte", "supermarche central mars 2024", "45,90", "facture",
    "facture energie 2023", "photo vacances", "reference 77777", "nothing of this kind", "a e i o u", "pdf fac",
    "mot", "mot7", "mot3 mot150", "mot19999", '"mot1 mot2"', "mot4 type:pdf date:2020", "contrats",
    "dans:dossier type:pdf",
)  # fmt: skip
UNIT = 500
MANY = 20_000
"""Words of the language that texts are made of."""


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def document(number: int, dice: random.Random) -> tuple[str, dict[str, Any]]:
    """A document of a household: two operations, one bill and seven files of ten."""
    name = dice.choice(NAMES)
    day = f"20{dice.randrange(15, 26)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
    amount = dice.randrange(100, 40000) / 100
    if number % 10 < 2:
        label = {"label": f"Carte {name}", "originalBankLabel": f"PAIEMENT CARTE {name.upper()} REFERENCE {number}"}
        return OPERATIONS, {**label, "amount": -amount, "date": day, "currency": "EUR", "account": "a"}
    if number % 10 == 2:
        return BILLS, {"vendor": name, "amount": amount, "date": day, "vendorRef": f"F{number}", "currency": "EUR"}
    what = dice.choice(("facture", "photo vacances", "contrat", "relevé"))
    made = {"internal_vfs_id": f"{number:08x}.{number:064x}", "mime": "application/pdf"}
    file = {**made, "type": "file", "name": f"{what} {name} {number}.pdf", "dir_id": f"folder-{number % 200}"}
    return FILES, {**file, "updated_at": f"{day}T00:00:00Z", "trashed": False, "class": "pdf", "size": "1"}


def text(words: int, dice: random.Random) -> str:
    """A text whose words come as often as those of a language do."""
    return " ".join(f"mot{min(int(dice.paretovariate(0.6)), MANY)}" for _ in range(words))


async def fill(house: Front, tenant: str, start: int, count: int, dice: random.Random, words: int) -> None:
    """Writes documents, some hundred with one commit, and the texts of files."""
    blobs = house.house.need(Texts)._blobs
    for first in range(start, start + count, UNIT):
        for number in range(first, min(first + UNIT, start + count)) if words else ():
            content = written(Kept(text(words, dice)))
            await blobs.write(tenant, _once(content), name=texts_of(f"{number:08x}"))
        some = [(str(number), *document(number, dice)) for number in range(first, min(first + UNIT, start + count))]

        async def unit(tx: Tx, some: list[tuple[str, str, dict[str, Any]]] = some) -> None:
            for ident, doctype, fields in some:
                await tx.put(doctype, ident, fields)

        await house.house.need(Documents).work(tenant, unit)


async def folders(house: Front, tenant: str) -> None:
    """The folders that the files lie in."""

    async def unit(tx: Tx) -> None:
        for number in range(200):
            path = {"name": f"Dossier {number}", "path": f"/Administratif/Dossier {number}"}
            fields = {"type": "directory", "dir_id": "io.cozy.files.root-dir", **path}
            await tx.put(FILES, f"folder-{number}", fields)

    await house.house.need(Documents).work(tenant, unit)


class Pulse:
    """Asks for a document again and again: how long others wait meanwhile."""

    def __init__(self, house: Front) -> None:
        self._house = house
        self.waited: list[float] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        async with self._house.client(scope="io.cozy.settings") as client:
            while True:
                begin = time.perf_counter()
                answer = await client.get("/data/io.cozy.settings/io.cozy.settings.instance")
                self.waited.append(time.perf_counter() - begin)
                assert answer.status_code in (200, 404)
                await asyncio.sleep(0.005)

    def said(self) -> str:
        """The middle, the 99th of a hundred, and the longest."""
        waited = sorted(self.waited) or [0.0]
        middle, late = waited[len(waited) // 2], waited[len(waited) * 99 // 100]
        return (
            f"a request of others takes {middle * 1e3:.1f} ms, p99 {late * 1e3:.1f}, at the most {waited[-1] * 1e3:.1f}"
        )


def rss() -> float:
    """MiB of memory that this process had at the most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def measured(house: Front, what: str, count: int, work: Any) -> None:
    """Does something while others ask, and says how long it took."""
    pulse = Pulse(house)
    asking = asyncio.create_task(pulse.run())
    begin, busy = time.perf_counter(), time.process_time()
    await work
    took, busy = time.perf_counter() - begin, time.process_time() - busy
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    sys.stdout.write(
        f"{what}: {took:.1f} s ({busy:.1f} s of a core), {count / took:.0f} documents a second; {pulse.said()}\n"
    )


async def questions(house: Front) -> None:
    """Asks each question some times through the front door."""
    async with house.client(scope=f"{FILES} {BILLS} {OPERATIONS}") as client:
        for text in QUESTIONS:
            took = []
            for _ in range(7):
                begin = time.perf_counter()
                answer = await client.get("/search", params={"q": text})
                took.append(time.perf_counter() - begin)
            meta = answer.json()["meta"]
            assert meta["complete"]
            took.sort()
            times = f"{took[3] * 1e3:6.1f} ms, at the most {took[-1] * 1e3:6.1f}"
            sys.stdout.write(f"{text!r:34} {meta['count']:3} hits in {times}\n")


def lose(home: Path) -> None:
    """Removes the index, and says how large it was."""
    for name in ("documents.db", "search.db"):
        (file,) = home.glob(f"instances/*/{name}")
        sys.stdout.write(f"{name}: {file.stat().st_size / (1 << 20):.1f} MiB\n")
    file.unlink()


async def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--bulk", type=int, default=10_000)
    parser.add_argument("--words", type=int, default=300)
    parser.add_argument("--database", default="")
    args = parser.parse_args()
    dice = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="alcove-search-") as folder:
        home = Path(folder)
        async with front(home=home, store="sqlite", blobs="local", apps=folder, database=args.database) as house:
            await house.instance()
            tenant = house.house.need(Instances).by_domain("alice.example").key
            await folders(house, tenant)
            await house.house.need(Followers).settle(tenant, "search")
            await fill(house, tenant, 0, args.documents, dice, args.words)
            settled = house.house.need(Followers).settle(tenant, "search")
            await measured(house, f"the rest of {args.documents} documents into the index", args.documents, settled)
            await questions(house)

            async def bulk() -> None:
                await fill(house, tenant, args.documents, args.bulk, dice, args.words)
                await house.house.need(Followers).settle(tenant, "search")

            await measured(house, f"{args.bulk} more, written and found", args.bulk, bulk())
        lose(home)
        async with front(home=home, store="sqlite", blobs="local", apps=folder, database=args.database) as house:
            tenant = house.house.need(Instances).by_domain("alice.example").key

            async def anew() -> None:
                async with house.client(scope=f"{FILES}") as client:
                    while not (await client.get("/search", params={"q": "x"})).json()["meta"]["complete"]:
                        pass

            await measured(house, "a lost index made anew", args.documents + args.bulk, anew())
    sys.stdout.write(f"at the most {rss():.0f} MiB, with everything in one process\n")


if __name__ == "__main__":
    asyncio.run(main())
