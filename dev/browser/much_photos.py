"""Pictures of twelve years, to be measured: documents with their bytes and thumbnails, written without being drawn.

Drawing twenty thousand would take hours and is not what is measured: some hundred pictures are drawn once, and each
file's bytes and thumbnails are second names of one of them.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import random
import re
import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from PIL import Image
from playwright.sync_api import expect

from alcove.base.ids import new_id
from alcove.documents import Documents
from alcove.files import FILES, ROOT
from alcove.files.model.thumbnails import drawn, thumbnails_of
from alcove.files.shrinker import thumbnails
from alcove.instances import Instances
from alcove.server.testing import front
from browser.measuring import Subject, click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from alcove.documents import Tx
    from browser.measuring import Act
    from browser.server import Person, Server

NAME = "pictured"
LIST = "[role=listbox]"
TILE = f"{LIST} [role=option]"
PICTURES = 120
"""Pictures that differ."""
YEARS, BEGIN = 12, datetime(2014, 5, 1, 7, tzinfo=UTC)
UNIT = 1000
ALBUM = "/Album"


def picture(dice: random.Random) -> bytes:
    """A JPEG with about as much in it as a photograph."""
    coarse = Image.frombytes("RGB", (24, 18), dice.randbytes(24 * 18 * 3))
    image = coarse.resize((1280, 960), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((1280, 960), 24).convert("RGB")
    kept = io.BytesIO()
    Image.blend(image, grain, 0.12).save(kept, "JPEG", quality=80)
    return kept.getvalue()


def moments(dice: random.Random, count: int) -> Iterator[datetime]:
    """When pictures are taken: many on some days, none on most."""
    spans = [dice.random() ** 4 for _ in range(count)]
    unit = timedelta(days=365 * YEARS) / sum(spans)
    at = BEGIN
    for span in spans:
        at += unit * span
        yield at


class Album:
    """The bytes of pictures and of their thumbnails, and the files that have them."""

    def __init__(self, blobs: Path, dice: random.Random) -> None:
        self._blobs = blobs
        self._kept: list[tuple[bytes, str, str]] = []
        for _ in range(PICTURES):
            content, blob = picture(dice), new_id()
            self._write(blob, content)
            small = thumbnails(Image.open(io.BytesIO(content)))
            self._write(thumbnails_of(blob), drawn(dict(sorted(small, key=lambda one: one[0]))))
            self._kept.append((content, blob, hashlib.sha256(content).hexdigest()))

    def _path(self, blob: str) -> Path:
        path = self._blobs / blob[:2] / blob
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _write(self, blob: str, content: bytes) -> None:
        self._path(blob).write_bytes(content)

    def file(self, number: int, taken: datetime, folder: str) -> dict[str, Any]:
        """The document of one, whose bytes are there when this returns."""
        content, source, sha256 = self._kept[number % PICTURES]
        blob, stamp = new_id(), taken.strftime("%Y-%m-%dT%H:%M:%SZ")
        os.link(self._path(source), self._path(blob))
        os.link(self._path(thumbnails_of(source)), self._path(thumbnails_of(blob)))
        shown = {"datetime": stamp, "width": 1280, "height": 960, "extractor_version": 2}
        if number % 3:
            shown["gps"] = {"lat": 48.85 + number % 97 / 50, "long": 2.35 + number % 89 / 50}
        return {
            "internal_vfs_id": f"{blob}.{sha256}",
            "type": "file",
            "name": f"IMG_{number:05}.jpg",
            "dir_id": folder,
            "mime": "image/jpeg",
            "class": "image",
            "size": str(len(content)),
            "md5sum": b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "created_at": stamp,
            "updated_at": stamp,
            "executable": False,
            "encrypted": False,
            "trashed": False,
            "metadata": shown,
        }


async def written(home: Path, domain: str, count: int) -> None:
    """Writes that many pictures into a data folder that no server uses."""
    dice = random.Random(7)
    async with front(home=home, store="sqlite", blobs="local", apps=str(home)) as house:
        key = house.house.need(Instances).by_domain(domain).key
        documents, folder = house.house.need(Documents), new_id()
        album = Album(home / "instances" / key / "blobs", dice)
        taken = list(enumerate(moments(dice, count)))

        async def make_folder(tx: Tx) -> None:
            times = {"created_at": "2014-01-01T00:00:00Z", "updated_at": "2014-01-01T00:00:00Z"}
            fields = {"type": "directory", "name": ALBUM[1:], "dir_id": ROOT, "path": ALBUM, **times}
            await tx.put(FILES, folder, fields)

        await documents.work(key, make_folder)
        for first in range(0, count, UNIT):

            async def unit(tx: Tx, first: int = first) -> None:
                for number, at in taken[first : first + UNIT]:
                    await tx.put(FILES, new_id(), album.file(number, at, folder))

            await documents.work(key, unit)


def fill(server: Server, count: int) -> Person:
    """The person with that many pictures, made unless they are there from another time."""
    domain = f"{NAME}.localhost:{server.port}"
    if domain in {record["domain"] for record in server.operator.instances()}:
        return server.known(domain)
    server.person(NAME)
    server.stop()
    begun = time.perf_counter()
    asyncio.run(written(server.home, domain, count))
    print(f"{count} pictures written in {time.perf_counter() - begun:.0f} s")
    server.start()
    return server.known(domain)


def active(page: Page, name: str) -> None:
    """Waits until the keyboard is at a picture in sight."""
    expect(page.locator(f"{TILE}[data-active]")).to_have_attribute("aria-label", re.compile(name))


ACTS: dict[str, Act] = {
    "next by key": (lambda page: page.locator(LIST).press("ArrowRight"), lambda page: active(page, "IMG")),
    "a row down": (lambda page: page.keyboard.press("ArrowDown"), lambda page: active(page, "IMG")),
    "end": (lambda page: page.keyboard.press("End"), lambda page: active(page, "IMG_00000")),
    "home": (lambda page: page.keyboard.press("Home"), lambda page: active(page, r"IMG_\d{4}[1-9]")),
    "select": (lambda page: page.keyboard.press(" "), lambda page: page.get_by_text("1 sélectionnée").wait_for()),
    "none": (
        lambda page: page.keyboard.press("Escape"),
        lambda page: page.get_by_text("1 sélectionnée").wait_for(state="detached"),
    ),
    "open": (lambda page: page.keyboard.press("Enter"), lambda page: page.get_by_role("dialog").wait_for()),
    "next picture": (
        lambda page: page.keyboard.press("ArrowRight"),
        lambda page: page.locator("[role=dialog] img").first.wait_for(),
    ),
    "close": (
        lambda page: page.keyboard.press("Escape"),
        lambda page: page.get_by_role("dialog").wait_for(state="detached"),
    ),
    "by place": (
        lambda page: click(page.get_by_role("button", name="Lieux")),
        lambda page: page.get_by_role("button", name="images ici").first.wait_for(),
    ),
    "by day": (
        lambda page: click(page.get_by_role("button", name="Jours")),
        lambda page: page.locator(TILE).first.wait_for(),
    ),
}
PHOTOS = Subject("files", fill, LIST, f"{TILE} img[data-there]", ACTS, rest="?show=photos", pictured="[role=option]")
