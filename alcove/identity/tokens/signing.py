"""The secrets that an instance signs with (contract-a section 2): the present ones, and those that were retired.

New secrets log nobody out: a *retired* one stays in the record of the instance, with the time of it, as long as there
is something that it signed. It makes nothing new.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from alcove.instances import Instance

SESSION, OAUTH, CLI = "session_secret", "oauth_secret", "cli_secret"
LENGTHS = {SESSION: 64, OAUTH: 128, CLI: 128}
"""The secrets by name, and their bytes."""
GRACE = timedelta(minutes=1)
"""What is made so shortly after a secret was retired may be signed with it, by a process that had not heard of it."""
RETIRED = "retired_secrets"
"""The member of the record that holds `{name, secret, retired_at}`, the oldest first."""


def secrets_of(instance: Instance, name: str) -> Iterator[tuple[str, datetime | None]]:
    """The secret of that name, then the retired ones with the time of it, the newest first."""
    yield instance.fields.get(name) or "", None
    for old in reversed(instance.fields.get(RETIRED) or ()):
        if old["name"] == name:
            yield old["secret"], datetime.fromisoformat(old["retired_at"])


def renewed(old: Mapping[str, Any], stamp: str = "") -> dict[str, Any]:
    """The members of a record with new secrets. With the time of it the old ones are retired, else they end at once."""
    known = [{"name": name, "secret": old[name], "retired_at": stamp} for name in LENGTHS if old.get(name)]
    kept = [*(old.get(RETIRED) or ()), *known] if stamp else None
    return {**{name: new_secret(name) for name in LENGTHS}, RETIRED: kept}


def ended(old: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The members of a record with one new secret; whatever the old ones of that name signed ends at once."""
    kept = [retired for retired in old.get(RETIRED) or () if retired["name"] != name]
    return {name: new_secret(name), RETIRED: kept or None}


def new_secret(name: str) -> str:
    """Random bytes, in base64 as records hold them."""
    return base64.b64encode(secrets.token_bytes(LENGTHS[name])).decode()


def mark(instance: Instance, text: str) -> str:
    """The mark of a text, which this server alone can make: it ends with the instance's session secret."""
    return _mark(instance.fields[SESSION], text)


def marked(instance: Instance, text: str, said: str) -> bool:
    """Whether this is the mark of the text, made with the present secret or a retired one."""
    return any(
        hmac.compare_digest(_mark(secret, text).encode(), said.encode()) for secret, _ in secrets_of(instance, SESSION)
    )


def _mark(secret: str, text: str) -> str:
    return hmac.new(base64.b64decode(secret), text.encode(), hashlib.sha256).hexdigest()
