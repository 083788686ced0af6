"""What a camera wrote into a picture: when, where and how it was held (Exif 2.32, JEITA CP-3451E; TIFF 6.0).

Only the few tags that clients show are read, with every offset checked and no tag followed twice: a hostile picture
can lie about itself, and do no more.
"""

from __future__ import annotations

import math
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

TAGS = 512
"""Entries of one directory that are looked at."""

_ORIENTATION, _CHANGED, _EXIF, _GPS = 0x0112, 0x0132, 0x8769, 0x8825
_TAKEN, _DIGITISED, _FLASH, _WIDTH, _HEIGHT = 0x9003, 0x9004, 0x9209, 0xA002, 0xA003
_OFFSETS = {_TAKEN: 0x9011, _DIGITISED: 0x9012, _CHANGED: 0x9010}
_FRACTIONS = {_TAKEN: 0x9291, _DIGITISED: 0x9292, _CHANGED: 0x9290}
_NORTH, _LATITUDE, _EAST, _LONGITUDE, _GPS_TIME, _GPS_DATE = 1, 2, 3, 4, 7, 29

_FORMATS = {1: "B", 2: "s", 3: "H", 4: "L", 5: "LL", 9: "l", 10: "ll"}
_LONGEST = 64
"""Values of a tag at the most: no tag that is read here has more."""
_DATE = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_DAY = re.compile(r"(\d{4}):(\d\d):(\d\d)")
_QUARTER = timedelta(minutes=15)
"""Zones differ from universal time by whole quarters of an hour."""

Value = str | tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Exif:
    """What is known of a picture; None or empty where nothing is said."""

    taken: datetime | None = None
    orientation: int | None = None
    """1 to 8, as Exif counts the ways a camera can be held."""
    flash: str = ""
    latitude: float | None = None
    longitude: float | None = None
    """Degrees north and east."""
    width: int | None = None
    height: int | None = None


def read_exif(tiff: bytes, zone: tzinfo = UTC) -> Exif:
    """What the TIFF structure of Exif says, as far as it can be read. `zone` is where a time without one was taken."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return Exif()
    first = _directory(tiff, order, struct.unpack_from(f"{order}L", tiff, 4)[0])
    inner = _directory(tiff, order, _pointer(first.get(_EXIF)))
    place = _directory(tiff, order, _pointer(first.get(_GPS)))
    flash = _number(inner.get(_FLASH))
    return Exif(
        taken=_taken({**first, **inner}, place, zone),
        orientation=_within(_number(first.get(_ORIENTATION)), 1, 8),
        flash="" if flash is None else flash_words(flash),
        **_where(place),
        width=_within(_number(inner.get(_WIDTH)), 1, 1 << 20),
        height=_within(_number(inner.get(_HEIGHT)), 1, 1 << 20),
    )


def _directory(tiff: bytes, order: str, place: int) -> dict[int, Value]:
    """The tags of an image file directory at an offset."""
    if not 8 <= place <= len(tiff) - 2:
        return {}
    (count,) = struct.unpack_from(f"{order}H", tiff, place)
    found = dict[int, Value]()
    for entry in range(min(count, TAGS)):
        start = place + 2 + 12 * entry
        if start + 12 > len(tiff):
            break
        tag, kind, number = struct.unpack_from(f"{order}HHL", tiff, start)
        value = _value(tiff, order, start + 8, kind, number)
        if value is not None:
            found[tag] = value
    return found


def _value(tiff: bytes, order: str, place: int, kind: int, number: int) -> Value | None:
    letters = _FORMATS.get(kind)
    if letters is None or not 0 < number <= _LONGEST:
        return None
    form = f"{order}{number}s" if kind == 2 else f"{order}{letters * number}"
    length = struct.calcsize(form)
    if length > 4:
        (place,) = struct.unpack_from(f"{order}L", tiff, place)
    if place + length > len(tiff):
        return None
    values = struct.unpack_from(form, tiff, place)
    if kind == 2:
        return str(values[0].split(b"\0")[0].decode("ascii", "replace")).strip()
    if len(letters) == 2:
        pairs = zip(values[::2], values[1::2], strict=True)
        return tuple(above / below if below else math.nan for above, below in pairs)
    return tuple(values)


def _number(value: Value | None) -> int | None:
    return int(value[0]) if isinstance(value, tuple) and value and math.isfinite(value[0]) else None


def _pointer(value: Value | None) -> int:
    return _number(value) or 0


def _within(number: int | None, least: int, most: int) -> int | None:
    return number if number is not None and least <= number <= most else None


def _taken(said: dict[int, Value], place: dict[int, Value], zone: tzinfo) -> datetime | None:
    """When a picture was taken: the zone that the camera says, else that of the satellites' time, else `zone`."""
    for tag in (_TAKEN, _DIGITISED, _CHANGED):
        local = _moment(said.get(tag), said.get(_FRACTIONS[tag]))
        if local is None:
            continue
        own = _zone(said.get(_OFFSETS[tag])) or _zone_of_satellites(local, place) or zone
        try:
            return local.replace(tzinfo=own).astimezone(own)
        except (OverflowError, ValueError):
            return None
    return None


