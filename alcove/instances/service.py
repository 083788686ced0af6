"""The life of instances, and the table that finds one by the host of a request."""

from __future__ import annotations

import base64
import logging
import re
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import Clock, rfc3339
from alcove.base.digits import whole
from alcove.base.ids import new_id
from alcove.instances.errors import IllegalDomain, InstanceExists, InstanceMissing, RecordChanged
from alcove.instances.model import Instance, Provisioner, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alcove.base.house import Registry
    from alcove.documents import Change, Document, Documents, Tx

DIRECTORY = "alcove"
"""The tenant that holds the records of all instances."""
DOCTYPE = "instances"
NAMES = "instances.names"
"""Who has taken which domain: one small document a name, so that a name is taken once."""

SAMPLE_FLAG = "alcove.sample"
"""The flag by which the pages of an invented person mark themselves as such."""

_ILLEGAL = re.compile(r"[\s/,;&?#@|='\"\x00-\x1f\x7f]")
_BYTES = {"session_secret": 64, "oauth_secret": 128, "cli_secret": 128}
"""Lengths of an instance's secrets (contract-a section 2)."""

log = logging.getLogger("alcove.instances")


class Instances:
    """Who lives here. Records are documents of the server's own store; look-ups are a table in memory."""

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        provisioners: Registry[Provisioner],
        *,
        locale: str,
        flat: bool,
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._provisioners = provisioners
        self._locale = locale
        self.flat = flat
        self._by_name: dict[str, Instance] = {}
        self._removed = set[str]()
        self._destroyed: list[Callable[[Instance], None]] = []
        documents.watch(self._hear, frozenset((DOCTYPE,)))

    async def load(self) -> None:
        """Fills the table; ends the removal of instances that a crash interrupted."""
        await self._documents.create(DIRECTORY)
        for document in await self._documents.all(DIRECTORY, DOCTYPE):
            instance = _from(document)
            if instance.fields.get("deleting"):
                log.warning("finishing an interrupted removal", extra={"domain": instance.domain})
                await self._remove(instance)
            else:
                self._enter(instance)

    def on_destroyed(self, hear: Callable[[Instance], None]) -> None:
        """Calls `hear` when an instance is gone, so that rooms can drop what they keep in memory."""
        self._destroyed.append(hear)

    def all(self) -> list[Instance]:
        """Every instance, by domain."""
        return sorted({i.key: i for i in self._by_name.values()}.values(), key=lambda i: i.domain)

    def by_domain(self, domain: str) -> Instance:
        """The instance of a domain or an alias; raises `InstanceMissing`."""
        found = self._by_name.get(domain.lower())
        if found is None:
            raise InstanceMissing(f"There is no instance {domain}")
        return found

    def by_key(self, key: str) -> Instance | None:
        """The instance whose stores have this name."""
        return next((i for i in self._by_name.values() if i.key == key), None)

    async def fresh(self, instance: Instance) -> Instance:
        """The record as it is stored now, where what another process changed a moment ago matters."""
        document = await self._documents.get(DIRECTORY, DOCTYPE, instance.id)
        return instance if document is None else _from(document)

    def by_host(self, host: str) -> tuple[Instance, str] | None:
        """Whose host this is, and the slug of the app whose sub-domain it is ("" for the instance itself).

        A table, not a pattern: a nested `drive.me.tld` and a flat `me-drive.tld` are tried against known domains, so
        that a name with a hyphen is never ambiguous (contract-a section 1).
        """
        host = host.lower()
        found = self._by_name.get(host)
        if found is not None:
            return found, ""
        first, _, rest = host.partition(".")
        found = self._by_name.get(rest)
        if found is not None and first:
            return found, first
        return self._flat(first, rest)

    def _flat(self, first: str, rest: str) -> tuple[Instance, str] | None:
        place = first.find("-")
        while place > 0:
            found = self._by_name.get(f"{first[:place]}.{rest}")
            if found is not None:
                return found, first[place + 1 :]
            place = first.find("-", place + 1)
        return None

    def app_host(self, instance: Instance, slug: str) -> str:
        """The host of an app of an instance, flat or nested as this server is set."""
        if not self.flat:
            return f"{slug}.{instance.domain}"
        first, _, rest = instance.domain.partition(".")
        return f"{first}-{slug}.{rest}"

    def capabilities(self) -> dict[str, bool]:
        """What this server can do, in the contract's five words (contract-a section 5)."""
        return {
            "file_versioning": True,
            "flat_subdomains": self.flat,
            "can_auth_with_password": True,
            "can_auth_with_magic_links": False,
            "can_auth_with_oidc": False,
        }

    async def create(self, domain: str, options: Mapping[str, str], record: Mapping[str, Any]) -> Instance:
        """Makes an instance and what each room puts into it; all or nothing.

        `options` are the operator's parameters (contract-a section 10), `record` further members of the record.
        Raises `IllegalDomain`, `InstanceExists`.
        """
        domain = self.checked(domain)
        aliases = [self.checked(a) for a in options.get("DomainAliases", "").split(",") if a.strip()]
        fields = {**_new_record(domain, options, self._locale), "domain_aliases": aliases, **record}
        instance = Instance(domain, key_of(domain), new_id(), "", fields["locale"], fields)
        await self._claim(instance, [domain, *aliases])
        try:
            await self._documents.create(instance.key)
            for provision in self._provisioners:
                await provision(instance, options)
            instance = await self.change(instance, {"provisioned_at": rfc3339(self._clock.now())})
        except BaseException:
            await self._remove(instance)
            raise
        return instance

    async def _claim(self, instance: Instance, names: Sequence[str]) -> None:
        """Takes the names: two creations of the same domain at once end with one instance."""

        async def unit(tx: Tx) -> Document:
            for name in names:
                if await tx.get(NAMES, name) is not None or name in self._by_name:
                    raise InstanceExists(f"{name} is the domain of an instance already")
                await tx.put(NAMES, name, {"instance": instance.id})
            return await tx.put(DOCTYPE, instance.id, _record(instance))

        self._enter(_from(await self._documents.work(DIRECTORY, unit)))

    async def change(
        self, instance: Instance, members: Mapping[str, Any], *, expecting: Mapping[str, Any] | None = None
    ) -> Instance:
        """Changes members of the record (None removes one); gives the new record.

        Raises `InstanceMissing`, and `RecordChanged` when a member is not as `expecting` says.
        """

        def checked(old: Mapping[str, Any]) -> Mapping[str, Any]:
            if any(old.get(name) != value for name, value in (expecting or {}).items()):
                raise RecordChanged
            return members

        return await self.alter(instance, checked)

    async def alter(self, instance: Instance, members: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Instance:
        """Changes members of the record into what `members` makes of those there are; raises `InstanceMissing`."""

        async def unit(tx: Tx) -> Document:
            document = await tx.get(DOCTYPE, instance.id)
            if document is None:
                raise InstanceMissing(f"There is no instance {instance.domain}")
            old = document.fields()
            fields = {k: v for k, v in {**old, **members(old)}.items() if v is not None}
            return await tx.put(DOCTYPE, instance.id, fields, document.rev)

        changed = _from(await self._documents.work(DIRECTORY, unit))
        self._enter(changed)
        return changed

    async def rename(self, instance: Instance, domain: str) -> Instance:
        """Gives an instance another domain; its stores keep their name. Raises `IllegalDomain`, `InstanceExists`."""
        domain = self.checked(domain)
        if domain == instance.domain:
            return instance

        async def unit(tx: Tx) -> None:
            if await tx.get(NAMES, domain) is not None:
                raise InstanceExists(f"{domain} is the domain of an instance already")
            await tx.put(NAMES, domain, {"instance": instance.id})
            claim = await tx.get(NAMES, instance.domain)
            if claim is not None:
                await tx.delete(NAMES, instance.domain, claim.rev)

        await self._documents.work(DIRECTORY, unit)
        self._leave(instance)
        return await self.change(instance, {"domain": domain, "old_domain": instance.domain})

    async def destroy(self, instance: Instance) -> None:
        """Removes an instance and everything in it. Goes on after a crash at the next start."""
        await self._remove(await self.change(instance, {"deleting": True}))

    async def _remove(self, instance: Instance) -> None:
        self._leave(instance)
        self._removed.add(instance.id)
        for hear in self._destroyed:
            hear(instance)
        await self._documents.destroy(instance.key)

        async def unit(tx: Tx) -> None:
            document = await tx.get(DOCTYPE, instance.id)
            if document is not None:
                await tx.delete(DOCTYPE, instance.id, document.rev)
            for name in _names(instance):
                claim = await tx.get(NAMES, name)
                if claim is not None and claim.fields().get("instance") == instance.id:
                    await tx.delete(NAMES, name, claim.rev)

        await self._documents.work(DIRECTORY, unit)

    def checked(self, domain: str) -> str:
        """The domain as it is stored: lower case, unicode; raises `IllegalDomain` (contract-a section 9)."""
        domain = domain.strip().lower()
        if not domain or domain.startswith((".", ":")) or ".." in domain:
            raise IllegalDomain(domain, "it is empty or has an empty part")
        if _ILLEGAL.search(domain) or len(domain) > 253:
            raise IllegalDomain(domain, "it has a character that no host name has, or is too long")
        return domain

    def _enter(self, instance: Instance) -> None:
        for name in _names(instance):
            self._by_name[name] = instance

    def _leave(self, instance: Instance) -> None:
        for name in [n for n, i in self._by_name.items() if i.id == instance.id]:
            del self._by_name[name]

    def _hear(self, changes: Sequence[Change]) -> None:
        """Keeps the table true to what is committed, whoever wrote it."""
        for change in changes:
            if change.tenant != DIRECTORY or change.document.type != DOCTYPE:
                continue
            if change.document.deleted:
                self._leave(Instance("", "", change.document.id))
                self._mourn(change)
            else:
                instance = _from(change.document)
                self._leave(instance)
                if not instance.fields.get("deleting"):
                    self._enter(instance)

    def _mourn(self, change: Change) -> None:
        """Another process of this server removed an instance: what rooms keep of it here goes too."""
        if change.document.id in self._removed:
            self._removed.discard(change.document.id)
        elif change.old is not None:
            for hear in self._destroyed:
                hear(_from(change.old))


async def directory(documents: Documents) -> dict[str, tuple[str, list[Document]]]:
    """Every instance by its domain: its key, and the documents that make it known, its record last."""
    names = await documents.all(DIRECTORY, NAMES)
    found = [(_from(record), record) for record in await documents.all(DIRECTORY, DOCTYPE)]
    return {
        instance.domain: (
            instance.key,
            [*(name for name in names if name.fields().get("instance") == instance.id), record],
        )
        for instance, record in found
    }


def _names(instance: Instance) -> Iterable[str]:
    return [instance.domain, *instance.fields.get("domain_aliases", [])]


def _new_record(domain: str, options: Mapping[str, str], locale: str) -> dict[str, Any]:
    quota = options.get("DiskQuota", "")
    if quota and whole(quota.removeprefix("-"), 18) is None:
        raise IllegalDomain(domain, f"DiskQuota is {quota[:40]!r}; a number of bytes is allowed")
    return {
        "domain": domain,
        "prefix": key_of(domain),
        "locale": options.get("Locale") or locale,
        "uuid": options.get("UUID", ""),
        "context": options.get("ContextName", ""),
        "auth_mode": 0,
        **({"sample": True, "feature_flags": {SAMPLE_FLAG: True}} if options.get("Sample") == "true" else {}),
        "onboarding_finished": bool(options.get("Passphrase")),
        "disk_quota": quota,
        **{name: base64.b64encode(secrets.token_bytes(size)).decode() for name, size in _BYTES.items()},
        **({} if options.get("Passphrase") else {"register_token": base64.b64encode(secrets.token_bytes(16)).decode()}),
    }


def _record(instance: Instance) -> bytes:
    return orjson.dumps(instance.fields)


def _from(document: Document) -> Instance:
    fields = document.fields()
    instance = Instance(fields["domain"], fields["prefix"], document.id, document.rev, fields.get("locale", "en"))
    return replace(instance, fields=fields)
