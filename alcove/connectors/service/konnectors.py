"""Which connectors there are, and installing them as documents that their tokens' rights come from."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alcove.base.clock import Clock, rfc3339
from alcove.connectors.errors import NoSuchConnector
from alcove.connectors.model import KONNECTORS, MANIFEST, Konnector, read_konnector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.base.http import Tenant
    from alcove.connectors.store import Shelf

log = logging.getLogger("alcove.connectors")

PACKAGE = "alcove_connectors"
FOLDER_RULE = "saveFolder"


def package_folder() -> Path | None:
    """Where the connectors of this installation lie; found without importing them."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def built_in() -> list[Konnector]:
    """The connectors of this installation, by slug. One with a broken manifest is left out and logged."""
    folder = package_folder()
    found = []
    for path in sorted(folder.glob(f"*/{MANIFEST}")) if folder else []:
        try:
            found.append(read_konnector(path.parent))
        except ValueError as error:
            log.warning("a connector is left out", extra={"reason": str(error)})
    return found


class Konnectors:
    """The connectors that this server can run."""

    def __init__(self, shelf: Shelf, clock: Clock, konnectors: Sequence[Konnector]) -> None:
        self._shelf = shelf
        self._clock = clock
        self._by_slug = {konnector.slug: konnector for konnector in konnectors}

    def all(self) -> list[Konnector]:
        """Every connector, by slug."""
        return list(self._by_slug.values())

    def get(self, slug: str) -> Konnector:
        """The connector of that slug; raises `NoSuchConnector`."""
        found = self._by_slug.get(slug)
        if found is None:
            raise NoSuchConnector(slug)
        return found

    async def find(self, tenant: Tenant, slug: str, place: Callable[[str, str], Path]) -> Konnector:
        """The connector that an instance runs under a slug; raises `NoSuchConnector`.

        One that came from elsewhere lies at `place(slug, code)`, and is what was noted when it was installed.
        """
        stored = await self._shelf.konnector(tenant.key, slug)
        code = str((stored or {}).get("code") or "")
        if stored is None or not code:
            return self.get(slug)
        return Konnector(slug, place(slug, code), stored)

    async def install(self, tenant: Tenant) -> None:
        """Writes the documents of all connectors whose manifest is not the stored one. Idempotent."""
        for konnector in self._by_slug.values():
            old = await self._shelf.konnector(tenant.key, konnector.slug)
            if old is not None and old.get("code"):
                continue  # the person has another connector of that name
            fields = self._document(konnector, old)
            if old is None or {**fields, "updated_at": old.get("updated_at")} != old:
                await self._shelf.put_konnector(tenant.key, konnector.slug, fields)

    def _document(self, konnector: Konnector, old: Mapping[str, Any] | None) -> dict[str, Any]:
        now = rfc3339(self._clock.now())
        return {
            **konnector.manifest,
            "type": "konnector",
            "slug": konnector.slug,
            "source": f"builtin://{konnector.slug}",
            "state": "ready",
            "permissions": konnector.permissions,
            "created_at": (old or {}).get("created_at") or now,
            "updated_at": now,
        }

    async def grant(self, tenant: Tenant, slug: str) -> Mapping[str, Any] | None:
        """The permission set of an installed connector: identity asks for it by the token's subject."""
        stored = await self._shelf.konnector(tenant.key, slug)
        if not stored:
            return None
        granted = dict(stored.get("permissions") or {})
        if stored.get("code") and stored.get("folders"):
            granted.setdefault(FOLDER_RULE, _own_folder(slug))
        return granted


def _own_folder(slug: str) -> Mapping[str, Any]:
    """The rule that opens the folder it saves into, whatever else its manifest asks for (contract-b section 8)."""
    return {"type": "io.cozy.files", "verbs": ["ALL"], "selector": "referenced_by", "values": [f"{KONNECTORS}/{slug}"]}
