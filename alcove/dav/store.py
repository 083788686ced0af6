"""Locks and dead properties as documents of the instance: they go where it goes, and end when it does.

All locks of an instance are one document. They are few, each change of them is one unit of work, and every process
that asks reads the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from alcove.dav.model.locks import Lock, lock_from
from alcove.documents import Policy, Query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.documents import Document, Documents, Tx

LOCKS = "io.cozy.dav.locks"
PROPERTIES = "io.cozy.dav.properties"
ALL = "all"
"""The id of the document that holds the locks."""

POLICIES = {LOCKS: Policy(readable=False, writable=False), PROPERTIES: Policy(readable=False, writable=False)}


def locks_in(document: Document | None, now: float) -> list[Lock]:
    """The locks that a document holds and that have not ended."""
    if document is None:
        return []
    return [lock_from(said) for said in document.fields()["locks"] if said["until"] > now]


async def locks(documents: Documents, tenant: str, now: float) -> list[Lock]:
    """The locks of an instance."""
    return locks_in(await documents.get(tenant, LOCKS, ALL), now)


async def locks_within(tx: Tx, now: float) -> tuple[list[Lock], str]:
    """The locks as a unit of work sees them, and the revision to write upon."""
    document = await tx.get(LOCKS, ALL)
    return locks_in(document, now), document.rev if document else ""


async def keep_locks(tx: Tx, held: Sequence[Lock], rev: str) -> None:
    """Writes all the locks there are."""
    await tx.put(LOCKS, ALL, orjson.dumps({"locks": [lock.fields() for lock in held]}), rev)


async def any_properties(documents: Documents, tenant: str) -> bool:
    """Whether anything in this instance has dead properties at all."""
    return await documents.count(tenant, PROPERTIES) > 0


async def properties(documents: Documents, tenant: str, keys: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """The dead properties of these resources, by their keys: XML by name. Those that have none are left out."""
    if len(keys) == 1:
        document = await documents.get(tenant, PROPERTIES, keys[0])
        found = [] if document is None else [document]
    else:
        found = (await documents.find(tenant, PROPERTIES, Query({"_id": {"$in": list(keys)}}))).documents
    return {document.id: document.fields()["properties"] for document in found}


async def properties_within(tx: Tx, key: str) -> tuple[dict[str, str], str]:
    """The dead properties of a resource as a unit of work sees them, and the revision to write upon."""
    document = await tx.get(PROPERTIES, key)
    return (dict(document.fields()["properties"]), document.rev) if document else ({}, "")


async def keep_properties(tx: Tx, key: str, held: Mapping[str, str], rev: str) -> None:
    """Writes all dead properties of a resource."""
    if held:
        body: dict[str, Any] = {"properties": held}
        await tx.put(PROPERTIES, key, orjson.dumps(body), rev)
    elif rev:
        await tx.delete(PROPERTIES, key, rev)
