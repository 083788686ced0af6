"""The life of instances, and the table that finds one by the host of a request."""

from __future__ import annotations

import logging
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import Clock, rfc3339
from alcove.base.ids import new_id
from alcove.instances.errors import IllegalDomain, InstanceExists, InstanceMissing, RecordChanged
from alcove.instances.model import Capability, Instance, Provisioner, key_of, names_of
from alcove.instances.parameters import members_of, terms_after, truth
from alcove.instances.records import DIRECTORY, DOCTYPE, NAMES, from_document, new_record
from alcove.instances.table import Table, as_read, as_written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from alcove.base.house import Registry
    from alcove.documents import Change, Document, Documents, Tx

DEBUG_UNTIL = "debug_until"
"""The member of the record that says until when each request is logged."""
DEBUGGED = timedelta(days=1)
"""How long that is, unless it is said."""
REMEMBERED = 20
"""Domains of before that an instance keeps."""

_ILLEGAL = re.compile(r"[\s/,;&?#@|='\"\x00-\x1f\x7f]")
log = logging.getLogger("alcove.instances")


class Instances:
    """Who lives here. Records are documents of the server's own store; look-ups are a table in memory."""

    def __init__(
        self,
        documents: Documents,
        clock: Clock,
        provisioners: Registry[Provisioner],
        capable: Registry[Capability],
        *,
        locale: str,
        flat: bool,
    ) -> None:
        self._documents = documents
        self._clock = clock
        self._provisioners = provisioners
        self._capable = capable
        self._locale = locale
        self.flat = flat
        self._table = Table()
        self._removed = set[str]()
        self._destroyed: list[Callable[[Instance], None]] = []
        self._removals: list[Callable[[Instance], Awaitable[None]]] = []
        documents.watch(self._hear, frozenset((DOCTYPE,)))

    async def load(self) -> None:
        """Fills the table; ends the removal of instances that a crash interrupted."""
        await self._documents.create(DIRECTORY)
        for document in await self._documents.all(DIRECTORY, DOCTYPE):
            instance = from_document(document)
            if instance.fields.get("removing"):
                log.warning("finishing an interrupted removal", extra={"domain": instance.domain})
                await self._remove(instance)
            else:
                self._table.enter(instance)

    def on_destroyed(self, hear: Callable[[Instance], None]) -> None:
        """Calls `hear` when an instance is gone, so that rooms can drop what they keep in memory."""
        self._destroyed.append(hear)

    def on_removal(self, free: Callable[[Instance], Awaitable[None]]) -> None:
        """Has `free` remove what all processes of the server share. Only the one that removes the instance calls it.

        Its name is free for another only afterwards. Idempotent: after a crash it is called again.
        """
        self._removals.append(free)

    def all(self) -> list[Instance]:
        """Every instance, by domain."""
        return sorted(self._table, key=lambda instance: instance.domain)

    def count(self) -> int:
        """How many instances there are."""
        return len(self._table)

    def by_domain(self, domain: str) -> Instance:
        """The instance of a domain or an alias, called by its domain; raises `InstanceMissing`."""
        found = self._table.by_name(domain.lower())
        if found is None:
            raise InstanceMissing(f"There is no instance {domain}")
        return found

    def by_key(self, key: str) -> Instance | None:
        """The instance whose stores have this name."""
        return self._table.by_key(key)

    async def fresh(self, instance: Instance) -> Instance:
        """The record as it is stored now, where what another process changed a moment ago matters."""
        document = await self._documents.get(DIRECTORY, DOCTYPE, instance.id)
        return instance if document is None else from_document(document)

    def by_host(self, host: str) -> tuple[Instance, str] | None:
        """Whose host this is, and the slug of the app whose sub-domain it is ("" for the instance itself).

        The instance is as it was called: by an alias, its `domain` is that alias. None while it is being deleted.
        """
        found = self._table.by_host(host)
        return None if found is None or found[0].fields.get("deleting") else found

    def debugged(self, instance: Instance) -> bool:
        """Whether the operator wants every request of this instance in the log."""
        until = instance.fields.get(DEBUG_UNTIL)
        return until is not None and datetime.fromisoformat(until) > self._clock.now()

    def moved_from(self, host: str) -> str | None:
        """The host that took the place of this one, when an instance was called so before."""
        found = self._table.by_old(host)
        if found is None or found[0].fields.get("deleting"):
            return None
        instance, slug = found
        return as_written(self.app_host(instance, slug) if slug else instance.domain)

    def app_host(self, instance: Instance, slug: str) -> str:
        """The host of an app of an instance, flat or nested as this server is set."""
        if not self.flat:
            return f"{slug}.{instance.domain}"
        first, _, rest = instance.domain.partition(".")
        return f"{first}-{slug}.{rest}"

    def capabilities(self, instance: Instance) -> dict[str, bool]:
        """What this server can do for an instance, in the contract's five words (contract-a section 5)."""
        return {
            "file_versioning": True,
            "flat_subdomains": self.flat,
            "can_auth_with_password": True,
            "can_auth_with_magic_links": False,
            "can_auth_with_oidc": False,
            **{name: can(instance) for name, can in self._capable.items()},
        }

    async def create(self, domain: str, options: Mapping[str, str], record: Mapping[str, Any]) -> Instance:
        """Makes an instance and what each room puts into it; all or nothing.

        `options` are the operator's parameters (contract-a section 10), `record` further members of the record.
        Raises `IllegalDomain`, `InstanceExists`.
        """
        domain = self.checked(domain)
        aliases = self._aliases(domain, options.get("DomainAliases", ""))
        fields = {**new_record(domain, options, self._locale), "domain_aliases": aliases, **record}
        instance = Instance(domain, key_of(domain), new_id(), "", fields["locale"], fields)
        await self._claim(instance)
        try:
            await self._documents.create(instance.key)
            for provision in self._provisioners:
                await provision(instance, options)
            instance = await self.change(instance, {"provisioned_at": rfc3339(self._clock.now())})
        except BaseException:
            await self._remove(instance)
            raise
        return instance

    async def _claim(self, instance: Instance) -> None:
        """Takes the names: two creations of the same domain at once end with one instance."""

        async def unit(tx: Tx) -> Document:
            await self._rename(tx, instance.id, [], names_of(instance))
            return await tx.put(DOCTYPE, instance.id, orjson.dumps(instance.fields))

        await self._documents.work(DIRECTORY, unit)

    async def _rename(self, tx: Tx, ident: str, old: Sequence[str], new: Sequence[str]) -> None:
        """Lets go of names and takes others; raises `InstanceExists` when one of them is another instance's."""
        for name in [name for name in new if name not in old]:
            known, claim = self._table.by_name(name), await tx.get(NAMES, name)
            if claim is not None or (known is not None and known.id != ident):
                raise InstanceExists(f"{name} is the domain of an instance already")
            await tx.put(NAMES, name, {"instance": ident})
        for name in [name for name in old if name not in new]:
            claim = await tx.get(NAMES, name)
            if claim is not None and claim.fields().get("instance") == ident:
                await tx.delete(NAMES, name, claim.rev)

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

        return from_document(await self._documents.work(DIRECTORY, unit))

    async def modify(self, instance: Instance, options: Mapping[str, str]) -> Instance:
        """Changes what the operator's parameters say, all or nothing; gives the new record.

        `Domain` is another domain: the stores keep their name, and who calls by the old one is sent on. Raises
        `WrongParameter`, `WrongTerms`, `IllegalDomain`, `InstanceExists`, `InstanceMissing`.
        """
        members = members_of(options)
        if options.get("Debug"):
            until = rfc3339(self._clock.now() + DEBUGGED)
            members[DEBUG_UNTIL] = until if truth("Debug", options["Debug"]) else None
        if members.get("blocked") is False:
            members.setdefault("blocking_reason", None)
        if members.get("old_domain"):
            members["old_domain"] = self.checked(members["old_domain"])

        async def unit(tx: Tx) -> Document:
            document = await tx.get(DOCTYPE, instance.id)
            if document is None:
                raise InstanceMissing(f"There is no instance {instance.domain}")
            old = from_document(document)
            changed = {**members, **terms_after(old.fields, members)}
            domain = self.checked(options["Domain"]) if options.get("Domain") else old.main
            if domain != old.main:
                before = [name for name in dict.fromkeys([old.main, *old.before]) if name != domain]
                changed |= {"domain": domain, "old_domain": old.main, "old_domains": before[:REMEMBERED]}
            if options.get("DomainAliases"):
                changed["domain_aliases"] = self._aliases(domain, options["DomainAliases"])
            if "old_domain" in changed and old.fields.get("password_defined"):
                changed["salted"] = old.salted
            fields = {name: value for name, value in {**old.fields, **changed}.items() if value is not None}
            await self._rename(tx, instance.id, names_of(old), [fields["domain"], *fields.get("domain_aliases", [])])
            return document if fields == old.fields else await tx.put(DOCTYPE, instance.id, fields, document.rev)

        return from_document(await self._documents.work(DIRECTORY, unit))

    async def rename(self, instance: Instance, domain: str) -> Instance:
        """Gives an instance another domain; its stores keep their name. Raises `IllegalDomain`, `InstanceExists`."""
        return await self.modify(instance, {"Domain": domain})

    async def destroy(self, instance: Instance) -> None:
        """Removes an instance and everything in it. Goes on after a crash at the next start."""
        await self._remove(await self.change(instance, {"deleting": True, "removing": True}))

    async def _remove(self, instance: Instance) -> None:
        self._table.leave(instance.id)
        self._removed.add(instance.id)
        for hear in self._destroyed:
            hear(instance)
        for free in self._removals:
            await free(instance)
        await self._documents.destroy(instance.key)

        async def unit(tx: Tx) -> None:
            document = await tx.get(DOCTYPE, instance.id)
            if document is not None:
                await tx.delete(DOCTYPE, instance.id, document.rev)
            await self._rename(tx, instance.id, names_of(instance), [])

        await self._documents.work(DIRECTORY, unit)

    def checked(self, domain: str) -> str:
        """The domain as it is stored: lower case, unicode; raises `IllegalDomain` (contract-a section 9)."""
        domain = as_read(domain.strip()).lower()
        if not domain or domain.startswith((".", ":")) or ".." in domain:
            raise IllegalDomain(domain, "it is empty or has an empty part")
        if _ILLEGAL.search(domain) or len(domain) > 253:
            raise IllegalDomain(domain, "it has a character that no host name has, or is too long")
        return domain

    def _aliases(self, domain: str, said: str) -> list[str]:
        """Other names, as the operator says them: joined by commas."""
        aliases = list(dict.fromkeys(self.checked(alias) for alias in said.split(",") if alias.strip()))
        if domain in aliases:
            raise InstanceExists(f"{domain} is the domain itself: it needs no alias")
        return aliases

    def _hear(self, changes: Sequence[Change]) -> None:
        """Keeps the table true to what is committed, whoever wrote it."""
        for change in changes:
            if change.tenant != DIRECTORY or change.document.type != DOCTYPE:
                continue
            if change.document.deleted:
                self._table.leave(change.document.id)
                self._mourn(change)
            else:
                instance = from_document(change.document)
                if instance.fields.get("removing"):
                    self._table.leave(instance.id)
                else:
                    self._table.enter(instance)

    def _mourn(self, change: Change) -> None:
        """Another process of this server removed an instance: what rooms keep of it here goes too."""
        if change.document.id in self._removed:
            self._removed.discard(change.document.id)
        elif change.old is not None:
            for hear in self._destroyed:
                hear(from_document(change.old))
