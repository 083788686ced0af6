"""What a person may change of their instance: `io.cozy.settings.instance` and parts of the record (contract-a 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable
from alcove.instances.parameters import IN_SETTINGS, MODES, members_of, terms_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.house import Registry
    from alcove.documents import Document
    from alcove.instances.contexts import Contexts
    from alcove.instances.model import Instance, Introduction
    from alcove.instances.service import Instances
    from alcove.instances.store.settings import SettingsDocument

COMPUTED = frozenset(
    {"auth_mode", "auto_update", "blocked", "context", "default_apps", "legal_notice_url", "locale", "oidc_id",
     "oidc_logout_url", "onboarding_finished", "org_domain", "org_id", "password_defined", "sponsorships", "tos",
     "tos_latest", "uuid"}
)  # fmt: skip
"""Attributes that are told with the settings and not stored with them: who sends them back changes nothing."""
CONFIRMED = ("email", "pending_email")
"""Attributes that only a mail to the new address may change; the command line of the server's owner may too."""
_TOLD = frozenset({"auth_mode", "context", "oidc_id", "tos", "tos_latest", "uuid"})
"""Attributes of the record that only the command line changes with the settings (contract-a section 8)."""
_MODE_NAMES = {number: name for name, number in MODES.items()}
LENGTH = 200
"""Characters of a name at the most."""

HOME = "home/"
"""Where everybody begins who chose nothing else."""

_BEGINNING = re.compile(r"[a-z0-9-]+(/(?!/).*)?")
_LOCALE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")


class InstanceSettings:
    """Reads and changes the settings of an instance."""

    def __init__(
        self,
        document: SettingsDocument,
        instances: Instances,
        contexts: Contexts,
        introductions: Registry[Introduction],
    ) -> None:
        self._document = document
        self._instances = instances
        self._contexts = contexts
        self._introductions = introductions

    async def read(self, instance: Instance) -> dict[str, Any]:
        """What is stored: `public_name`, `email`, `tz`, `default_redirection`, `tracking`..."""
        document = await self._document.get(instance)
        return document.fields() if document else {}

    async def beginning(self, instance: Instance) -> str:
        """The app where a person begins, as `slug/path#hash`: of their choice, or of their context, or the home."""
        chosen = (await self.read(instance)).get("default_redirection")
        for wanted in (chosen, self._contexts.of(instance).get("default_redirection")):
            if isinstance(wanted, str) and _BEGINNING.fullmatch(wanted):
                return wanted
        return HOME

    async def shown(self, instance: Instance) -> tuple[dict[str, Any], str]:
        """What clients see, with what the record adds; and the revision."""
        document = await self._document.get(instance)
        said = document.fields() if document else {}
        said.setdefault("default_redirection", HOME)
        record = instance.fields
        return {
            **said,
            **computed(instance),
            "password_defined": record.get("password_defined", False),
        }, document.rev if document else ""

    async def amend(self, instance: Instance, members: Mapping[str, Any]) -> None:
        """Sets these members, and leaves the others as they are; None removes one."""
        if members:
            await self._document.amend(instance, members)

    async def replace(
        self, instance: Instance, attributes: Mapping[str, Any], rev: str, *, trusted: bool
    ) -> tuple[Document, Instance]:
        """Replaces the settings. `trusted` callers may change the mail address too, and what the operator says.

        Raises `RevisionConflict`, and `Unprocessable` or `WrongTerms` for what cannot be.
        """
        name = attributes.get("public_name") or ""
        if not isinstance(name, str) or len(name) > LENGTH:
            wrong = f"A name is a text of {LENGTH} characters at the most"
            raise Unprocessable(wrong, pointer="/data/attributes/public_name")
        members = _members(attributes) | (_told(instance, attributes) if trusted else {})
        kept = {name: value for name, value in attributes.items() if name not in COMPUTED}
        document = await self._document.replace(instance, kept, rev, () if trusted else CONFIRMED)
        if not members:
            return document, instance
        return document, await self._instances.alter(instance, lambda old: {**members, **terms_after(old, members)})

    async def sign(self, instance: Instance) -> None:
        """Takes it that the person agrees to the latest terms of service; does nothing when none wait."""

        def members(old: Mapping[str, Any]) -> Mapping[str, Any]:
            said = {"tos": old["tos_latest"]} if old.get("tos_latest") else {}
            return {**said, **terms_after(old, said)}

        if instance.fields.get("tos_latest"):
            await self._instances.alter(instance, members)

    async def myself(self, instance: Instance) -> Document:
        """The contact of the person who lives here, made when there is none."""
        return await self._document.myself(instance)

    async def introduce(self, instance: Instance, name: str, locale: str) -> None:
        """Takes the name and the language that a person gives at the first start; empty ones change nothing.

        Raises `Unprocessable`.
        """
        if len(name) > LENGTH:
            raise Unprocessable(f"A name may have {LENGTH} characters at the most", parameter="public_name")
        members = _members({"locale": locale}) if locale else {}
        if name:
            await self._document.name(instance, name)
        if members and members["locale"] != instance.locale:
            changed = await self._instances.change(instance, members)
            for introduce in self._introductions:
                await introduce(changed)


def computed(instance: Instance) -> dict[str, Any]:
    """What the record says beside the stored settings."""
    record = instance.fields
    return {
        "auth_mode": _MODE_NAMES.get(record.get("auth_mode", 0), "basic"),
        "auto_update": not record.get("no_auto_update", False),
        "context": record.get("context", ""),
        "locale": instance.locale,
        "oidc_id": record.get("oidc_id", ""),
        "onboarding_finished": record.get("onboarding_finished", False),
        "org_domain": record.get("org_domain", ""),
        "org_id": record.get("org_id", ""),
        "tos": record.get("tos", ""),
        "tos_latest": record.get("tos_latest", ""),
        "uuid": record.get("uuid", ""),
        **({"sponsorships": record["sponsorships"]} if record.get("sponsorships") else {}),
    }


def _told(instance: Instance, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the record that the operator's parameters of these names change."""
    present = computed(instance)
    options: dict[str, str] = {}
    for name, parameter in IN_SETTINGS.items():
        said = attributes.get(name)
        if name in _TOLD and isinstance(said, str) and said and said != present[name]:
            options[parameter] = said
    sponsors = attributes.get("sponsorships")
    if isinstance(sponsors, list) and all(isinstance(one, str) for one in sponsors):
        options["sponsorships"] = ",".join(sponsors)
    return members_of(options)


def _members(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the record that these attributes change."""
    members: dict[str, Any] = {}
    locale = attributes.get("locale")
    if locale is not None:
        if not isinstance(locale, str) or not _LOCALE.fullmatch(locale):
            wrong = f"{str(locale)[:20]!r} is no language: fr and en are"
            raise Unprocessable(wrong, pointer="/data/attributes/locale")
        members["locale"] = locale
    if isinstance(attributes.get("onboarding_finished"), bool):
        members["onboarding_finished"] = attributes["onboarding_finished"]
    if isinstance(attributes.get("auto_update"), bool):
        members["no_auto_update"] = not attributes["auto_update"]
    return members
