"""Mails that apps have sent: the worker `sendmail`, and what it takes (contract-b section 6)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Refusal
from alcove.jobs import NoRetry, Worker
from alcove.outbox.model import Attachment, Letter, checked_address
from alcove.outbox.service import HOURLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alcove.instances import Contexts, Instance, Instances, InstanceSettings
    from alcove.jobs import Running
    from alcove.outbox.service import Outbox

SENDMAIL = "sendmail"
"""The worker that apps may push, when their manifest asks for it."""
LENGTH = 200_000
"""Characters of a part of such a mail at the most."""
RECIPIENTS = 50
"""Addresses of one mail at the most. Each gets a mail of its own, and counts as one."""
ATTACHED = 5_000_000
"""Bytes of all files that go with a mail."""
MODES = ("noreply", "from", "support", "pending", "campaign")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whom a letter goes to; in whose name, and who gets the answers, where that is the person who lives here."""

    to: Sequence[str]
    name: str = ""
    reply_to: str = ""


class AppMails:
    """Does the jobs of the worker `sendmail`."""

    def __init__(self, outbox: Outbox, instances: Instances, settings: InstanceSettings, contexts: Contexts) -> None:
        self._outbox = outbox
        self._instances = instances
        self._settings = settings
        self._contexts = contexts

    def worker(self) -> Worker:
        """How apps have mails sent."""
        return Worker(self.send, max_attempts=1, timeout_s=30, hourly=HOURLY.count)

    async def send(self, running: Running) -> None:
        """Takes `{mode, to, subject, parts: [{type, body}], attachments}`; what is wrong is told in the job's error."""
        instance = self._instances.by_key(running.tenant)
        if instance is None:
            raise NoRetry("This place is gone")
        said = running.message if isinstance(running.message, dict) else {}
        letter = read_letter(said)
        envelope = await self._envelope(instance, said)
        for count, address in enumerate(envelope.to):
            try:
                await self._outbox.send(instance, letter, address, reply_to=envelope.reply_to, name=envelope.name)
            except Refusal as refusal:
                raise NoRetry(f"{refusal.detail} ({count} of {len(envelope.to)} were sent)") from None

    async def campaign(self, instance: Instance, said: dict[str, Any]) -> None:
        """Writes to the person what whoever hosts them has to tell; raises a `Refusal`, `NoRetry`."""
        email = str((await self._settings.read(instance)).get("email") or "")
        await self._outbox.send(instance, read_letter(said), email)

    async def _envelope(self, instance: Instance, said: dict[str, Any]) -> Envelope:
        """Raises `NoRetry`; before anything is sent all addresses are known to be right."""
        mode, person = said.get("mode"), await self._settings.read(instance)
        email = str(person.get("email") or "")
        try:
            if mode in ("noreply", "campaign"):
                return Envelope([checked_address(email)])
            if mode == "pending":
                return Envelope([checked_address(str(person.get("pending_email") or ""))])
            if mode == "support":
                helper = str(self._contexts.of(instance).get("support_address") or "")
                return Envelope([checked_address(helper)], reply_to=email)
            if mode == "from":
                name = str(person.get("public_name") or "") or instance.domain
                return Envelope(_recipients(said.get("to")), name, email)
        except Refusal as refusal:
            raise NoRetry(refusal.detail) from None
        raise NoRetry(f"mode is {str(mode)[:20]!r}; {', '.join(MODES)} are known")


def read_letter(said: dict[str, Any]) -> Letter:
    """The letter of a message; raises `NoRetry`."""
    if said.get("template_name"):
        raise NoRetry("Templates of the server are its own: send subject and parts")
    parts = said.get("parts")
    bodies = {
        str(part.get("type")): part["body"]
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, dict) and isinstance(part.get("body"), str) and len(part["body"]) <= LENGTH
    }
    subject, text, markup = said.get("subject"), bodies.get("text/plain", ""), bodies.get("text/html", "")
    if not isinstance(subject, str) or not subject.strip() or not (text or markup):
        raise NoRetry("A subject and a part of the type text/plain or text/html are needed")
    lines = [part for part in text.split("\n\n") if part.strip()]
    return Letter("mail of an app", subject, lines, markup=markup, attachments=_attached(said.get("attachments")))


def _recipients(said: Any) -> list[str]:
    given = said if isinstance(said, list) else []
    found = [checked_address(str(one.get("email") or "")) for one in given if isinstance(one, dict)]
    if not 0 < len(found) == len(given) <= RECIPIENTS:
        raise NoRetry(f"to: from 1 to {RECIPIENTS} objects with an email are needed")
    return list(dict.fromkeys(found))


def _attached(said: Any) -> list[Attachment]:
    if said in (None, []):
        return []
    found: list[Attachment] = []
    try:
        for one in said:
            found.append(Attachment(str(one["filename"]), base64.b64decode(one["content"], validate=True)))
    except (TypeError, KeyError, ValueError, binascii.Error):
        raise NoRetry("attachments: objects with a filename, and a content in base64, are needed") from None
    if sum(len(one.content) for one in found) > ATTACHED:
        raise NoRetry(f"attachments: {ATTACHED} bytes are the most that goes with a mail")
    return found
