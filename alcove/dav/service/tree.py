"""What a mount serves: a tree of resources. A subclass of `Tree` says what is in it and which verbs work there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alcove.dav.errors import NotForThis
from alcove.dav.model.paths import Names, href

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence

    from alcove.base.errors import Refusal
    from alcove.base.http import Caller
    from alcove.files import Author, Node
    from alcove.instances import Instance


@dataclass(frozen=True, slots=True)
class View:
    """One request's look at a tree: in which instance, who asks, under which address (`/dav/files`, as it came)."""

    instance: Instance
    caller: Caller
    author: Author
    base: str

    def href(self, resource: Resource) -> str:
        """The address of a resource."""
        return href(self.base, resource.names, collection=resource.collection)


@dataclass(slots=True)
class Resource:
    """A file or a folder as WebDAV shows it. Dates are of RFC 3339, the entity tag has its quotes; empty is unknown."""

    names: Names
    collection: bool
    key: str = ""
    """What dead properties are kept by, as long as it lives; empty where none can be kept."""
    etag: str = ""
    size: int = 0
    mime: str = ""
    modified: str = ""
    created: str = ""
    node: Node | None = None
    more: Mapping[str, str] = field(default_factory=dict)
    """What a tree of its own kind wants to remember until its properties are asked for."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes that a client sends for a file, and what it says of them. `modified` and `created` are of RFC 3339."""

    parts: AsyncIterable[bytes]
    mime: str = ""
    size: int | None = None
    md5: bytes | None = None
    modified: str = ""
    created: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be done to one of many."""

    names: Names
    refusal: Refusal
    collection: bool = False


class Tree:
    """A tree of resources. The verbs raise `Refusal`; what a subclass does not have is refused with 405."""

    name = ""
    """By what its locks are known: two mounts of one tree share them."""

    async def find(self, view: View, names: Names, *, exact: bool = False) -> Resource | None:
        """What the names lead to, or None.

        Where no such name is there, the same one composed otherwise (NFC, NFD) will do, unless the last is meant
        `exact`: nothing is overwritten by what only looks alike.
        """
        raise NotImplementedError

    def members(self, view: View, top: Resource) -> AsyncIterator[Sequence[Resource]]:
        """What a collection holds, some at a time, folders first."""
        raise NotImplementedError

    async def count(self, view: View, top: Resource, limit: int) -> int:
        """How many resources lie in a collection at any depth: it may stop to count after `limit`."""
        raise NotForThis("Depth: infinity does not work here")

    async def place(self, view: View, names: Names) -> tuple[Resource | None, Resource | None]:
        """The folder that the names lie in, if there is one, and what is there under exactly the last of them."""
        above = await self.find(view, names[:-1])
        if above is None or not above.collection:
            return None, None
        return above, await self.find(view, names, exact=True)

    def admit(self, view: View, verb: str) -> None:
        """Raises `Forbidden` for who may do that to nothing at all in this tree: nothing is looked up for them."""

    async def allow(self, view: View, verb: str, resource: Resource) -> None:
        """Raises `Forbidden` unless the caller may do that to it."""

    def read(self, view: View, resource: Resource, start: int, length: int) -> AsyncIterator[bytes]:
        """Bytes of a file."""
        raise NotForThis("There are no bytes here")

    async def put(
        self, view: View, above: Resource, name: str, held: Resource | None, sent: Sent, *, sure: bool
    ) -> tuple[Resource, bool]:
        """Makes a file in a folder, or gives it new bytes; whether it is new.

        `held` is what was there when the request was judged: with `sure` that must still be so, else it is refused.
        """
        raise NotForThis("Nothing can be written here")

    async def make(self, view: View, above: Resource, name: str, modified: str = "") -> Resource:
        """Makes a folder in another."""
        raise NotForThis("No folder can be made here")

    async def remove(self, view: View, resource: Resource) -> None:
        """Removes a resource and all below it."""
        raise NotForThis("Nothing can be removed here")

    async def copy(
        self,
        view: View,
        source: Resource,
        above: Resource,
        name: str,
        replaced: Resource | None,
        *,
        deep: bool,
        modified: str = "",
    ) -> Sequence[Trouble]:
        """Copies a resource into a folder under a name, in place of what is there; what could not be copied of many."""
        raise NotForThis("Nothing can be copied here")

    async def move(
        self, view: View, source: Resource, above: Resource, name: str, replaced: Resource | None, modified: str = ""
    ) -> Resource:
        """Moves a resource into a folder under a name, in place of what is there."""
        raise NotForThis("Nothing can be moved here")

    async def touch(self, view: View, resource: Resource, modified: str) -> None:
        """Says when a resource was changed last."""
        raise NotForThis("This date cannot be changed")
