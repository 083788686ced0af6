"""What the routes of the matrix of guards are called with: one of each thing that a path can name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from alcove.documents import Documents, Tx
from alcove.identity import client_form, salt_of
from alcove.instances import Instances
from alcove.server.testing import ROUNDS
from alcove.server.tests.callers import DOMAIN, PASSPHRASE

if TYPE_CHECKING:
    import httpx

    from alcove.server.testing import Front

TRIGGER = b'{"data":{"attributes":{"type":"@client","worker":"client","arguments":"","message":{}}}}'
JOB = b'{"data":{"attributes":{}}}'
KEPT = {
    "io.cozy.contacts": ("one", {"name": "One"}),
    "io.cozy.accounts": ("account", {"account_type": "shop"}),
    "org.alcove.gatherings": ("gathering", {"state": "done", "files": []}),
    "org.alcove.intake": ("intake", {"name": "march.ofx", "size": 1, "md5sum": "x"}),
    "org.alcove.questions": ("question", {"state": "answered"}),
}
"""A document of each of these types, by its id."""


class Things:
    """Makes them anew for every route: the one before may have removed or moved them."""

    def __init__(self, entry: Front) -> None:
        self._entry = entry
        self._made = 0
        self._form = client_form(PASSPHRASE, salt_of(DOMAIN), int(ROUNDS))

    async def fresh(self, *, jobs: bool) -> dict[str, str]:
        """Ids by the names that paths, queries, bodies and needs of the table use; those of `jobs` only where asked."""
        self._made += 1
        await self._keep()
        async with self._entry.client(scope="*") as client:
            folder = await _id(client, f"/files/?Type=directory&Name=folder-{self._made}")
            file = await _id(client, f"/files/{folder}?Type=file&Name=a.txt", b"a")
            trashed = await _id(client, f"/files/{folder}?Type=file&Name=b.txt", b"b")
            assert (await client.delete(f"/files/{trashed}")).status_code == 200
            old = await client.put(f"/files/{file}", content=b"aa")
            assert old.status_code == 200
            version = old.json()["data"]["relationships"]["old_versions"]["data"][0]["id"].partition("/")[2]
            trigger = await _id(client, "/jobs/triggers", TRIGGER) if jobs else ""
            job = await _id(client, "/jobs/queue/client", JOB, 202) if jobs else ""
        return {
            "file": file, "folder": folder, "trashed": trashed, "path": f"/folder-{self._made}/a.txt",
            "version": version, "trigger": trigger, "job": job,
            "doctype": "io.cozy.contacts", "docid": "one", "number": str(self._made), "form": self._form,
        }  # fmt: skip

    async def _keep(self) -> None:
        async def unit(tx: Tx) -> None:
            for kind, (ident, fields) in KEPT.items():
                there = await tx.get(kind, ident)
                await tx.put(kind, ident, orjson.dumps(fields), there.rev if there is not None else "")

        tenant = self._entry.house.need(Instances).by_domain(DOMAIN).key
        await self._entry.house.need(Documents).work(tenant, unit)


async def _id(client: httpx.AsyncClient, path: str, content: bytes = b"", status: int = 201) -> str:
    answer = await client.post(path, content=content)
    assert answer.status_code == status, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return str(made["id"])
