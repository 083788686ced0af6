"""What pictures and songs say of themselves: when, where, how large, by whom."""

from __future__ import annotations

import io
import struct
from datetime import UTC
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from alcove.files import ROOT
from alcove.files.model import heif
from alcove.files.model.exif import read_exif
from alcove.files.model.moov import moov_place
from alcove.files.service.customs import Customs
from alcove.files.service.extraction import words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.files.tests.conftest import Door
    from alcove.instances import Instance

TAKEN, OFFSET, FRACTION, FLASH = 0x9003, 0x9011, 0x9291, 0x9209


def photo(inner: Mapping[int, Any], place: Mapping[int, Any] | None = None, orientation: int = 6) -> bytes:
    """A JPEG as a camera writes it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8769).update(inner)
    if place:
        exif.get_ifd(0x8825).update(place)
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG", exif=exif)
    return file.getvalue()


def at(north: str, latitude: float, east: str, longitude: float, **more: Any) -> dict[int, Any]:
    """A place as Exif writes it: degrees, minutes, seconds."""

    def parts(degrees: float) -> tuple[IFDRational, ...]:
        return IFDRational(int(degrees), 1), IFDRational(int(degrees % 1 * 60), 1), IFDRational(0, 1)

    found: dict[int, Any] = {1: north, 2: parts(latitude), 3: east, 4: parts(longitude)}
    if more:
        found |= {29: more["day"], 7: tuple(IFDRational(n, 1) for n in more["time"])}
    return found


async def uploaded(door: Door, name: str, content: bytes, **headers: str) -> dict[str, Any]:
    file = await door.make(f"{ROOT}?Type=file&Name={name}&CreatedAt=2020-01-02T03:04:05Z", content, **headers)
    attributes: dict[str, Any] = (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]
    return attributes


async def test_a_photo(door: Door) -> None:
    content = photo(
        {TAKEN: "2016:09:10 20:38:55", OFFSET: "+02:00", FRACTION: "125", FLASH: 0x10},
        at("N", 48.85, "W", 2.35),
    )
    told = await uploaded(door, "a.jpg", content)
    assert told["metadata"] == {
        "datetime": "2016-09-10T20:38:55.125000+02:00",
        "extractor_version": 2,
        "flash": "Off, Did not fire",
        "gps": {"lat": pytest.approx(48.85, abs=0.02), "long": pytest.approx(-2.35, abs=0.02)},
        "height": 30,
        "orientation": 6,
        "width": 40,
    }
    assert told["created_at"] == "2016-09-10T18:38:55.125Z"
    assert told["updated_at"] == "2020-01-02T03:04:05Z"


async def test_the_zone_of_a_photo(door: Door) -> None:
    """What the camera says, else what the satellites' time tells, else the person's own."""

    async def settings(instance: Instance) -> Mapping[str, Any]:
        return {"tz": "Europe/Paris"}

    door.place.files._customs = Customs(settings)
    local = {TAKEN: "2016:09:10 20:38:55"}
    tokyo = at("N", 35.0, "E", 139.0, day="2016:09:10", time=(11, 38, 51))
    assert (await uploaded(door, "a.jpg", photo(local)))["metadata"]["datetime"] == "2016-09-10T20:38:55+02:00"
    assert (await uploaded(door, "b.jpg", photo(local, tokyo)))["metadata"]["datetime"] == "2016-09-10T20:38:55+09:00"


async def test_a_photo_from_before_1970(door: Door) -> None:
    told = await uploaded(door, "a.jpg", photo({TAKEN: "1963:08:28 12:00:00", OFFSET: "-05:00", FRACTION: "001"}))
    assert told["created_at"] == "1963-08-28T17:00:00.001Z"


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "yesterday", "2016:13:10 20:38:55", ""])
async def test_a_camera_without_a_clock(door: Door, taken: str) -> None:
    told = await uploaded(door, "a.jpg", photo({TAKEN: taken, OFFSET: "+99:99"}))
    assert told["created_at"] == told["metadata"]["datetime"] == "2020-01-02T03:04:05Z"


async def test_what_is_sealed_is_not_looked_into(door: Door) -> None:
    file = await door.make(f"{ROOT}?Type=file&Name=a.jpg&Encrypted=true", photo({TAKEN: "2016:09:10 20:38:55"}))
    assert "metadata" not in (await door.ask(f"GET /files/{file}", 200)).json()["data"]["attributes"]


def box(kind: bytes, *content: bytes) -> bytes:
    inner = b"".join(content)
    return struct.pack(">L4s", 8 + len(inner), kind) + inner


def heic(tiff: bytes, *, behind: int = 0) -> bytes:
    """A HEIC with a size and an Exif item, which lies so many bytes further behind."""
    exif = struct.pack(">L", 6) + b"Exif\0\0" + tiff

    def whole(start: int) -> bytes:
        infe = (
            box(b"infe", b"\2\0\0\0", struct.pack(">HH", 1, 0), b"hvc1\0"),
            box(b"infe", b"\2\0\0\0", struct.pack(">HH", 2, 0), b"Exif\0"),
        )
        iinf = box(b"iinf", b"\0\0\0\0", struct.pack(">H", 2), *infe)
        iloc = box(
            b"iloc", b"\0\0\0\0", b"\x44\0", struct.pack(">H", 1), struct.pack(">HHHLL", 2, 0, 1, start, len(exif))
        )
        sizes = [box(b"ispe", bytes(4), struct.pack(">LL", *size)) for size in ((512, 512), (4032, 3024))]
        return box(b"ftyp", b"heic", bytes(8)) + box(b"meta", bytes(4), iinf, iloc, box(b"iprp", box(b"ipco", *sizes)))

    start = len(whole(0)) + 8 + behind
    return whole(start) + box(b"mdat", bytes(behind), exif)


@pytest.mark.parametrize("behind", [0, 200_000])
async def test_a_heic(door: Door, behind: int) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({TAKEN: "2016:09:10 20:38:55", OFFSET: "+02:00"})
    content = heic(exif.tobytes()[6:], behind=behind)
    metadata = (await uploaded(door, "a.heic", content))["metadata"]
    assert (metadata["width"], metadata["height"]) == (4032, 3024)
    assert metadata["datetime"] == "2016-09-10T20:38:55+02:00"


def id3(**frames: str) -> bytes:
    body = b"".join(
        name.encode() + struct.pack(">L", len(text) + 1) + b"\0\0\3" + text.encode() for name, text in frames.items()
    )
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + size + body + b"\xff\xfb\x90\x00" + bytes(4096)


async def test_a_song(door: Door) -> None:
    content = id3(TIT2="La Mer", TPE1="Charles Trenet", TALB="Toujours", TRCK="3/12", TYER="1946", TCOM="Trenet")
    metadata = (await uploaded(door, "a.mp3", content))["metadata"]
    assert metadata == {
        "album": "Toujours",
        "artist": "Charles Trenet",
        "composer": "Trenet",
        "extractor_version": 2,
        "title": "La Mer",
        "track": "3",
        "year": "1946",
    }


def test_where_the_words_of_a_recording_lie() -> None:
    head = box(b"ftyp", b"M4A ", bytes(8)) + struct.pack(">L4s", 1_000_000, b"mdat") + bytes(100)
    assert moov_place(head, 1_500_000) == (1_000_020, 499_980)
    assert moov_place(box(b"ftyp", b"M4A ", bytes(8)) + box(b"moov", bytes(92)) + bytes(16), 900) == (20, 100)
    assert moov_place(bytes(100), 100) is None


@given(st.binary(max_size=400), st.integers(0, 300), st.binary(max_size=60))
def test_broken_files_say_nothing_and_break_nothing(noise: bytes, place: int, more: bytes) -> None:
    tiff = photo({TAKEN: "2016:09:10 20:38:55"}, at("N", 1.0, "E", 1.0))[30:]
    for content in (noise, b"II*\0\x08\0\0\0" + noise, tiff[:place] + more + tiff[place + len(more) :]):
        read_exif(content, UTC)
    boxed = heic(tiff[:200])
    for content in (noise, boxed[:place] + more + boxed[place + len(more) :]):
        heif.exif_of(content)
        heif.exif_place(content)
        heif.size_of(content)
        moov_place(content, 1000)
    song = id3(TIT2="La Mer", TALB="Toujours")
    for content in (noise, song[:place] + more + song[place + len(more) :], b"fLaC" + noise, b"OggS" + noise):
        words_of(content)
