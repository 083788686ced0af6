"""The first passphrase of a place, chosen by who holds its one-time secret (contract-a section 8)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable
from alcove.identity.errors import RegisterTokenWrong
from alcove.identity.http.forms import hashed, rounds, text_of
from alcove.identity.passphrases.hints import HintTells, read_hint
from alcove.identity.passphrases.service import may_register
from alcove.identity.passphrases.vault import keys_of
from alcove.identity.texts import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.identity.passphrases.hints import Hints
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.passphrases.vault import Vault
    from alcove.instances import Instance, InstanceSettings
    from alcove.realtime import Realtime

SETTINGS = "io.cozy.settings"


class FirstPassphrase:
    """Sets it, whichever way it comes: from the page of the first start, or from an app."""

    def __init__(
        self, passphrases: Passphrases, settings: InstanceSettings, hints: Hints, vault: Vault, realtime: Realtime
    ) -> None:
        self._passphrases = passphrases
        self._hints = hints
        self._vault = vault
        self._settings = settings
        self._realtime = realtime

    async def define(self, instance: Instance, fields: Mapping[str, Any]) -> Instance:
        """Sets it, with the name and the language if they are said; gives the new record.

        Raises `Unprocessable`, `RegisterTokenWrong`.
        """
        name, locale = text_of(fields, "public_name").strip(), text_of(fields, "locale")
        if locale and locale not in LANGUAGES:
            raise Unprocessable(f"the language can be {' or '.join(LANGUAGES)}", pointer="/locale")
        token = text_of(fields, "register_token")
        if not may_register(instance, token):
            raise RegisterTokenWrong
        form, iterations, keys = hashed(fields, "passphrase"), rounds(fields), keys_of(fields)
        hint = read_hint(fields, "hint") if fields.get("hint") else ""
        if hint and hmac.compare_digest(await self._passphrases.form(instance, hint, iterations), form):
            raise HintTells
        await self._settings.introduce(instance, name, locale)
        defined = await self._passphrases.define(instance, token, form, iterations)
        if hint:
            await self._hints.keep(defined, hint)
        await self._vault.renewed(defined, keys, iterations)
        event = b'{"_id":"io.cozy.settings.passphrase"}'
        self._realtime.publish(instance.key, "CREATED", SETTINGS, f"{SETTINGS}.passphrase", event)
        return defined
