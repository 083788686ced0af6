"""Thumbnails: drawn from every kind of picture, refused with a reason, told of, and gone with the bytes they show."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from alcove.base.confined import Cause, Confinement, Ending, Level, Limits
from alcove.files import shrinker
from alcove.files.model.thumbnails import THUMBNAILS, TRIES, Drawn, drawn, read_drawn, thumbnails_of, undrawn
from alcove.files.service import thumbnails as service
from alcove.files.testing import HEIC, LATER, parts_of

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.files.tests.conftest import Door

SIZES = {"tiny": (96, 72), "small": (640, 480), "medium": (960, 720), "large": (1440, 1080)}


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **more: Any) -> bytes:
    """Red on the left, green on the right."""
    image = Image.new("RGB", size, (0, 160, 0))
    image.paste((200, 0, 0), (0, 0, size[0] // 2, size[1]))
    written = io.BytesIO()
    image.convert(mode).save(written, kind, **more)
    return written.getvalue()


def pdf(width: int = 200, height: int = 100) -> bytes:
    """One page, blank."""
    written = io.BytesIO()
    Image.new("RGB", (width, height), "white").save(written, "PDF")
    return written.getvalue()


def reddish(image: Image.Image, x: float, y: float) -> bool:
    point = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
    assert isinstance(point, tuple)
    return point[0] > point[1]


def shrunk(path: Path, content: bytes) -> dict[str, Image.Image]:
    """The thumbnails by size, drawn in this process: these pictures are our own."""
    path.write_bytes(content)
    return {name: Image.open(io.BytesIO(jpeg)) for name, jpeg in shrinker.thumbnails(shrinker.opened(str(path)))}


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    return tmp_path / "picture"


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("JPEG", "L"),
        ("PNG", "RGB"),
        ("PNG", "RGBA"),
        ("PNG", "P"),
        ("PNG", "1"),
        ("PNG", "I;16"),
        ("WEBP", "RGB"),
        ("GIF", "P"),
        ("BMP", "RGB"),
        ("TIFF", "RGB"),
        ("AVIF", "RGB"),
    ],
)
def test_kinds_and_colours(beside: Path, kind: str, mode: str) -> None:
    content = picture(kind, mode="L") if mode == "I;16" else picture(kind, mode=mode)
    if mode == "I;16":
        written = io.BytesIO()
        Image.new("I;16", (40, 30), 40000).save(written, "PNG")
        content = written.getvalue()
    found = shrunk(beside, content)
    assert {name: image.size for name, image in found.items()} == {
        "large": (40, 30),
        "medium": (40, 30),
        "small": (40, 30),
        "tiny": (96, 72),  # the only one that is ever enlarged
    }
    assert {(image.format, image.mode) for image in found.values()} == {("JPEG", "RGB")}
    if mode not in ("L", "1", "I;16"):
        assert reddish(found["tiny"], 0.2, 0.5)
        assert not reddish(found["tiny"], 0.8, 0.5)


def test_a_picture_of_a_phone(beside: Path) -> None:
    found = shrunk(beside, HEIC)
    assert found["large"].size == (64, 48)
    assert reddish(found["tiny"], 0.2, 0.2)
    assert not reddish(found["tiny"], 0.8, 0.8)


@pytest.mark.parametrize(
    ("orientation", "left", "top"),
    [(1, True, True), (3, False, True), (6, True, True), (8, True, False)],
)
def test_the_right_way_up(beside: Path, orientation: int, left: bool, top: bool) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    found = shrunk(beside, picture("JPEG", (400, 300), exif=exif, quality=90))
    upright = orientation in (1, 3)
    assert found["large"].size == ((400, 300) if upright else (300, 400))
    assert reddish(found["large"], 0.1, 0.1) is (left if upright else top)
    assert not found["large"].getexif()
    assert b"a camera" not in found["large"].tobytes()


def test_what_one_can_see_through_stands_on_white(beside: Path) -> None:
    written = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(written, "PNG")
    assert shrunk(beside, written.getvalue())["large"].getpixel((5, 5)) == (255, 255, 255)


def test_long_and_thin(beside: Path) -> None:
    found = shrunk(beside, picture("PNG", (6000, 1)))
    assert found["tiny"].size == (96, 1)


def test_the_first_page(beside: Path) -> None:
    found = shrunk(beside, pdf())
    assert found["large"].size == (1920, 960)
    assert found["tiny"].size == (96, 48)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is as large as that."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


HOSTILE = {
    "bomb": (bomb(60_000, 60_000), "none it has more than 80 million points"),
    "no picture": (b"<html><script>alert(1)</script>", "none it is no picture of a kind that is known here"),
    "drawing": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "none it is no picture of a kind that is known here"),
    "nothing": (b"", "none it is no picture of a kind that is known here"),
    "half": (picture("JPEG", (600, 400), quality=95)[:3000], "none it is damaged"),
    "half a PNG": (bomb(500, 500), "none it is damaged"),
    "half a PDF": (pdf()[:200], "none it is damaged"),
    "half of a phone": (HEIC[:400], "none it is no picture of a kind that is known here"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_have_a_reason(beside: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    content, said = HOSTILE[name]
    beside.write_bytes(content)
    shrinker.main(str(beside), "")
    assert capsys.readouterr().out.strip() == said


# Through the front door


async def links(door: Door, file_id: str) -> dict[str, str]:
    answer = await door.ask(f"GET /files/{file_id}", 200)
    found: dict[str, str] = answer.json()["data"]["links"]
    return found


@pytest.mark.slow("starts a confined process")
async def test_from_the_upload_to_the_picture(door: Door) -> None:
    content = picture("JPEG", (4000, 3000), quality=80)
    made = await door.make("?Type=file&Name=a.jpg", content)
    address = await links(door, made)
    door.somebody = None  # the secret in the address is enough
    missing = await door.ask(f"GET {address['small']}", 404)
    assert missing.headers["content-type"] == "image/png"
    assert missing.headers["alcove-thumbnail"] == "pending"
    assert missing.headers["cache-control"] == "no-store"
    Image.open(io.BytesIO(missing.content)).load()
    calm = await door.ask(f"GET {address['small']}?Placeholder=1", 200)
    assert (calm.content, calm.headers["alcove-thumbnail"]) == (missing.content, "pending")
    assert calm.headers["cache-control"] == "no-store"
    await door.thumbnails.settle()
    assert [event[:4] for event in door.told] == [("cozy1", "CREATED", THUMBNAILS, made)] * 4
    assert {event[4] for event in door.told} == {
        b'{"_id":"%s","format":"%s"}' % (made.encode(), size.encode()) for size in SIZES
    }
    for size, expected in SIZES.items():
        answer = await door.ask(f"GET {address[size]}", 200)
        assert answer.headers["content-type"] == "image/jpeg"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert Image.open(io.BytesIO(answer.content)).size == expected
        again = {"If-None-Match": answer.headers["etag"]}
        assert (await door.ask(f"GET {address[size]}", 304, headers=again)).content == b""
        part = await door.ask(f"GET {address[size]}", 206, headers={"Range": "bytes=2-9"})
        assert part.content == answer.content[2:10]
    assert not list(door.scratch.iterdir())


@pytest.mark.slow("starts confined processes")
async def test_new_bytes_and_no_bytes(door: Door) -> None:
    made = await door.make("?Type=file&Name=a.png", picture())
    address = (await links(door, made))["tiny"]
    await door.ask(f"GET {address}", 404)
    await door.thumbnails.settle()
    first = await door.ask(f"GET {address}", 200)
    await door.ask(f"PUT /files/{made}", 200, content=picture(size=(30, 40)))
    await door.ask(f"GET {address}", 404)
    await door.thumbnails.settle()
    second = await door.ask(f"GET {address}", 200, headers={"If-None-Match": first.headers["etag"]})
    assert Image.open(io.BytesIO(second.content)).size == (72, 96)
    await door.ask(f"DELETE /files/{made}", 200)
    await door.ask(f"GET {address}", 200)  # the trash shows what it holds
    assert await door.place.files.sweep("cozy1", LATER) == 0
    await door.ask(f"DELETE /files/trash/{made}", 204)
    await door.ask(f"GET {address}", 404)
    assert await door.place.blobs.list("cozy1", LATER) == []


@pytest.mark.slow("starts confined processes")
async def test_what_cannot_be_drawn_is_tried_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await door.make("?Type=file&Name=a.png", bomb(60_000, 60_000))
    address = (await links(door, made))["tiny"]
    await door.ask(f"GET {address}", 404)
    await door.thumbnails.settle()
    monkeypatch.setattr(service.Thumbnails, "ask", lambda *_given: pytest.fail("tried again"))
    answer = await door.ask(f"GET {address}", 404)
    assert answer.headers["alcove-thumbnail"] == "none; it has more than 80 million points"
    assert answer.headers["content-type"] == "image/png"
    assert door.told == []


class Machine:
    """A machine whose children end as it says, and write these lines."""

    level = Level.LIMITS

    def __init__(self, *lines: bytes, cause: Any = None) -> None:
        self.lines = lines
        self.cause = cause
        self.runs = 0

    def place(self, bind: Any) -> str:
        return str(bind.source)

    async def run(self, program: Any, limits: Limits, on_line: Any) -> Ending:
        self.runs += 1
        for line in self.lines:
            await on_line(line)
        cause = self.cause or Cause.EXIT
        return Ending(cause, 0 if self.cause is None else 137, b"", 0.1, limits)


async def asked(door: Door, machine: Any, times: int = 1) -> str:
    """What is said of a picture's thumbnail, once this machine has drawn it."""

    async def confine() -> Any:
        return machine

    door.looking._confine = confine
    made = await door.make("?Type=file&Name=a.png", picture())
    address = (await links(door, made))["tiny"]
    for _ in range(times):
        await door.ask(f"GET {address}", 404)
        await door.thumbnails.settle()
    return str((await door.ask(f"GET {address}", 404)).headers["alcove-thumbnail"])


