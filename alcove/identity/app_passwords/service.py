"""App passwords: made for one device each, let it in, and end when the person says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.documents import Query
from alcove.identity import letters
from alcove.identity.app_passwords.model import (
    APP_PASSWORDS,
    COARSE,
    MOST,
    AppPassword,
    logins_of,
    new_secret,
    plain,
)
from alcove.identity.errors import DeviceUnknown, TooManyAppPasswords, TooManyDeviceTries
from alcove.identity.limits import Guesser
from alcove.identity.model import Who

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.base.clock import Clock
    from alcove.base.crypto import Sealer
    from alcove.base.http import Tenant
    from alcove.documents import Document, Documents, Tx
    from alcove.identity.limits import Attempts
    from alcove.identity.notices import Notices
    from alcove.instances import Instance, InstanceSettings


class AppPasswords:
    """Makes, reads, lists and removes app passwords.

    A secret is looked up by its keyed digest, so neither the look-up nor the time it takes tells anything of secrets
    that are nearly right, and whoever copies the database has nothing to try them against.
    """

    def __init__(
        self,
        documents: Documents,
        settings: InstanceSettings,
        sealer: Sealer,
        attempts: Attempts,
        notices: Notices,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._settings = settings
        self._sealer = sealer
        self._attempts = attempts
        self._notices = notices
        self._clock = clock

    async def all(self, tenant: Tenant) -> list[AppPassword]:
        """Every app password, the oldest first."""
        found = [_from(document) for document in await self._documents.all(tenant.key, APP_PASSWORDS)]
        return sorted(found, key=lambda one: (str(one.fields["created_at"]), one.id))

    async def make(self, instance: Instance, name: str, scopes: Sequence[str]) -> tuple[AppPassword, str]:
        """A new app password and its secret, which is told once; the person is told by mail.

        Raises `TooManyAppPasswords`.
        """
        secret = new_secret()
        ident = self._digest(secret)
        body = {"name": name, "scopes": list(scopes), "created_at": rfc3339(self._clock.now())}

        async def unit(tx: Tx) -> Document:
            if await tx.count(APP_PASSWORDS, Query({"created_at": {"$gt": ""}})) >= MOST:
                raise TooManyAppPasswords(MOST)
            return await tx.put(APP_PASSWORDS, ident, body)

        made = _from(await self._documents.work(instance.key, unit))
        await self._notices.tell(instance, letters.connected(instance.locale, instance.domain, name))
        return made, secret

    async def remove(self, tenant: Tenant, ident: str) -> None:
        """Removes one: its device is let in no more, from the next request on. Removing it twice is no error."""

        async def unit(tx: Tx) -> None:
            document = await tx.get(APP_PASSWORDS, ident)
            if document is not None:
                await tx.delete(APP_PASSWORDS, ident, document.rev)

        await self._documents.work(tenant.key, unit)

    async def enter(self, instance: Instance, login: str, secret: str, network: str) -> Who:
        """The device that says this secret; raises `DeviceUnknown`, `TooManyDeviceTries`.

        Only what fails is counted. Nobody guesses such a secret; the count is there to keep off who knocks all day, and
        never stands in the way of a device that has the right one.
        """
        document = await self._documents.get(instance.key, APP_PASSWORDS, self._digest(secret))
        named = login.strip().lower() in logins_of(instance, await self._settings.read(instance))
        if document is None or not named:
            wait = await self._attempts.begin(Guesser(instance.key, network))
            raise TooManyDeviceTries(wait) if wait > 0 else DeviceUnknown
        password = _from(document)
        now = self._clock.now()
        if password.stale(now):
            await self._note(instance, password.id)
        until = (now + COARSE).timestamp()
        device = {"id": password.id, "kind": "app password", "name": password.name, "slug": ""}
        return Who("device", password.id, "", password.rules, device=device, until=until)

    async def _note(self, tenant: Tenant, ident: str) -> None:
        """Notes the hour in which one was used."""
        hour = rfc3339(self._clock.now().replace(minute=0, second=0, microsecond=0))

        async def unit(tx: Tx) -> None:
            document = await tx.get(APP_PASSWORDS, ident)
            if document is None:
                raise DeviceUnknown  # removed just now
            fields: dict[str, Any] = {**document.fields(), "last_used_at": hour}
            await tx.put(APP_PASSWORDS, ident, fields, document.rev)

        await self._documents.work(tenant.key, unit)

    def _digest(self, secret: str) -> str:
        return self._sealer.digest(plain(secret).encode(), "app password")


def _from(document: Document) -> AppPassword:
    return AppPassword(document.id, document.rev, document.fields())
