"""Passkeys: made by who is logged in and knows the passphrase, proved by who logs in (Web Authentication Level 3).

A passkey is something that a person has and, by its own question for a finger or a PIN, is or knows: it counts as both
factors. A browser is believed for our own origin and for a challenge of ours that was not used, as long as the counter
of the authenticator goes on; where it goes back, the passkey was copied.
"""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.identity import letters
from alcove.identity.errors import PasskeyMissing, PasskeyRefused, TooManyPasskeys
from alcove.identity.passkeys.model import (
    MOST,
    PASSKEYS,
    Passkey,
    as_text,
    asking,
    creation,
    document_id,
    handle,
    site,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fido2.server import Fido2Server
    from fido2.webauthn import AuthenticationResponse

    from alcove.base.clock import Clock
    from alcove.base.http import Tenant
    from alcove.documents import Document, Documents, Tx
    from alcove.identity.notices import Notices
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Instance

log = logging.getLogger("alcove.identity.passkeys")

PATIENCE = timedelta(minutes=5)
LOGIN, MAKING = "passkey login", "passkey making"
TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})


class Passkeys:
    """Makes, proves, lists and removes passkeys."""

    def __init__(self, documents: Documents, slips: Slips, clock: Clock, notices: Notices, scheme: str) -> None:
        self._documents = documents
        self._slips = slips
        self._clock = clock
        self._notices = notices
        self._scheme = scheme

    async def all(self, tenant: Tenant) -> list[Passkey]:
        """Every passkey, the oldest first."""
        found = [_from(document) for document in await self._documents.all(tenant.key, PASSKEYS)]
        return sorted(found, key=lambda one: str(one.fields["created_at"]))

    def ask(self, instance: Instance) -> dict[str, Any]:
        """What the login page asks a browser for, and the slip that must come back with the answer."""
        challenge = as_text(secrets.token_bytes(32))
        slip = self._slips.write(LOGIN, {"whose": instance.id, "challenge": challenge}, PATIENCE)
        return {"slip": slip, "publicKey": asking(instance, challenge)}

    async def prove(self, instance: Instance, slip: str, said: Mapping[str, Any]) -> Passkey:
        """The passkey that a browser has proved; raises `PasskeyRefused`."""
        challenge = self._challenge(LOGIN, instance.id, slip)
        answer = _parsed(said)
        passkey = await self._named(instance, answer.raw_id)
        _check(answer, passkey.credential, self._server(instance), challenge, handle(instance))
        await self._spend(LOGIN, challenge)
        return await self._used(instance, passkey, answer.response.authenticator_data.counter)

    async def offer(self, instance: Instance, session: str, name: str) -> dict[str, Any]:
        """What a browser is asked for to make a passkey; raises `TooManyPasskeys`."""
        known = await self.all(instance)
        if len(known) >= MOST:
            raise TooManyPasskeys(MOST)
        challenge = as_text(secrets.token_bytes(32))
        slip = self._slips.write(MAKING, {"whose": session, "challenge": challenge}, PATIENCE)
        return {"slip": slip, "publicKey": creation(instance, name, challenge, known)}

    async def add(self, instance: Instance, session: str, slip: str, said: Mapping[str, Any], name: str) -> Passkey:
        """Keeps the passkey that a browser has made, and tells the person by mail; raises `PasskeyRefused`."""
        challenge = self._challenge(MAKING, session, slip)
        try:
            made = self._server(instance).register_complete(_state(challenge), said)
            credential = made.credential_data
            transports = said["response"].get("transports") or []
            ways = [one for one in transports if isinstance(one, str) and one in TRANSPORTS]
        except Exception as error:  # the library reads what a browser sent, and raises many kinds
            raise PasskeyRefused(f"a passkey was not made: {error}") from None
        if credential is None:
            raise PasskeyRefused("the answer holds no passkey")
        await self._spend(MAKING, challenge)
        body = {
            "name": name,
            "credential_id": as_text(credential.credential_id),
            "credential": as_text(bytes(credential)),
            "sign_count": made.counter,
            "transports": ways,
            "synchronized": made.is_backed_up(),
            "created_at": rfc3339(self._clock.now()),
        }
        ident = document_id(credential.credential_id)

        async def unit(tx: Tx) -> Document:
            if await tx.get(PASSKEYS, ident) is not None:
                raise PasskeyRefused("this passkey is known already")
            return await tx.put(PASSKEYS, ident, body)

        kept = _from(await self._documents.work(instance.key, unit))
        await self._notices.tell(instance, letters.passkey(instance.locale, instance.domain, name))
        return kept

    async def rename(self, tenant: Tenant, ident: str, name: str) -> Passkey:
        """Gives a passkey another name; raises `PasskeyMissing`."""

        async def unit(tx: Tx) -> Document:
            document = await tx.get(PASSKEYS, ident)
            if document is None:
                raise PasskeyMissing
            return await tx.put(PASSKEYS, ident, {**document.fields(), "name": name}, document.rev)

        return _from(await self._documents.work(tenant.key, unit))

    async def remove(self, tenant: Tenant, ident: str) -> None:
        """Removes a passkey: it opens nothing any more. Removing it twice is no error."""

        async def unit(tx: Tx) -> None:
            document = await tx.get(PASSKEYS, ident)
            if document is not None:
                await tx.delete(PASSKEYS, ident, document.rev)

        await self._documents.work(tenant.key, unit)

    def _challenge(self, purpose: str, whose: str, slip: str) -> str:
        """The challenge on a slip; raises `PasskeyRefused`."""
        found = self._slips.read(purpose, slip)
        if found is None or found["whose"] != whose:
            raise PasskeyRefused("the challenge is past its time, or is not ours")
        return str(found["challenge"])

    async def _spend(self, purpose: str, challenge: str) -> None:
        """Uses a challenge up. Only once it was answered well: who cannot do that makes the server write nothing."""
        if not await self._slips.spend(purpose, challenge):
            raise PasskeyRefused("the challenge was used before")

    async def _named(self, tenant: Tenant, credential_id: bytes) -> Passkey:
        """The passkey of a credential; raises `PasskeyRefused`."""
        document = await self._documents.get(tenant.key, PASSKEYS, document_id(credential_id))
        if document is None:
            raise PasskeyRefused("this passkey is not known")
        return _from(document)

    async def _used(self, tenant: Tenant, passkey: Passkey, count: int) -> Passkey:
        """Notes the use and the count; raises `PasskeyRefused` where the count goes back (section 7.2)."""
        stamp = rfc3339(self._clock.now())

        async def unit(tx: Tx) -> Document:
            document = await tx.get(PASSKEYS, passkey.id)
            if document is None:
                raise PasskeyRefused("this passkey was removed")
            old = _from(document).count
            if (old or count) and count <= old:
                raise PasskeyRefused(f"the counter of the passkey {passkey.id[:8]} went from {old} to {count}: a copy")
            fields = {**document.fields(), "sign_count": count, "last_used_at": stamp}
            return await tx.put(PASSKEYS, passkey.id, fields, document.rev)

        return _from(await self._documents.work(tenant.key, unit))

    def _server(self, instance: Instance) -> Fido2Server:
        from fido2.server import Fido2Server  # a third of the time that a server needs to start
        from fido2.webauthn import PublicKeyCredentialRpEntity

        origin = f"{self._scheme}://{instance.main}"
        party = PublicKeyCredentialRpEntity(name="Alcove", id=site(instance))
        return Fido2Server(party, verify_origin=lambda said: said == origin)