async def test_a_busy_machine_is_given_some_tries(door: Door) -> None:
    machine = Machine(cause=Cause.DEADLINE)
    assert await asked(door, machine) == "pending"
    await door.thumbnails.settle()
    assert machine.runs == 2


async def test_and_then_it_is_enough(door: Door) -> None:
    machine = Machine(cause=Cause.DEADLINE)
    assert await asked(door, machine, TRIES + 2) == "none; it took longer than 90 s and was ended"
    assert machine.runs == TRIES


JPEG = base64.b64encode(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        (b"size tiny 3", JPEG),
        (b"size tiny 99999999999", JPEG),
        (b"size tiny 3", b"!!!", b"size small 3", JPEG, b"size medium 3", JPEG, b"size large 3", JPEG),
        tuple(line for name in SIZES for line in (f"size {name} 3".encode(), base64.b64encode(b"<sv"))),
        (b"size ../x 3", JPEG, b"\xff\xfe", b"size tiny -3"),
    ],
)
async def test_what_a_child_says_is_not_believed(door: Door, lines: tuple[bytes, ...]) -> None:
    assert await asked(door, Machine(*lines)) == "none; what was drawn is no picture"


async def test_a_reason_is_one_line_of_ascii(door: Door) -> None:
    said = await asked(door, Machine("none a\rb: c\u00e9".encode() + b"x" * 5000))
    assert said.startswith("none; ab: c")
    assert len(said) < 220


