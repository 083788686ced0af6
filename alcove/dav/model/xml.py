"""XML as WebDAV speaks it (RFC 4918 section 8): read within limits and without DTD, and written.

A name is written `{namespace}local`, as ElementTree does it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, register_namespace, tostring
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from alcove.dav.errors import IllegalXML

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DAV = "DAV:"
LIMIT = 256 << 10
"""Bytes of an XML body that are read at the most."""
DEPTH = 32
"""Elements in one another at the most."""
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n'
MEDIA_TYPE = "application/xml; charset=utf-8"
"""Without quotes: ownCloud's client looks for just this."""

register_namespace("d", DAV)


def dav(local: str) -> str:
    """The name of something in `DAV:`."""
    return f"{{{DAV}}}{local}"


def parts_of(name: str) -> tuple[str, str]:
    """The namespace and the local part of a name.

    >>> parts_of("{DAV:}href"), parts_of("plain")
    (('DAV:', 'href'), ('', 'plain'))
    """
    if name.startswith("{"):
        space, _, local = name[1:].rpartition("}")
        return space, local
    return "", name


def read(body: bytes, *names: str) -> Element:
    """The root of a body, which has one of these names. Raises `IllegalXML`: no DTD, no entity, no deep nest."""
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise IllegalXML(f"The body is not XML that is understood here: {error}") from None
    level = [root]
    for _ in range(DEPTH):
        level = [inner for outer in level for inner in outer]
        if not level:
            break
    else:
        raise IllegalXML("The body is nested too deeply")
    if names and root.tag not in names:
        raise IllegalXML(f"The body is a {root.tag}, where one of {', '.join(names)} was meant")
    return root


def text(content: str) -> bytes:
    """A text as it stands in an element; what XML cannot hold becomes the replacement character."""
    if not content.isprintable():
        content = "".join(c if _writable(c) else "\ufffd" for c in content)
    return escape(content).encode()


def _writable(char: str) -> bool:
    code = ord(char)
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code > 0xFFFF


def written(element: Element, lang: str = "") -> bytes:
    """An element as a text of its own, every namespace in it declared; with the language that was in scope."""
    alone = Element(element.tag, element.attrib)
    alone.text, alone[:] = element.text, element[:]  # without what follows it
    if lang and LANG not in alone.attrib:
        alone.set(LANG, lang)
    text_of: bytes = tostring(alone, encoding="utf-8", xml_declaration=False)
    return text_of


def languages(element: Element, lang: str = "") -> Iterator[tuple[Element, str]]:
    """The members of an element, each with the language in scope (`xml:lang` is inherited)."""
    lang = element.get(LANG, lang)
    for inner in element:
        yield inner, inner.get(LANG, lang)


class Tags:
    """Begin, end and empty form of elements: `DAV:` has the prefix `d`, namespaces given have theirs."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = {**prefixes, DAV: "d"}

    def root(self, local: str) -> bytes:
        """The begin of an element of `DAV:` that declares the prefixes."""
        spaces = "".join(f' xmlns:{prefix}="{space}"' for space, prefix in self._prefixes.items())
        return f"<d:{local}{spaces}>".encode()

    def empty(self, name: str) -> bytes:
        """The element without content."""
        return self._open(name)[0] + b"/>"

    def around(self, name: str) -> tuple[bytes, bytes]:
        """Begin and end of the element."""
        begin, end = self._open(name)
        return begin + b">", b"</" + end + b">"

    def _open(self, name: str) -> tuple[bytes, bytes]:
        space, local = parts_of(name)
        prefix = self._prefixes.get(space)
        if prefix is not None:
            tag = f"{prefix}:{local}".encode()
            return b"<" + tag, tag
        return f'<{local} xmlns="{escape(space, {chr(34): "&quot;"})}"'.encode(), local.encode()
