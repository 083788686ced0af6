"""Trusted devices: a browser that proved the second factor once, and is not asked for it again (contract-a section 2).

The browser keeps the token itself. It is bound to the place, the system and the browser, and ends with the passphrase,
or after a year.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from alcove.base.digits import whole
from alcove.identity.sessions.browsers import browser_of
from alcove.identity.tokens.signing import mark, marked

if TYPE_CHECKING:
    from datetime import datetime

    from alcove.identity.sessions.service import Visitor
    from alcove.instances import Instance

LIVES = timedelta(days=365)


def new_trusted(instance: Instance, visitor: Visitor, now: datetime) -> str:
    """A token for the browser that sends this request."""
    name = f"{int(now.timestamp())}.{secrets.token_urlsafe(16)}"
    return f"{name}.{mark(instance, _text(instance, visitor, name))}"


def trusts(instance: Instance, visitor: Visitor, token: str, now: datetime) -> bool:
    """Whether this browser proved the second factor before."""
    name, _, mac = token.rpartition(".")
    made = whole(name.partition(".")[0], 12)
    if made is None or not made <= now.timestamp() < made + LIVES.total_seconds():
        return False
    return marked(instance, _text(instance, visitor, name), mac)


def _text(instance: Instance, visitor: Visitor, name: str) -> str:
    browser, system = browser_of(visitor.agent)
    return f"trusted:{instance.id}:{browser}:{system}:{name}"
