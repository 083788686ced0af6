"""Dead properties: what clients want to be kept with a resource, as XML that means nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.dav import store
from alcove.dav.errors import TooManyProperties

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from alcove.dav.service.tree import Resource, View
    from alcove.documents import Change, Documents, Tx
    from alcove.instances import Instance

MOST = 200
"""Dead properties of one resource at the most."""
BYTES = 256 << 10
"""Characters of all of them together."""
BATCH = 500
FOLLOWER = "dav.properties"


class DeadProperties:
    """The dead properties of every instance, by the keys of their resources."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    async def of(self, view: View, resources: Sequence[Resource]) -> Mapping[str, Mapping[str, str]]:
        """Those of some resources: XML by name, by key."""
        keys, tenant = [resource.key for resource in resources if resource.key], view.instance.key
        if not keys or not await store.any_properties(self._documents, tenant):
            return {}
        return await store.properties(self._documents, tenant, keys)

    async def change(self, instance: Instance, key: str, setting: Mapping[str, str], removing: Collection[str]) -> None:
        """Sets and removes properties of a resource, all or none. Raises `TooManyProperties`."""

        async def unit(tx: Tx) -> None:
            held, rev = await store.properties_within(tx, key)
            after = {name: xml for name, xml in held.items() if name not in removing} | dict(setting)
            if len(after) > MOST or sum(map(len, after.values())) > BYTES:
                raise TooManyProperties
            if after != held:
                await store.keep_properties(tx, key, after, rev)

        await self._documents.work(instance.key, unit)

    async def copy(self, instance: Instance, keys: Mapping[str, str]) -> None:
        """Gives copies what their originals have: keys of the copies by those of the originals."""
        if not keys or not await store.any_properties(self._documents, instance.key):
            return
        originals = list(keys)
        for start in range(0, len(originals), BATCH):
            found = await store.properties(self._documents, instance.key, originals[start : start + BATCH])

            async def unit(tx: Tx, found: Mapping[str, Mapping[str, str]] = found) -> None:
                for key, held in found.items():
                    await store.keep_properties(tx, keys[key], held, "")

            if found:
                await self._documents.work(instance.key, unit)

    async def follow(self, tenant: str, changes: Sequence[Change]) -> None:
        """Drops the properties of what was destroyed: a follower of files, which may hear of a thing twice."""
        gone = [change.document.id for change in changes if change.document.deleted]
        if not gone or not await store.any_properties(self._documents, tenant):
            return

        async def unit(tx: Tx) -> None:
            for key in gone:
                _, rev = await store.properties_within(tx, key)
                await store.keep_properties(tx, key, {}, rev)

        await self._documents.work(tenant, unit)

    @staticmethod
    def wants(tenant: str, changes: Sequence[Change]) -> bool:  # noqa: ARG004 - a follower's shape
        """Whether a commit destroyed something."""
        return any(change.document.deleted for change in changes)
