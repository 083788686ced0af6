"""The clients of a place: registered, changed, let in, revoked. Their tokens are good as long as they are there."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.base.errors import TokenInvalid
from alcove.base.ids import new_id
from alcove.documents import Query
from alcove.identity.clients.model import CLIENTS, Client, free_name, linked_slug, read_metadata
from alcove.identity.errors import ClientMissing, MetadataWrong
from alcove.identity.model import Who, WrongScope, read_scope, read_set
from alcove.identity.permissions.model import birth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from alcove.base.clock import Clock
    from alcove.base.house import Registry
    from alcove.base.http import Rule, Tenant
    from alcove.documents import Document, Documents, Tx
    from alcove.identity.model import Offers
    from alcove.identity.permissions.service import Permissions
    from alcove.identity.tokens.service import Tokens
    from alcove.instances import Contexts, Instance, Instances

FORCED = {
    "client_secret_expires_at": 0,
    "grant_types": ["authorization_code", "refresh_token"],
    "response_types": ["code"],
}
"""What the server says of each client, whatever it asked for."""
KEPT = ("flagship", "certified_from_store", "allow_login_scope", "created_at_onboarding", "client_os", "pending",
        "synchronized_at", "last_refreshed_at", "oidc_session_id", "cozyMetadata")  # fmt: skip
"""Members that a client cannot change itself."""
LAST_HEARD = "last_activity_from_deleted_oauth_clients"
"""The member of an instance's record that says when one of its clients that are gone was heard of last."""
NEVER_LINKED = frozenset({"store", "settings"})
"""Apps that no client may speak for: they install others, and hold the keys."""
EVERYTHING = "*"
"""The scope of a certified client."""
APP = "@io.cozy.apps/"
"""How the scope of a client begins that may do what an app may, now and later."""
SHARING = "sharing"
"""The kind of a client that is another place, with which something is shared."""
PATIENCE = timedelta(hours=1)
"""How long a client that nobody lets in is kept."""
SECRET = 24
"""Bytes of a client's secret."""


