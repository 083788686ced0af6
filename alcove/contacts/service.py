"""The picture of who lives here: given, taken away, shown to everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.contacts.store import AVATARS, AvatarDocument
from alcove.instances import Allowance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.files import Thumbnails
    from alcove.instances import Allowances, Instance

__all__ = ["AVATARS", "Avatars"]

CHANGES = Allowance("pictures of a person", 60)
"""One program draws for everybody: nobody is to keep it for themselves."""
SIZE = "small"
"""Which size of a picture is kept: 640 by 480 points at the most."""


class Avatars:
    """The picture of each instance's person.

    What is sent is drawn anew, small and without its description: everybody may see this picture, and nobody is to
    learn from it where a photograph was taken.
    """

    def __init__(self, document: AvatarDocument, thumbnails: Thumbnails, allowances: Allowances) -> None:
        self._document = document
        self._allowances = allowances
        self._thumbnails = thumbnails

    async def get(self, instance: Instance) -> tuple[bytes, str] | None:
        """The picture as JPEG, and a text that is another one when the picture is."""
        return await self._document.get(instance.key)

    async def change(self, instance: Instance, picture: bytes) -> None:
        """Takes a picture of a kind that thumbnails are made of. Raises `NoPicture`, `NoConfinement`, `TooOften`."""
        await self._allowances.take(instance.key, CHANGES)
        await self._document.put(instance.key, (await self._thumbnails.shrink(_once(picture)))[SIZE])

    async def remove(self, instance: Instance) -> None:
        """Takes the picture away."""
        await self._document.remove(instance.key)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
