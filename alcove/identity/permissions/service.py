"""Makes, finds and changes permission documents: what links open, and what apps may do (contract-a section 4).

What an app may do is what its manifest says and what other apps of the person added since. Only the latter is kept, in
a document whose id is made from the app's. It names the day the app was installed: another installation begins anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.base.errors import Forbidden, TokenExpired
from alcove.base.ids import new_id
from alcove.identity.errors import LargerSet, NotForSharing, NotItsParent, PermissionMissing
from alcove.identity.model import MAKERS, read_set
from alcove.identity.permissions.model import (
    HOLDERS,
    KINDS,
    PERMISSIONS,
    TYPES,
    Permission,
    birth,
    id_of,
    maximal,
    short_code,
    source_of,
)
from alcove.identity.permissions.rules import added, all_within, shown, tidy, within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.base.house import Registry
    from alcove.base.http import Rule, Tenant
    from alcove.documents import Document, Documents, Tx
    from alcove.identity.model import Grant, Who
    from alcove.identity.permissions.model import NewLink, Patch
    from alcove.identity.tokens.service import Tokens
    from alcove.instances import Instance


class Permissions:
    """Reads, makes and changes permission documents."""

    def __init__(
        self,
        documents: Documents,
        tokens: Tokens,
        grants: Registry[Grant],
        writable: Callable[[str], bool],
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._tokens = tokens
        self._grants = grants
        self._writable = writable
        self._clock = clock

    # -- what there is

    async def granted(self, tenant: Tenant, audience: str, slug: str) -> Mapping[str, Any] | None:
        """What an app or a connector may do, by title; None when it is not installed."""
        grant = self._grants.get(audience)
        manifest = await grant(tenant, slug) if grant else None
        if manifest is None:
            return None
        kept = await self._documents.get(tenant.key, PERMISSIONS, id_of(f"{KINDS[audience]}/{slug}"))
        fields = kept.fields() if kept is not None else {}
        if fields.get("installed_at") != await self._installed_at(tenant, audience, slug):
            return manifest
        removed = fields.get("removed") or ()
        left = {title: rule for title, rule in manifest.items() if title not in removed}
        return added(left, fields.get("permissions") or {})

    async def of(self, tenant: Tenant, who: Who) -> Permission:
        """The permissions of a caller."""
        if who.document:
            return await self.get(tenant, who.document)
        if who.audience in KINDS:
            return await self.of_app(tenant, who.audience, who.subject)
        source = source_of(who)
        told = {"type": TYPES.get(who.audience, who.audience), **({"source_id": source} if source else {})}
        return Permission("", "", {**told, "permissions": shown(who.permissions)})

    async def of_app(self, tenant: Tenant, audience: str, slug: str) -> Permission:
        """The permissions of an app or a connector; raises `PermissionMissing` when it is not installed."""
        source = f"{KINDS[audience]}/{slug}"
        permissions = await self.granted(tenant, audience, slug)
        app = await self._holder(tenant, audience, slug)
        if permissions is None or app is None:
            raise PermissionMissing
        kept, there = await self._documents.get(tenant.key, PERMISSIONS, id_of(source)), app.fields()
        made, changed = str(there.get("created_at") or ""), str(there.get("updated_at") or "")
        cozy = (kept.fields().get("cozyMetadata") if kept else None) or birth(slug, made, changed)
        fields = {"type": TYPES[audience], "source_id": source, "permissions": tidy(permissions), "cozyMetadata": cozy}
        return Permission(id_of(source), (kept or app).rev, fields)

    async def get(self, tenant: Tenant, ident: str) -> Permission:
        """The permission document of that id; raises `PermissionMissing`."""
        document = await self._documents.get(tenant.key, PERMISSIONS, ident)
        if document is not None and "installed_at" not in document.fields():
            return _from(document)
        for audience, kind in ((audience, kind) for audience, kinds in HOLDERS.items() for kind in kinds):
            for app in await self._documents.all(tenant.key, kind):
                if id_of(app.id) == ident:
                    return await self.of_app(tenant, audience, app.id.rpartition("/")[2])
        raise PermissionMissing

    async def links(self, tenant: Tenant) -> list[Permission]:
        """All links, those that ended too, by id."""
        return [permission for permission in await self.all(tenant) if permission.type == "share"]

    async def all(self, tenant: Tenant) -> list[Permission]:
        """Every permission document that is kept, by id."""
        return [_from(document) for document in await self._documents.all(tenant.key, PERMISSIONS)]

    async def opened(self, tenant: Tenant, references: Iterable[tuple[str, str]]) -> dict[tuple[str, str], set[str]]:
        """What links allow with each of these documents (type, id), of those that are named by one that has not ended.

        What opens because a folder above it does is not among them.
        """
        wanted, found = set(references), dict[tuple[str, str], set[str]]()
        for link in await self.links(tenant):
            if self.ended(link):
                continue
            for rule in link.rules:
                if rule.selector in ("", "_id"):
                    for one in wanted & {(rule.type, value) for value in rule.values}:
                        found.setdefault(one, set()).update(rule.verbs)
        return found

    def ended(self, permission: Permission) -> bool:
        """Whether its day has come."""
        return permission.ends is not None and permission.ends <= self._clock.now()

    async def check_alive(self, tenant: Tenant, permission: Permission) -> None:
        """Raises `TokenExpired` when it ended: at its time, or with the app or the sharing that it belongs to."""
        kind, _, name = permission.source.partition("/")
        audience = next((audience for audience, known in KINDS.items() if known == kind), "")
        if audience:
            grant = self._grants.get(audience)
            there = grant is not None and await grant(tenant, name) is not None
        else:
            there = kind != "io.cozy.sharings" or await self._documents.get(tenant.key, kind, name) is not None
        if not there or self.ended(permission):
            raise TokenExpired

    # -- what changes it

    async def create(self, instance: Instance, who: Who, link: NewLink) -> Permission:
        """A new link; raises `NotForSharing`, `LargerSet`, `Forbidden` for what no link may open."""
        if who.audience not in MAKERS:
            raise NotForSharing
        self._check_rules(read_set(link.permissions), who)
        ident, slug = new_id(), who.subject if who.audience in KINDS else ""
        stamp = rfc3339(self._clock.now())
        fields = {
            "type": "share",
            "source_id": source_of(who),
            "permissions": link.permissions,
            "codes": {name: self._code(instance, name, ident) for name in link.names},
            "shortcodes": {name: short_code(tiny=link.tiny) for name in link.names},
            "password": link.lock,
            "expires_at": link.ends,
            "cozyMetadata": birth(slug, stamp, stamp, instance.domain),
        }
        body = {name: value for name, value in fields.items() if value}

        async def unit(tx: Tx) -> Document:
            return await tx.put(PERMISSIONS, ident, body)

        return _from(await self._documents.work(instance.key, unit))

    async def patch(self, instance: Instance, who: Who, ident: str, patch: Patch) -> Permission:
        """Changes a link, or what an app may do; raises `PermissionMissing`, `NotItsParent`, `LargerSet`."""
        permission = await self.get(instance, ident)
        audience = next((audience for audience, name in TYPES.items() if name == permission.type), "")
        if audience in KINDS:
            if patch.rules is None:
                raise NotItsParent
            return await self.patch_app(instance, who, audience, permission.source.partition("/")[2], patch.rules)
        self._check_parent(who, permission)
        if patch.rules is not None:
            self._check_rules(read_set({title: rule for title, rule in patch.rules.items() if rule is not None}), who)

        async def unit(tx: Tx) -> Document:
            document = await tx.get(PERMISSIONS, ident)
            if document is None:
                raise PermissionMissing
            # Judged again: it may have been changed since it was read.
            self._check_parent(who, _from(document))
            return await tx.put(PERMISSIONS, ident, self._patched(instance, who, document, patch), document.rev)

        return _from(await self._documents.work(instance.key, unit))

    async def patch_app(
        self, instance: Instance, who: Who, audience: str, slug: str, rules: Mapping[str, Mapping[str, Any] | None]
    ) -> Permission:
        """Adds rules to those of an app, of what the caller may do itself; takes away only from the caller's own.

        Raises `PermissionMissing`, `LargerSet`, `Forbidden`.
        """
        if who.audience not in MAKERS:
            raise Forbidden
        source = f"{KINDS[audience]}/{slug}"
        present = await self.of_app(instance, audience, slug)
        more = {title: rule for title, rule in rules.items() if rule is not None}
        gone = [title for title, rule in rules.items() if rule is None]
        if gone and who.source != source and not maximal(who):
            raise NotItsParent
        if not all(within(rule, who.permissions) for rule in read_set(more)):
            raise LargerSet
        since, stamp = await self._installed_at(instance, audience, slug), rfc3339(self._clock.now())

        async def unit(tx: Tx) -> None:
            document = await tx.get(PERMISSIONS, id_of(source))
            kept = document.fields() if document is not None else {}
            if kept.get("installed_at") != since:
                kept = {
                    "type": TYPES[audience],
                    "source_id": source,
                    "installed_at": since,
                    "cozyMetadata": present.fields["cozyMetadata"],
                }
            own = {title: rule for title, rule in (kept.get("permissions") or {}).items() if title not in gone}
            kept["permissions"] = added(own, more)
            kept["removed"] = sorted({*(kept.get("removed") or ()), *gone} - set(more))
            kept["cozyMetadata"] = {**kept["cozyMetadata"], "updatedAt": stamp}
            await tx.put(PERMISSIONS, id_of(source), kept, document.rev if document is not None else "")

        await self._documents.work(instance.key, unit)
        return await self.of_app(instance, audience, slug)

    async def own(self, tenant: Tenant, who: Who, ident: str) -> Permission:
        """A link that the caller may change; raises `PermissionMissing`, `NotItsParent`."""
        permission = await self.get(tenant, ident)
        self._check_parent(who, permission)
        return permission

    async def revoke(self, tenant: Tenant, who: Who, ident: str) -> None:
        """Takes a link back; raises `PermissionMissing`, `NotItsParent`."""
        self._check_parent(who, await self.get(tenant, ident))

        async def unit(tx: Tx) -> None:
            document = await tx.get(PERMISSIONS, ident)
            if document is not None:
                await tx.delete(PERMISSIONS, ident, document.rev)

        await self._documents.work(tenant.key, unit)

    def _patched(self, instance: Instance, who: Who, document: Document, patch: Patch) -> dict[str, Any]:
        fields = document.fields()
        if patch.rules is not None:
            rules = {**fields["permissions"], **patch.rules}
            fields["permissions"] = {title: rule for title, rule in rules.items() if rule is not None}
        if patch.codes is not None:
            long, short = fields.get("codes") or {}, fields.get("shortcodes") or {}
            fields["codes"] = {name: long.get(name) or self._code(instance, name, document.id) for name in patch.codes}
            fields["shortcodes"] = {name: code for name, code in short.items() if name in patch.codes}
        for name, value in (("password", patch.lock), ("expires_at", patch.ends)):
            if value is not None:
                fields[name] = value
        slug = who.subject if who.audience in KINDS else ""
        made = (fields.get("cozyMetadata") or {}).get("createdAt", "")
        fresh = birth(slug, made, rfc3339(self._clock.now()), instance.domain)
        fields["cozyMetadata"] = {**fresh, **(fields.get("cozyMetadata") or {}), "updatedAt": fresh["updatedAt"]}
        return {name: value for name, value in fields.items() if value or name == "permissions"}

    def _check_rules(self, rules: Sequence[Rule], who: Who) -> None:
        if not all(within(rule, who.permissions) for rule in rules):
            raise LargerSet
        for rule in rules:
            # Files have their own routes, which look after links; nothing else that the server keeps for itself does.
            if rule.type == "*" or (rule.type != "io.cozy.files" and not self._writable(rule.type)):
                raise Forbidden(f"reserved doctype {rule.type} unwritable")

    def _check_parent(self, who: Who, permission: Permission) -> None:
        if permission.type != "share" or who.audience not in MAKERS:
            raise NotItsParent
        if source_of(who) != permission.source and not all_within(permission.rules, who.permissions):
            raise NotItsParent

    def _code(self, instance: Instance, name: str, ident: str) -> str:
        return self._tokens.make(instance, "share", name, scope=ident)

    async def _installed_at(self, tenant: Tenant, audience: str, slug: str) -> str:
        app = await self._holder(tenant, audience, slug)
        return str(app.fields().get("created_at") or "") if app is not None else ""

    async def _holder(self, tenant: Tenant, audience: str, slug: str) -> Document | None:
        """The document of an app or a connector."""
        for kind in HOLDERS[audience]:
            found = await self._documents.get(tenant.key, kind, f"{KINDS[audience]}/{slug}")
            if found is not None:
                return found
        return None


def _from(document: Document) -> Permission:
    return Permission(document.id, document.rev, document.fields())
