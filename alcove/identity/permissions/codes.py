"""Codes of links: who comes with one, as a token or typed, and the password that some links ask for."""

from __future__ import annotations

import hashlib
import hmac
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from alcove.identity.errors import CodeRevoked, PermissionMissing, TooManyCodes
from alcove.identity.limits import Guesser
from alcove.identity.model import Who
from alcove.identity.permissions.model import PERMISSIONS
from alcove.identity.tokens.signing import mark, marked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.base.http import Tenant
    from alcove.documents import Change, Documents
    from alcove.identity.limits import Attempts
    from alcove.identity.permissions.model import Permission
    from alcove.identity.permissions.service import Permissions
    from alcove.instances import Instance

LINKS = frozenset({"share", "share-preview", "share-interact"})
"""The types of permission documents that have codes."""
TINY = 6
"""Digits of a code that could be guessed."""
_SHORT = re.compile(r"(\d{6}|\w{12})\.?", re.ASCII)


def may_be_code(token: str) -> bool:
    """Whether it is short enough for a code, and not a token itself."""
    return _SHORT.fullmatch(token) is not None


class Codes:
    """Finds what a code opens."""

    def __init__(self, documents: Documents, permissions: Permissions, attempts: Attempts) -> None:
        self._documents = documents
        self._permissions = permissions
        self._attempts = attempts
        self._short: dict[str, dict[bytes, str]] = {}
        self._heard = 0
        documents.watch(self._hear, frozenset((PERMISSIONS,)))

    async def long(self, tenant: Tenant, token: str, network: str) -> str:
        """The long token that a short code stands for; raises `CodeRevoked`, `TooManyCodes`.

        People end sentences with a link: one dot after a short code does no harm.
        """
        code = token.removesuffix(".")
        guesser = Guesser(tenant.key, network)
        if len(code) == TINY and (wait := await self._attempts.begin(guesser)) > 0:
            raise TooManyCodes(wait)
        found = (await self._known(tenant)).get(_digest(code))
        if found is None:
            raise CodeRevoked(code)
        if len(code) == TINY:
            await self._attempts.succeed(guesser)
        return found

    async def who(self, tenant: Tenant, claims: Mapping[str, str], token: str) -> Who:
        """The caller of a long code; raises `CodeRevoked`, `TokenExpired`."""
        permission = await self._permission(tenant, claims, token)
        await self._permissions.check_alive(tenant, permission)
        return Who(
            "share",
            claims.get("sub", ""),
            permission.source,
            permission.rules,
            document=permission.id,
            lock=str(permission.fields.get("password") or ""),
            until=permission.ends.timestamp() if permission.ends is not None else float("inf"),
        )

    async def link(self, tenant: Tenant, code: str) -> Permission | None:
        """What a code that stands in an address is of, long or short; None for no link that lives."""
        said = code.removesuffix(".")
        for permission in await self._all(tenant):
            codes = [*permission.codes.values(), *(permission.fields.get("shortcodes") or {}).values()]
            if any(_same(known, said) for known in codes) and not self._permissions.ended(permission):
                return permission
        return None

    def forget(self, tenant: Tenant) -> None:
        """Drops what is known of an instance."""
        self._short.pop(tenant.key, None)

    async def _permission(self, tenant: Tenant, claims: Mapping[str, str], token: str) -> Permission:
        """Where a code stands: the document that it names itself, or one that has it from elsewhere."""
        named = await self._documents.get(tenant.key, PERMISSIONS, claims.get("scope") or "")
        idents = [named.id] if named is not None else [permission.id for permission in await self._all(tenant)]
        for ident in idents:
            with suppress(PermissionMissing):  # taken back just now
                permission = await self._permissions.get(tenant, ident)
                if permission.type in LINKS and any(_same(known, token) for known in permission.codes.values()):
                    return permission
        raise CodeRevoked(token)

    async def _known(self, tenant: Tenant) -> dict[bytes, str]:
        """Long codes by the digests of the short ones: a look-up tells nothing of codes that are nearly right."""
        known, heard = self._short.get(tenant.key), self._heard
        if known is None:
            known = {
                _digest(short): permission.codes[name]
                for permission in await self._all(tenant)
                for name, short in (permission.fields.get("shortcodes") or {}).items()
                if name in permission.codes
            }
            if len(self._short) > 1000:
                self._short.clear()
            if heard == self._heard:
                self._short[tenant.key] = known
        return known

    async def _all(self, tenant: Tenant) -> list[Permission]:
        return [permission for permission in await self._permissions.all(tenant) if permission.type in LINKS]

    def _hear(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.document.type == PERMISSIONS:
                self._short.pop(change.tenant, None)
                self._heard += 1


def cookie_name(ident: str) -> str:
    """The cookie that remembers that the password of this link was said."""
    return f"pass{ident}"


def unlocking(instance: Instance, ident: str, lock: str) -> str:
    """The value of that cookie. It ends with the link's password, and with the instance's session secret."""
    return mark(instance, _text(ident, lock))


def unlocks(instance: Instance, ident: str, lock: str, cookie: str) -> bool:
    """Whether this is the value of that cookie."""
    return marked(instance, _text(ident, lock), cookie)


def _text(ident: str, lock: str) -> str:
    return f"link:{ident}:{lock}"


def _same(known: str, said: str) -> bool:
    return hmac.compare_digest(known.encode(), said.encode())


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()
