"""Letting a person know: the rule of the category decides, the document is kept, and a mail goes out."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.instances import TooOften
from alcove.notifications.errors import NotDeclared
from alcove.notifications.model import Rule, Said, Sender, judge, read_rule
from alcove.notifications.texts import open_words
from alcove.outbox import AddressWrong, Button, Letter, MailUnset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.clock import Clock
    from alcove.documents import Document
    from alcove.instances import Instance, Instances, InstanceSettings
    from alcove.notifications.store import Shelf
    from alcove.outbox import Outbox

ORIGINATORS = {"app": "app", "konn": "konnector", "access": "oauth"}
"""How the contract calls who calls with a token of an audience."""
LINKED = "registry://"
"""How the `software_id` of a client begins that speaks for an app: it may announce what the app has declared."""

_WAY = re.compile(r"([a-z0-9-]+)(/[^\\\x00-\x20]*)?")

log = logging.getLogger("alcove.notifications")


class Notifications:
    """The notifications of every instance. Mail is the one channel that there is: other ones need a vendor's keys."""

    def __init__(
        self, shelf: Shelf, instances: Instances, settings: InstanceSettings, outbox: Outbox, clock: Clock, scheme: str
    ) -> None:
        self._shelf = shelf
        self._instances = instances
        self._settings = settings
        self._outbox = outbox
        self._clock = clock
        self._scheme = scheme

    async def declared(self, instance: Instance, audience: str, subject: str, category: str) -> tuple[Sender, Rule]:
        """Who a caller is, and the rule of a category that it has declared; raises `NotDeclared`."""
        fields = await self._shelf.declaring(instance.key, audience, subject)
        linked = str((fields or {}).get("software_id") or "")
        if audience == "access" and linked.startswith(LINKED):
            subject = linked.removeprefix(LINKED).partition("/")[0]
            fields = await self._shelf.declaring(instance.key, "app", subject)
        categories = (fields or {}).get("notifications")
        rule = categories.get(category) if isinstance(categories, dict) else None
        if not isinstance(rule, dict):
            raise NotDeclared
        return Sender(ORIGINATORS[audience], subject), read_rule(rule)

    async def last(
        self, instance: Instance, sender: Sender, category: str, category_id: str = ""
    ) -> Mapping[str, Any] | None:
        """The fields of the latest notification of a category; None before the first."""
        source = Said({"category": category, "category_id": category_id}, None).source(sender)
        document = await self._shelf.last(instance.key, source)
        return document.fields() if document else None

    async def announce(self, instance: Instance, sender: Sender, rule: Rule, said: Said) -> Document:
        """Keeps a notification and sends it, as the rule says; gives the document, or the one that says the same."""
        source, now = said.source(sender), self._clock.now()
        before = await self._shelf.last(instance.key, source)
        verdict = judge(rule, said.fields.get("state"), before.fields() if before else None, now)
        if before is not None and not verdict.store:
            return before
        fields: dict[str, Any] = {
            "source_id": source,
            "originator": sender.originator,
            "slug": sender.slug,
            **said.fields,
            "created_at": rfc3339(now),
            "last_sent": rfc3339(verdict.last_sent),
        }
        if rule.default_priority:
            fields.setdefault("priority", rule.default_priority)
        document = await self._shelf.put(instance.key, fields)
        if verdict.send:
            await self._mail(instance, sender, rule, said)
        return document

    async def _mail(self, instance: Instance, sender: Sender, rule: Rule, said: Said) -> None:
        """What cannot be mailed is in the place all the same: no caller fails because of it."""
        email = str((await self._settings.read(instance)).get("email") or "")
        if not email or not self._outbox.ready:
            return
        try:
            job = await self._outbox.send(instance, self._letter(instance, sender, said), email, due=said.at)
        except (AddressWrong, MailUnset, TooOften) as refusal:
            log.info("a notification is not mailed", extra={"domain": instance.domain, "reason": str(refusal)})
            return
        if rule.collapsible and said.at is not None:
            old = await self._shelf.waits(instance.key, said.source(sender), job.id)
            if old:
                await self._outbox.withdraw(old)

    def _letter(self, instance: Instance, sender: Sender, said: Said) -> Letter:
        fields = said.fields
        text = str(fields.get("content") or fields.get("message") or "")
        way = self._way(instance, sender, fields.get("data") or {})
        return Letter(
            "notification",
            said.title,
            [part for part in (text or said.title).split("\n\n") if part.strip()],
            Button(open_words(instance.locale), way) if way else None,
            markup=str(fields.get("content_html") or ""),
        )

    def _way(self, instance: Instance, sender: Sender, data: Mapping[str, Any]) -> str:
        """Where the notification leads: what it names (`redirectLink`, as `slug/#/path`), or the app that sent it."""
        named = _WAY.fullmatch(str(data.get("redirectLink") or ""))
        slug, rest = (named[1], named[2] or "/") if named else (sender.slug, "/")
        if not named and sender.originator != "app":
            return ""
        return f"{self._scheme}://{self._instances.app_host(instance, slug)}{rest}"
