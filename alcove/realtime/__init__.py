"""Telling open sockets what happens to documents, as it happens."""

from collections.abc import Awaitable, Callable

from alcove.base.house import Slot
from alcove.base.http import Caller, Tenant
from alcove.realtime.service import Realtime

ReadCheck = Callable[[Tenant, Caller, str], Awaitable[None]]
"""Raises a `Refusal` unless the caller may read the document of that id."""

READ_CHECKS: Slot[ReadCheck] = Slot("realtime read checks", "by doctype: permissions finer than type and id (folders)")
REDACTIONS: Slot[frozenset[str]] = Slot("realtime redactions", "by doctype: fields that no event ever holds (secrets)")

__all__ = ["READ_CHECKS", "REDACTIONS", "ReadCheck", "Realtime"]
