"""Files that say they are enormous, or become it when they are unpacked: they are kept, and nothing else happens."""

from __future__ import annotations

import io
import struct
import zipfile
from email.message import EmailMessage
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from alcove.documents import Followers
from alcove.files.service import texts, thumbnails
from alcove.files.testing import HEIC
from alcove.files.tests.test_thumbnails import bomb
from alcove.instances import Instances
from alcove.server.testing import front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from alcove.server.testing import Front

LONG = 60_000
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _written(kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (16, 16), "red").save(written, kind)
    return written.getvalue()


def jpeg() -> bytes:
    """A JPEG whose frame says that it is as long and as high as that."""
    content = bytearray(_written("JPEG"))
    place = content.index(b"\xff\xc0")
    content[place + 5 : place + 9] = struct.pack(">HH", LONG, LONG)
    return bytes(content)


def webp() -> bytes:
    """A WebP whose canvas does."""
    image = _written("WEBP")[12:]
    canvas = struct.pack("<I", 0) + (LONG - 1).to_bytes(3, "little") * 2
    body = b"WEBP" + b"VP8X" + struct.pack("<I", len(canvas)) + canvas + image
    return b"RIFF" + struct.pack("<I", len(body)) + body


def heic() -> bytes:
    """A picture of a phone whose grid and sizes do."""
    content = bytearray(HEIC)
    place = content.index(b"ispe")
    while place > 0:
        content[place + 8 : place + 16] = struct.pack(">II", LONG, LONG)
        place = content.find(b"ispe", place + 1)
    return bytes(content)


def gif() -> bytes:
    """A GIF whose screen and frame do."""
    content = bytearray(_written("GIF"))
    content[6:10] = struct.pack("<HH", LONG, LONG)
    place = content.index(b",", 13)
    content[place + 5 : place + 9] = struct.pack("<HH", LONG, LONG)
    return bytes(content)


PICTURES = {"png": bomb(LONG, LONG), "jpg": jpeg(), "webp": webp(), "heic": heic(), "gif": gif()}


def package(parts: Mapping[str, str], large: str, mark: str) -> bytes:
    """A ZIP of a few hundred kilobytes: these entries, and one that unpacks to 160 MiB between two tags."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open(large, "w", force_zip64=True) as entry:
            entry.write(f"<{mark}>".encode())
            for _ in range(160):
                entry.write(b" " * (1 << 20))
            entry.write(f"</{mark}>".encode())
    packed = written.getvalue()
    assert len(packed) < 2 << 20
    return packed


def docx() -> bytes:
    return package({"[Content_Types].xml": "<Types/>"}, "word/document.xml", f'w:document xmlns:w="{W}"')


def nested() -> bytes:
    """An archive of an archive of a document that is one."""
    held = docx()
    for name in ("inner.docx", "outer.zip"):
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for number in range(3):
                archive.writestr(f"{number} {name}", held)
        held = written.getvalue()
    return held


def mail() -> bytes:
    """A mail that brings one along."""
    message = EmailMessage()
    message["Subject"], message["From"] = "marmotte", "a@example.org"
    message.set_content("Voici.")
    message.add_attachment(docx(), maintype="application", subtype="octet-stream", filename="d.docx")
    return message.as_bytes()


PACKED: dict[str, Callable[[], bytes]] = {
    "a.docx": docx,
    "a.xlsx": lambda: package(
        {"xl/workbook.xml": f'<workbook xmlns="{S}"/>'}, "xl/sharedStrings.xml", f'sst xmlns="{S}"'
    ),
    "a.odt": lambda: package({"mimetype": "application/vnd.oasis.opendocument.text"}, "content.xml", "office"),
    "a.epub": lambda: package({"META-INF/container.xml": "<c/>"}, "a.html", "p"),
}


@pytest.fixture
async def house() -> AsyncIterator[Front]:
    async with front(confinement="degraded") as entry:
        await entry.instance()
        yield entry


async def upload(house: Front, name: str, content: bytes) -> str:
    """The id of a new file, once everything that looks into files has come to it."""
    async with house.client(scope="io.cozy.files") as client:
        answer = await client.post("/files/", params={"Type": "file", "Name": name}, content=content)
        assert answer.status_code == 201, answer.text
        tenant = house.house.need(Instances).by_domain("alice.example").key
        for follower in ("search", thumbnails.NAME, texts.NAME):
            await house.house.need(Followers).settle(tenant, follower)
        return str(answer.json()["data"]["id"])


async def found(house: Front, words: str) -> list[str]:
    """The titles of the files that are found by these words."""
    async with house.client(scope="io.cozy.files") as client:
        hits = (await client.get("/search", params={"q": words})).json()["data"]
        return [hit["attributes"]["title"] for hit in hits]


@pytest.mark.slow("starts confined processes")
@pytest.mark.parametrize("kind", PICTURES)
async def test_a_picture_that_says_it_is_enormous(house: Front, kind: str) -> None:
    made = await upload(house, f"a.{kind}", PICTURES[kind])
    async with house.client(scope="io.cozy.files") as client:
        told = (await client.get(f"/files/{made}")).json()["data"]
        tiny = await client.get(told["links"]["tiny"])
        # A JPEG is decoded eight times smaller than it says it is, and what it leaves out is grey.
        assert kind == "jpg" or tiny.headers["alcove-thumbnail"].startswith("none; it ")
        assert len(tiny.content) < 10_000
        assert (await client.get(f"/files/download/{made}")).content == PICTURES[kind]
        good = await upload(house, "good.png", _written("PNG"))
        tiny = (await client.get(f"/files/{good}")).json()["data"]["links"]["tiny"]
        assert (await client.get(tiny)).headers["content-type"] == "image/jpeg"


@pytest.mark.slow("starts confined processes, which unpack much")
@pytest.mark.parametrize("name", PACKED)
async def test_a_document_that_unpacks_to_much_is_found_by_its_name_alone(house: Front, name: str) -> None:
    await upload(house, f"marmotte {name}", PACKED[name]())
    await upload(house, "b.txt", b"un castor")
    assert await found(house, "marmotte") == [f"marmotte {name}"]
    assert await found(house, "castor") == ["b.txt"]


@pytest.mark.slow("starts confined processes, which unpack much")
async def test_what_hides_in_a_mail_does_not_take_the_mail_along(house: Front) -> None:
    await upload(house, "a.eml", mail())
    assert await found(house, "marmotte") == ["a.eml"]


@pytest.mark.slow("writes much")
async def test_an_archive_of_archives_is_not_opened(house: Front) -> None:
    await upload(house, "marmotte.zip", nested())
    assert await found(house, "marmotte") == ["marmotte.zip"]
