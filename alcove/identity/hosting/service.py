"""A person asks that their place be removed: who runs the server is told, and does it (contract-a section 8).

Nothing is removed by this. What an app says in the name of a person cannot be taken back afterwards, and a place holds
a life: so a second person looks at it.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.clock import rfc3339
from alcove.instances import Allowance, TooOften
from alcove.outbox import AddressWrong, Letter

if TYPE_CHECKING:
    from alcove.base.clock import Clock
    from alcove.instances import Allowances, Contexts, Instance, Instances
    from alcove.outbox import Outbox

ASKING = Allowance("requests to remove a place", 5, timedelta(hours=24))
ASKED, AT_ONCE = "deletion_asked_at", "deletion_at_once"
"""The members of the record that tell the operator."""
WORDS = {
    "en": (
        "{domain} asks to be removed",
        "The person who lives at {domain} asks that this place and everything in it be removed.",
        "They ask that it be done at once.",
        "Ask them whether it is so, then remove it with: alcove instance destroy {domain}",
    ),
    "fr": (
        "{domain} demande à être supprimé",
        "La personne qui habite {domain} demande que cet espace et tout ce qu’il contient soient supprimés.",
        "Elle demande que ce soit fait tout de suite.",
        "Demandez-lui si c’est bien le cas, puis supprimez-le avec : alcove instance destroy {domain}",
    ),
}

log = logging.getLogger("alcove.identity")


class Leaving:
    """Takes the wish down, and tells who can fulfil it."""

    def __init__(
        self, instances: Instances, contexts: Contexts, outbox: Outbox, allowances: Allowances, clock: Clock
    ) -> None:
        self._instances = instances
        self._contexts = contexts
        self._outbox = outbox
        self._allowances = allowances
        self._clock = clock

    async def ask(self, instance: Instance, *, at_once: bool) -> None:
        """Notes it in the record, in the log, and in a mail to the `support_address` of the context.

        Raises `TooOften`.
        """
        await self._allowances.take(instance.key, ASKING)
        wish = {ASKED: rfc3339(self._clock.now()), **({AT_ONCE: True} if at_once else {})}
        await self._instances.change(instance, wish)
        log.warning("a person asks that their place be removed", extra={"domain": instance.domain, "at_once": at_once})
        address = self._contexts.of(instance).get("support_address")
        if self._outbox.ready and isinstance(address, str):
            with suppress(AddressWrong, TooOften):  # the record tells it all the same
                await self._outbox.send(instance, _letter(instance, at_once=at_once), address)


def _letter(instance: Instance, *, at_once: bool) -> Letter:
    subject, asks, now, then = (
        words.format(domain=instance.domain) for words in WORDS.get(instance.locale, WORDS["en"])
    )
    return Letter("removal asked", subject, [asks, now, then] if at_once else [asks, then])
