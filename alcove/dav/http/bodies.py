"""Bytes that come: as a stream, summed on their way where the client says which sum they must have."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from starlette.requests import ClientDisconnect

from alcove.base.errors import BadRequest
from alcove.dav.errors import IllegalHeader, WrongChecksum

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from alcove.base.http import Call

_OC = re.compile(r"\s*([A-Za-z0-9-]+):([0-9A-Fa-f]+)\s*$", re.ASCII)
_DIGEST = re.compile(r"\s*([A-Za-z0-9-]+)=:?([A-Za-z0-9+/=]+?):?\s*$", re.ASCII)
_LONGEST = 128


class Hash(Protocol):
    """Sums up bytes."""

    def update(self, data: bytes, /) -> None:
        """Takes the next bytes."""
        ...

    def digest(self) -> bytes:
        """The sum."""
        ...


class _Adler32:
    def __init__(self) -> None:
        self._sum = 1

    def update(self, data: bytes, /) -> None:
        self._sum = zlib.adler32(data, self._sum)

    def digest(self) -> bytes:
        return self._sum.to_bytes(4, "big")


_HASHES: dict[str, Callable[[], Hash]] = {
    "md5": lambda: hashlib.md5(usedforsecurity=False),
    "sha": lambda: hashlib.sha1(usedforsecurity=False),
    "sha1": lambda: hashlib.sha1(usedforsecurity=False),
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "sha3256": hashlib.sha3_256,
    "adler32": _Adler32,
}


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum that the bytes must have."""

    kind: str
    digest: bytes


def sums_in(headers: Mapping[str, str]) -> list[Sum]:
    """The sums that headers announce and that are known here (`OC-Checksum`, `Content-MD5`, `Digest`, `Repr-Digest`).

    Raises `IllegalHeader` for one that is malformed.
    """
    found = list[Sum]()
    oc = headers.get("oc-checksum", "")
    if oc:
        said = _OC.match(oc) if len(oc) < _LONGEST * 2 else None
        if said is None or len(said[2]) % 2:
            raise IllegalHeader("OC-Checksum", "it must be KIND:HEXADECIMAL")
        found.append(Sum(said[1], bytes.fromhex(said[2])))
    if headers.get("content-md5"):
        found.append(Sum("MD5", _decoded("Content-MD5", headers["content-md5"].strip())))
    for name in ("Digest", "Content-Digest", "Repr-Digest"):
        for one in headers.get(name.lower(), "").split(","):
            said = _DIGEST.match(one)
            if said is not None:
                found.append(Sum(said[1], _decoded(name, said[2])))
    return [one for one in found if _plain(one.kind) in _HASHES]


def _decoded(header: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise IllegalHeader(header, "it is not base64") from None


def _plain(kind: str) -> str:
    return kind.lower().replace("-", "")


async def body_of(call: Call) -> AsyncIterator[bytes]:
    """The bytes of a request. Who goes away in the middle has sent a body that is too short."""
    try:
        async for part in call.request.stream():
            yield part
    except ClientDisconnect:
        raise BadRequest("The connection ended in the middle of the body") from None


async def summed(parts: AsyncIterator[bytes], sums: Sequence[Sum]) -> AsyncIterator[bytes]:
    """The same bytes; raises `WrongChecksum` at their end when they do not have the sums."""
    taken = [(one, _HASHES[_plain(one.kind)]()) for one in sums]
    async for part in parts:
        for _, hashed in taken:
            hashed.update(part)
        yield part
    for one, hashed in taken:
        if hashed.digest() != one.digest:
            raise WrongChecksum(one.kind)


async def nothing() -> AsyncIterator[bytes]:
    """A body without bytes."""
    parts: tuple[bytes, ...] = ()
    for part in parts:
        yield part