def _moment(text: Value | None, fraction: Value | None) -> datetime | None:
    said = _DATE.match(text) if isinstance(text, str) else None
    if said is None:
        return None
    digits = fraction if isinstance(fraction, str) and fraction.isascii() and fraction.isdigit() else "0"
    try:
        year, month, day, hour, minute, second = map(int, said.groups())
        micro = int(digits[:6].ljust(6, "0"))
        return datetime(year, month, day, hour, minute, second, micro)  # noqa: DTZ001 - the zone is found later
    except ValueError:  # cameras without a clock write a date of zeros
        return None


def _zone(text: Value | None) -> timezone | None:
    said = _OFFSET.match(text) if isinstance(text, str) else None
    if said is None or int(said[2]) > 14 or int(said[3]) > 59:
        return None
    ahead = timedelta(hours=int(said[2]), minutes=int(said[3]))
    return timezone(-ahead if said[1] == "-" else ahead)


def _zone_of_satellites(local: datetime, place: dict[int, Value]) -> timezone | None:
    day, time = place.get(_GPS_DATE), place.get(_GPS_TIME)
    said = _DAY.match(day) if isinstance(day, str) else None
    if said is None or not isinstance(time, tuple) or len(time) != 3 or not all(map(math.isfinite, time)):
        return None
    try:
        universal = datetime(int(said[1]), int(said[2]), int(said[3]))  # noqa: DTZ001 - compared with a local time
        ahead = local - universal - timedelta(hours=time[0], minutes=time[1], seconds=time[2])
    except (ValueError, OverflowError):
        return None
    ahead = round(ahead / _QUARTER) * _QUARTER
    return timezone(ahead) if abs(ahead) <= timedelta(hours=14) else None


def _where(place: dict[int, Value]) -> dict[str, float | None]:
    latitude = _degrees(place.get(_LATITUDE), place.get(_NORTH), "S", 90)
    longitude = _degrees(place.get(_LONGITUDE), place.get(_EAST), "W", 180)
    if latitude is None or longitude is None:
        return {"latitude": None, "longitude": None}
    return {"latitude": latitude, "longitude": longitude}


def _degrees(value: Value | None, half: Value | None, minus: str, most: int) -> float | None:
    if not isinstance(value, tuple) or len(value) != 3 or not isinstance(half, str):
        return None
    degrees = value[0] + value[1] / 60 + value[2] / 3600
    return (-degrees if half == minus else degrees) if 0 <= degrees <= most else None


def flash_words(bits: int) -> str:
    """What the bits of the tag Flash say (Exif 4.6.6), in the words that clients know.

    >>> flash_words(0x10), flash_words(0x19), flash_words(0x5f)
    ('Off, Did not fire', 'Auto, Fired', 'Auto, Fired, Red-eye reduction, Return detected')
    """
    if bits & 0x20:
        return "Off, No flash function" if bits & 0x18 == 0x10 else "No flash function"
    mode = ("", "On", "Off", "Auto")[bits >> 3 & 3]
    fired = "Fired" if bits & 1 else "Did not fire" if mode else "No Flash"
    red = "Red-eye reduction" if bits & 0x40 else ""
    back = ("", "", "Return not detected", "Return detected")[bits >> 1 & 3]
    return ", ".join(word for word in (mode, fired, red, back) if word)