def _state(challenge: str) -> dict[str, Any]:
    return {"challenge": challenge, "user_verification": "required"}


def _parsed(said: Mapping[str, Any]) -> AuthenticationResponse:
    """A browser's answer; raises `PasskeyRefused`."""
    from fido2.webauthn import AuthenticationResponse

    try:
        return AuthenticationResponse.from_dict(said)
    except Exception as error:  # the library reads what a stranger sent, and raises many kinds
        raise PasskeyRefused(f"the answer cannot be read: {error}") from None


def _check(answer: AuthenticationResponse, known: bytes, server: Fido2Server, challenge: str, whose: bytes) -> None:
    """Judges an answer (section 7.2, but for the counter); raises `PasskeyRefused`."""
    from fido2.webauthn import AttestedCredentialData

    if answer.response.user_handle != whose:
        raise PasskeyRefused("the passkey is of somebody else")
    if answer.response.client_data.cross_origin:
        raise PasskeyRefused("it was asked for within a page of another")
    try:
        server.authenticate_complete(_state(challenge), [AttestedCredentialData(known)], answer)
    except Exception as error:  # a key that the library does not know raises others than a wrong signature
        raise PasskeyRefused(f"a passkey was not proved: {error}") from None


def _from(document: Document) -> Passkey:
    return Passkey(document.id, document.rev, document.fields())
