"""The settings document of an instance and its owner's own contact (contract-a sections 8 and 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.base.ids import new_id
from alcove.documents import Index, Query
from alcove.instances.parameters import settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Document, Documents, Tx
    from alcove.instances.model import Instance

SETTINGS, SETTINGS_ID = "io.cozy.settings", "io.cozy.settings.instance"
CONTACTS = "io.cozy.contacts"
MYSELF = Index(CONTACTS, "myself", ("me",))
"""Of the many contacts the one that says `me`, and the few that say they are not."""
_ME = Query({"me": True}, limit=1, use_index=MYSELF.name)


class SettingsDocument:
    """Reads and makes `io.cozy.settings.instance`."""

    def __init__(self, documents: Documents, clock: Clock, scheme: str) -> None:
        self._documents = documents
        self._clock = clock
        self._scheme = scheme

    async def get(self, instance: Instance) -> Document | None:
        """The stored document."""
        return await self._documents.get(instance.key, SETTINGS, SETTINGS_ID)

    async def provision(self, instance: Instance, options: Mapping[str, str]) -> None:
        """Writes the settings and the contact of the person who lives here."""
        said = settings_of(options)

        async def unit(tx: Tx) -> None:
            if await tx.get(SETTINGS, SETTINGS_ID) is None:
                await tx.put(SETTINGS, SETTINGS_ID, said)
                await tx.put(CONTACTS, new_id(), self._myself(instance, said))

        await self._documents.work(instance.key, unit)

    async def replace(self, instance: Instance, fields: Mapping[str, Any], rev: str, stays: Sequence[str]) -> Document:
        """Replaces the settings, but for the members named by `stays`; raises `RevisionConflict`."""

        async def unit(tx: Tx) -> Document:
            old = await tx.get(SETTINGS, SETTINGS_ID)
            stored = old.fields() if old else {}
            kept = {name: value for name, value in fields.items() if name not in stays}
            return await tx.put(SETTINGS, SETTINGS_ID, kept | {n: stored[n] for n in stays if n in stored}, rev)

        return await self._documents.work(instance.key, unit)

    async def amend(self, instance: Instance, members: Mapping[str, Any]) -> None:
        """Sets some members of the settings, whatever the others are; None removes one."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(SETTINGS, SETTINGS_ID)
            stored = old.fields() if old else {}
            if any(stored.get(name) != value for name, value in members.items()):
                said = {name: value for name, value in {**stored, **members}.items() if value is not None}
                await tx.put(SETTINGS, SETTINGS_ID, said, old.rev if old else "")

        await self._documents.work(instance.key, unit)

    async def myself(self, instance: Instance) -> Document:
        """The contact of the person who lives here, made when there is none."""
        found = await self._documents.find(instance.key, CONTACTS, _ME)
        if found.documents:
            return found.documents[0]

        async def unit(tx: Tx) -> Document:
            there = await tx.find(CONTACTS, _ME)
            if there:
                return there[0]
            settings = await tx.get(SETTINGS, SETTINGS_ID)
            return await tx.put(CONTACTS, new_id(), self._myself(instance, settings.fields() if settings else {}))

        return await self._documents.work(instance.key, unit)

    async def name(self, instance: Instance, name: str) -> None:
        """Gives the settings a name, and the contact of the person who lives here if it has none."""

        async def unit(tx: Tx) -> None:
            old = await tx.get(SETTINGS, SETTINGS_ID)
            stored = old.fields() if old else {}
            await tx.put(SETTINGS, SETTINGS_ID, {**stored, "public_name": name}, old.rev if old else "")
            for contact in await tx.find(CONTACTS, _ME):
                fields = contact.fields()
                if not fields.get("fullname"):
                    myself = self._myself(instance, {**stored, "public_name": name})
                    changed = {key: myself[key] for key in ("fullname", "displayName", "indexes")}
                    await tx.put(CONTACTS, contact.id, {**fields, **changed}, contact.rev)

        await self._documents.work(instance.key, unit)

    def _myself(self, instance: Instance, said: Mapping[str, str]) -> dict[str, Any]:
        contact: dict[str, Any] = {
            "me": True,
            "cozy": [{"url": f"{self._scheme}://{instance.domain}", "primary": True}],
        }
        name, email = said.get("public_name", ""), said.get("email", "")
        if email:
            contact["email"] = [{"address": email, "primary": True}]
        if name:
            contact |= {"fullname": name, "displayName": name}
        contact["indexes"] = {"byFamilyNameGivenNameEmailCozyUrl": (email or name or instance.domain).lower()}
        contact["metadata"] = {"version": 1, "cozy": True}
        contact["cozyMetadata"] = {"createdAt": rfc3339(self._clock.now()), "metadataVersion": 1, "doctypeVersion": "3"}
        return contact