class Clients:
    """Reads, makes and changes clients."""

    def __init__(
        self,
        documents: Documents,
        instances: Instances,
        tokens: Tokens,
        permissions: Permissions,
        offers: Registry[Offers],
        contexts: Contexts,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._offers = offers
        self._contexts = contexts
        self._instances = instances
        self._tokens = tokens
        self._permissions = permissions
        self._clock = clock

    # -- what there is

    async def find(self, tenant: Tenant, ident: str) -> Client | None:
        """The client of that id."""
        document = await self._documents.get(tenant.key, CLIENTS, ident) if ident else None
        return _from(document) if document is not None else None

    async def get(self, tenant: Tenant, ident: str) -> Client:
        """The client of that id; raises `ClientMissing`."""
        client = await self.find(tenant, ident)
        if client is None:
            raise ClientMissing
        return client

    async def all(self, tenant: Tenant) -> list[Client]:
        """Every client, by id."""
        return [_from(document) for document in await self._documents.all(tenant.key, CLIENTS)]

    async def connected(self, tenant: Tenant) -> list[Client]:
        """What the person has let in, by kind and name: not who waits, and not the other ends of sharings."""
        found = [client for client in await self.all(tenant) if not client.pending and client.kind != SHARING]
        return sorted(found, key=lambda client: (client.kind, client.name, client.id))

    async def who(self, instance: Instance, claims: Mapping[str, Any]) -> Who:
        """The caller of an access token; raises `TokenInvalid` when its client is gone, or may not have its scope."""
        client = await self.find(instance, str(claims.get("sub") or ""))
        if client is None:
            raise TokenInvalid
        rules = await self.rules(instance, client, str(claims.get("scope") or ""))
        return Who("access", client.id, "", rules, device=client.device)

    def certified(self, instance: Instance, client: Client) -> bool:
        """Whether a client may have everything: the person has certified it, or here none needs that."""
        return client.flagship or self._contexts.of(instance).get("skip_certification") is True

    async def rules(self, instance: Instance, client: Client, scope: str, *, offered: bool = False) -> list[Rule]:
        """What a scope opens to a client; raises `WrongScope`, and `TokenInvalid` for what it may not have.

        Everything is for certified clients alone, and nothing else may stand for it. The app that a client speaks for
        need not be installed yet when it is `offered`.
        """
        if scope == EVERYTHING:
            if not self.certified(instance, client):
                raise TokenInvalid
            return read_scope(scope)
        if scope.startswith(APP):
            slug = scope.removeprefix(APP)
            granted = await self._permissions.granted(instance, "app", slug)
            if granted is None and offered:
                granted = await self._offered(instance, slug)
            if granted is None or client.linked != slug:
                raise TokenInvalid
            return read_set(granted)
        rules = read_scope(scope)
        if any(rule.type == EVERYTHING for rule in rules):
            raise WrongScope("everything is asked for by the scope * alone")
        return rules

    # -- what changes it

    async def register(
        self, instance: Instance, said: Mapping[str, Any], *, pending: bool = True, login: bool = False
    ) -> tuple[Client, str]:
        """A new client, and its registration token; raises `MetadataWrong`.

        `pending` until the person has let it in; `login` for one that may ask who is there without being let in.
        """
        told = await self._checked(instance, said)
        stamp = rfc3339(self._clock.now())
        fields = {**told, **FORCED, "client_secret": _new_secret(), "cozyMetadata": _metadata(told, stamp)}
        fields |= {name: True for name, yes in (("pending", pending), ("allow_login_scope", login)) if yes}
        ident = new_id()

        async def unit(tx: Tx) -> Document:
            taken = await _names(tx)
            return await tx.put(CLIENTS, ident, {**fields, "client_name": free_name(told["client_name"], taken)})

        client = _from(await self._documents.work(instance.key, unit))
        return client, self._tokens.make(instance, "registration", client.id)

    async def update(self, instance: Instance, ident: str, said: Mapping[str, Any]) -> Client:
        """What a client says of itself now; with its present secret in `client_secret` it gets another one.

        Raises `ClientMissing`, `MetadataWrong`.
        """
        if said.get("client_id") != ident:
            raise MetadataWrong("invalid_client_id", "client_id is mandatory")
        told = await self._checked(instance, said)
        stamp, secret = rfc3339(self._clock.now()), said.get("client_secret") or ""

        async def unit(tx: Tx) -> Document:
            document = await tx.get(CLIENTS, ident)
            if document is None:
                raise ClientMissing
            old = _from(document)
            if secret and not (isinstance(secret, str) and same(secret, old.secret)):
                raise MetadataWrong("invalid_client_secret", "client_secret is invalid")
            kept = {name: old.fields[name] for name in KEPT if name in old.fields}
            fields = {**told, **FORCED, **kept, "client_secret": _new_secret() if secret else old.secret}
            fields["cozyMetadata"] = {**(kept.get("cozyMetadata") or _metadata(told, stamp)), "updatedAt": stamp}
            if told["client_name"] != old.name:
                fields["client_name"] = free_name(told["client_name"], await _names(tx))
            return await tx.put(CLIENTS, ident, fields, document.rev)

        return _from(await self._documents.work(instance.key, unit))

    async def bring(self, instance: Instance, client: Client) -> None:
        """Installs the app that a client speaks for, where it is not there; raises a `Refusal`."""
        if client.linked and await self._permissions.granted(instance, "app", client.linked) is None:
            for offers in self._offers:
                await offers.install(instance, client.linked)

    async def _offered(self, instance: Instance, slug: str) -> Mapping[str, Any] | None:
        for offers in self._offers:
            found = await offers.offered(instance, slug)
            if found is not None:
                return found
        return None

    async def let_in(self, tenant: Tenant, ident: str, system: str = "") -> None:
        """The person has let a client in, on a machine with that system; raises `ClientMissing`."""
        more = {"pending": None, **({"client_os": system} if system else {})}
        await self._change(tenant, ident, lambda old: {**old, **more})

    async def stand_on(self, tenant: Tenant, ident: str, sid: str) -> None:
        """A provider has vouched for who lets a client in, in that session if one is said; raises `ClientMissing`."""
        stamp = rfc3339(self._clock.now())
        more = {"pending": None, "last_refreshed_at": stamp, **({"oidc_session_id": sid} if sid else {})}
        await self._change(tenant, ident, lambda old: {**old, **more})

    async def revoke_delegated(self, instance: Instance, sid: str) -> None:
        """Removes the clients that stand on a provider's session, on any of its when `sid` is empty."""
        for client in await self.all(instance):
            known = client.fields.get("oidc_session_id")
            if known and sid in ("", known):
                await self.revoke(instance, client.id)

    async def certify(self, tenant: Tenant, ident: str) -> None:
        """The person has certified a client: it may ask for everything; raises `ClientMissing`."""
        stamp = rfc3339(self._clock.now())
        await self._change(
            tenant,
            ident,
            lambda old: {
                **old,
                "flagship": True,
                "cozyMetadata": {**(old.get("cozyMetadata") or {}), "updatedAt": stamp},
            },
        )

    async def seen(self, tenant: Tenant, ident: str, member: str) -> None:
        """Notes the time in `synchronized_at` or `last_refreshed_at`; raises `ClientMissing`."""
        await self._change(tenant, ident, lambda old: {**old, member: rfc3339(self._clock.now())})

    async def revoke(self, instance: Instance, ident: str) -> bool:
        """Removes a client: its tokens end. Whether it was there.

        The record of the instance keeps when it was heard of last: by that an operator knows who is still there.
        """

        async def unit(tx: Tx) -> Document | None:
            document = await tx.get(CLIENTS, ident)
            if document is not None:
                await tx.delete(CLIENTS, ident, document.rev)
            return document

        gone = await self._documents.work(instance.key, unit)
        heard = _from(gone).heard if gone is not None else ""
        if heard:
            await self._instances.alter(instance, lambda old: {LAST_HEARD: max(heard, old.get(LAST_HEARD) or "")})
        return gone is not None

    async def clean(self, key: str) -> None:
        """Removes the clients of the instance with this key that nobody has let in for an hour."""

        async def unit(tx: Tx) -> None:
            for document in await tx.find(CLIENTS, Query({"pending": True})):
                born = str((document.fields().get("cozyMetadata") or {}).get("createdAt") or "")
                if not born or datetime.fromisoformat(born) + PATIENCE <= self._clock.now():
                    await tx.delete(CLIENTS, document.id, document.rev)

        await self._documents.work(key, unit)

    async def _change(
        self, tenant: Tenant, ident: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> None:
        async def unit(tx: Tx) -> None:
            document = await tx.get(CLIENTS, ident)
            if document is None:
                raise ClientMissing
            changed = {name: value for name, value in change(document.fields()).items() if value is not None}
            await tx.put(CLIENTS, ident, changed, document.rev)

        await self._documents.work(tenant.key, unit)

    async def _checked(self, instance: Instance, said: Mapping[str, Any]) -> dict[str, Any]:
        told = read_metadata(said, {instance.domain, instance.main, *_aliases(instance)})
        slug = linked_slug(told["software_id"])
        if slug in NEVER_LINKED:
            raise MetadataWrong("unapproved_software_id", "Link with store/settings is forbidden")
        there = not slug or await self._permissions.granted(instance, "app", slug) is not None
        if not there and await self._offered(instance, slug) is None:
            raise MetadataWrong("unapproved_software_id", "Application was not found on instance registries")
        return told


def same(said: str, kept: str) -> bool:
    """Whether two secrets are the same, in a time that tells nothing of where they differ."""
    return secrets.compare_digest(said.encode(), kept.encode())


def _aliases(instance: Instance) -> Sequence[str]:
    return instance.fields.get("domain_aliases") or ()


def _metadata(told: Mapping[str, Any], stamp: str) -> dict[str, Any]:
    version = told.get("software_version")
    slug = linked_slug(told["software_id"])
    metadata = birth(slug, stamp, stamp)
    return {**metadata, "createdByAppVersion": version} if slug and version else metadata


async def _names(tx: Tx) -> set[str]:
    found = await tx.find(CLIENTS, Query({"client_name": {"$gt": ""}}))
    return {str(document.fields()["client_name"]) for document in found}


def _new_secret() -> str:
    return base64.b64encode(secrets.token_bytes(SECRET)).decode()


def _from(document: Document) -> Client:
    return Client(document.id, document.rev, document.fields())