async def test_without_confinement_there_are_none(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    assert await asked(door, Confinement(Level.NONE, "bubblewrap is not installed")) == "pending"
    await door.thumbnails.settle()
    said = [record for record in caplog.records if record.message == "thumbnails are not made"]
    assert [getattr(record, "reason", "") for record in said] == ["Bubblewrap is not installed"]


async def test_secrets_live_ten_minutes(door: Door) -> None:
    made = await door.make("?Type=file&Name=a.svg", b"<svg/>")
    other = await door.make("?Type=file&Name=b.svg", b"<svg/>")
    address = (await links(door, made))["tiny"]
    door.place.clock.pass_time(minutes=9.9)  # type: ignore[attr-defined]  # a clock set by hand
    await door.ask(f"GET {address}", 404)
    await door.ask(f"GET {address.replace(made, other)}", 400)
    await door.ask(f"GET {address.replace('tiny', 'huge')}", 400)
    await door.ask(f"GET /files/{made}/thumbnails/%C3%A9/tiny", 400)
    door.place.clock.pass_time(minutes=6)  # type: ignore[attr-defined]  # a clock set by hand
    await door.ask(f"GET {address}", 400)


async def test_others_have_none(door: Door) -> None:
    text = await door.make("?Type=file&Name=a.txt", b"text")
    sealed = await door.make("?Type=file&Name=a.png&Encrypted=true", picture())
    assert "tiny" not in await links(door, text)
    answer = await door.ask(f"GET {(await links(door, sealed))['tiny']}", 404)
    assert answer.headers["alcove-thumbnail"].startswith("none")


async def test_a_damaged_disk_is_drawn_over(door: Door) -> None:
    made = await door.make("?Type=file&Name=a.png", picture())
    node = await door.place.files.get(door.place.instance, made)
    for broken in (b"", b"\n", b"[]\n", b'{"sizes":{"tiny":1}}\n', b"x" * 600):
        await door.place.blobs.write("cozy1", parts_of(broken), name=thumbnails_of(node.blob))
        assert await door.thumbnails.of("cozy1", node) is None


def test_what_is_kept_is_read_again() -> None:
    kept = drawn({"tiny": b"abc", "small": b"defg"})
    found = read_drawn(kept)
    assert found is not None
    assert {name: kept[found.start + place :][:length] for name, (place, length) in found.sizes.items()} == {
        "tiny": b"abc",
        "small": b"defg",
    }
    assert read_drawn(undrawn("x" * 1000, 2, again=True)) == Drawn({}, "x" * 200, 2, again=True, start=237)
