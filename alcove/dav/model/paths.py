"""Addresses and the names in them: percent-encoded UTF-8, one segment a name (RFC 3986; RFC 4918 section 8.3)."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, unquote_to_bytes, urlsplit

from alcove.dav.errors import IllegalHeader, IllegalURL, OtherServer

Names = tuple[str, ...]
"""The names on the way from the top of a tree to something in it; empty for the top."""

_SAFE = "!$'()*+,;=:@~"
"""What may stand in a segment as it is, but for the ampersand, which XML would have to escape again."""
DESTINATION = "Destination"


def names_of(raw: str) -> Names:
    """The names in the raw rest of a path. Empty segments say nothing. Raises `IllegalURL`.

    >>> names_of("a%20b//c/")
    ('a b', 'c')
    """
    found = []
    for segment in raw.split("/"):
        if not segment:
            continue
        name = segment
        if "%" in segment or not segment.isascii():
            try:
                name = unquote_to_bytes(segment).decode()
            except UnicodeDecodeError:
                raise IllegalURL from None
        if name in (".", "..") or "/" in name or "\x00" in name:
            raise IllegalURL
        found.append(name)
    return tuple(found)


def href(base: str, names: Names, *, collection: bool) -> str:
    """The address of something under `base`, which is written already; that of a collection ends with a slash.

    >>> href("/dav/files", ("a b", "c&d"), collection=False)
    '/dav/files/a%20b/c%26d'
    """
    path = "/".join([base, *(quote(name, safe=_SAFE) for name in names)])
    return f"{path}/" if collection else path


def destination_of(header: str, base: str, host: str) -> Names:
    """The names that `Destination` leads to. Raises `IllegalHeader`, `OtherServer`, `IllegalURL`.

    Only the path and, if one is given, the host are looked at: behind a proxy the scheme may be another one.
    """
    if not header:
        raise IllegalHeader(DESTINATION, "it is missing")
    try:
        parts = urlsplit(header.strip())
        said = parts.hostname
    except ValueError:
        raise IllegalHeader(DESTINATION, "it is no URL") from None
    if said is not None and said.lower() != _hostname(host):
        raise OtherServer
    if not parts.path.startswith("/"):
        raise IllegalHeader(DESTINATION, "it is no absolute path")
    whole, top = names_of(parts.path), names_of(base)
    if whole[: len(top)] != top:
        raise OtherServer
    return whole[len(top) :]


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def forms(name: str) -> tuple[str, ...]:
    """The other ways to write the same name: composed and decomposed, as systems differ (Unicode NFC, NFD).

    >>> forms("plain"), len(forms("e\\u0301"))
    ((), 1)
    """
    if name.isascii():
        return ()
    found = dict.fromkeys((unicodedata.normalize("NFC", name), unicodedata.normalize("NFD", name)))
    return tuple(form for form in found if form != name)


def below(names: Names, top: Names) -> bool:
    """Whether something is what `top` names, or lies in it."""
    return names[: len(top)] == top
