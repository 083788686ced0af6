"""With a mirror, a house looks after its bytes by itself: new ones are copied, and what a disk changed is mended."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.documents import Followers
from alcove.files import Scrub
from alcove.files.upkeep import MIRROR
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alcove.files import Report
    from alcove.server.testing import Front

CONTENT = b"what is kept twice " * 1000


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Front]:
    """A house on a disk with a mirror, whose hours are short."""
    monkeypatch.setattr("alcove.files.upkeep.HOUR", 0.01)
    home, mirror = tmp_path / "home", tmp_path / "mirror"
    home.mkdir()
    mirror.mkdir()
    async with front(home=home, store="sqlite", blobs="local", mirror=str(mirror)) as entry:
        await entry.instance()
        yield entry


async def upload(house: Front) -> str:
    """The id of a new file, once the mirror has it."""
    async with house.client(scope="io.cozy.files") as client:
        answer = await client.post("/files/?Type=file&Name=a.bin", content=CONTENT)
        tenant = house.house.need(Instances).by_domain("alice.example").key
        await house.house.need(Followers).settle(tenant, MIRROR)
        return str(answer.json()["data"]["id"])


async def scrubbed(house: Front, wanted: Callable[[Report], bool]) -> Report:
    """The report of the hourly scrub, once it says this."""
    tenant = house.house.need(Instances).by_domain("alice.example").key
    reports = house.house.need(Scrub).reports
    async with asyncio.timeout(20):
        while not wanted(report := await reports.get(tenant)):  # noqa: ASYNC110 - another task does it and tells nobody
            await asyncio.sleep(0.01)
    return report


def blob(place: Path) -> Path:
    """The file that holds these bytes, or did: it is as long as they are."""
    found = [path for path in place.rglob("*") if path.is_file() and path.stat().st_size == len(CONTENT)]
    (one,) = [path for path in found if not {"damaged", "drawing"} & set(path.parts)]
    return one


def flip(path: Path) -> None:
    """Changes one bit on the disk."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


async def test_new_bytes_are_in_the_mirror(house: Front, tmp_path: Path) -> None:
    await upload(house)
    copy = blob(tmp_path / "mirror")
    assert copy.read_bytes() == CONTENT


@pytest.mark.slow("waits for work in the background")
async def test_a_bit_that_flips_is_mended_without_anybody_asking(house: Front, tmp_path: Path) -> None:
    made = await upload(house)
    await scrubbed(house, lambda report: bool(report.ended))
    kept = blob(tmp_path / "home")
    flip(kept)
    house.clock.pass_time(days=31)
    report = await scrubbed(house, lambda report: report.mended > 0 and bool(report.ended))
    assert (report.files, report.damaged, report.mended) == (1, 1, 1)
    assert blob(tmp_path / "home").read_bytes() == CONTENT
    async with house.client(scope="io.cozy.files") as client:
        assert (await client.get(f"/files/download/{made}")).content == CONTENT


@pytest.mark.slow("waits for work in the background")
async def test_what_the_mirror_lost_is_brought_there_again(house: Front, tmp_path: Path) -> None:
    await upload(house)
    await scrubbed(house, lambda report: bool(report.ended))
    copy = blob(tmp_path / "mirror")
    copy.unlink()
    house.clock.pass_time(days=31)
    await scrubbed(house, lambda report: report.copied == 1 and bool(report.ended))
    copy = blob(tmp_path / "mirror")
    assert copy.read_bytes() == CONTENT


@pytest.mark.slow("waits for work in the background")
async def test_who_opens_a_file_before_the_scrub_gets_its_bytes_all_the_same(house: Front, tmp_path: Path) -> None:
    made = await upload(house)
    kept = blob(tmp_path / "home")
    flip(kept)
    async with house.client(scope="io.cozy.files") as client:
        assert (await client.get(f"/files/download/{made}")).content == CONTENT
