"""Properties: which live ones there are, and how an answer to PROPFIND is written for many resources."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alcove.dav.model.xml import DAV, Tags, parts_of, text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from alcove.dav.service.tree import Resource, View

    Value = Callable[[View, Resource], bytes | None]
    Load = Callable[[View, Sequence[Resource]], Awaitable[Sequence[bytes | None]]]
    Write = Callable[[View, Resource, Element | None], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Property:
    """A live property. Its value is the XML within its element; None where a resource does not have it.

    `value` tells it of one resource at once; `load` of many, in their order, where something has to be read for that.
    `write` takes the element that a client sets, or None when it removes it; without it the property is protected.
    """

    name: str
    value: Value | None = None
    load: Load | None = None
    write: Write | None = None
    usual: bool = True
    """Whether it is told to who asks for all properties."""


class Properties:
    """The live properties of a mount, and the prefixes of their namespaces."""

    def __init__(self, properties: Iterable[Property], prefixes: Mapping[str, str] | None = None) -> None:
        self._known = {one.name: one for one in properties}
        self._prefixes = dict(prefixes or {})
        self.tags = Tags(self._prefixes)

    def with_more(self, properties: Iterable[Property], prefixes: Mapping[str, str] | None = None) -> Properties:
        """These, and others beside them or in their place."""
        known = {**self._known, **{one.name: one for one in properties}}
        return Properties(known.values(), {**self._prefixes, **(prefixes or {})})

    def get(self, name: str) -> Property | None:
        """The live property of that name."""
        return self._known.get(name)

    @property
    def names(self) -> tuple[str, ...]:
        """All names there are."""
        return tuple(self._known)

    @property
    def usual(self) -> tuple[str, ...]:
        """The names that are meant by all properties."""
        return tuple(name for name, one in self._known.items() if one.usual)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a PROPFIND asks for: these names, or all; only which there are, or their values."""

    names: tuple[str, ...] = ()
    everything: bool = False
    only_names: bool = False


_OK = b"</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
_MISSING = b"</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>"
_STAT = b"<d:propstat><d:prop>"


class Writer:
    """Writes the `response` elements of a multistatus for one request. `dead` finds dead properties, many at once."""

    def __init__(
        self,
        view: View,
        properties: Properties,
        wanted: Wanted,
        dead: Callable[[View, Sequence[Resource]], Awaitable[Mapping[str, Mapping[str, str]]]],
    ) -> None:
        names = dict.fromkeys((*(properties.usual if wanted.everything else ()), *wanted.names))
        if wanted.only_names:
            names = dict.fromkeys(properties.names)
        self._view = view
        self._wanted = wanted
        self._dead = dead
        self._tags = properties.tags
        self._live = [(one, *self._tags.around(name)) for name in names if (one := properties.get(name))]
        self._names = [one.name for one, _, _ in self._live]
        self._others = [name for name in names if properties.get(name) is None]
        self._all = wanted.everything or wanted.only_names
        self._none = {name: self._tags.empty(name) for name in names}

    @property
    def root(self) -> bytes:
        """The begin of the multistatus."""
        return self._tags.root("multistatus")

    async def write(self, resources: Sequence[Resource]) -> bytes:
        """The `response` elements of these resources."""
        columns: list[Sequence[bytes | None] | None] = []
        for one, _, _ in self._live:
            columns.append(await one.load(self._view, resources) if one.load else None)
        dead: Mapping[str, Mapping[str, str]] = {}
        if self._all or self._others:
            dead = await self._dead(self._view, resources)
        parts = list[bytes]()
        for place, resource in enumerate(resources):
            self._one(
                parts,
                resource,
                [None if column is None else column[place] for column in columns],
                dead.get(resource.key),
            )
        return b"".join(parts)

    def _one(
        self,
        parts: list[bytes],
        resource: Resource,
        loaded: Sequence[bytes | None],
        dead: Mapping[str, str] | None,
    ) -> None:
        view, missing = self._view, list[bytes]()
        parts += (b"<d:response><d:href>", view.href(resource).encode(), b"</d:href>")
        start = len(parts)
        parts.append(_STAT)
        for (one, begin, end), known in zip(self._live, loaded, strict=True):
            value = known if one.value is None else one.value(view, resource)
            if value is None:
                if one.name in self._wanted.names:
                    missing.append(self._none[one.name])
            elif self._wanted.only_names or not value:
                parts.append(self._none[one.name])
            else:
                parts += (begin, value, end)
        self._add_dead(parts, missing, dead or {})
        if len(parts) == start + 1:
            parts.pop()
        else:
            parts.append(_OK)
        if missing or len(parts) == start:
            parts += (_STAT, *missing, _MISSING)
        parts.append(b"</d:response>")

    def _add_dead(self, parts: list[bytes], missing: list[bytes], dead: Mapping[str, str]) -> None:
        if self._all:
            live = self._names
            kept = {name: xml for name, xml in dead.items() if name not in live}
            parts += [self._tags.empty(n) if self._wanted.only_names else xml.encode() for n, xml in kept.items()]
        for name in self._others:
            if name in dead:
                if not self._all:
                    parts.append(dead[name].encode())
            elif not self._wanted.everything or name in self._wanted.names:
                missing.append(self._none[name])


def in_dav(name: str) -> bool:
    """Whether a name is one of WebDAV's own: clients may not make up such properties."""
    return parts_of(name)[0] == DAV


def element(local: str, content: str) -> bytes:
    """An element of `DAV:` around a text."""
    return f"<d:{local}>".encode() + text(content) + f"</d:{local}>".encode()
