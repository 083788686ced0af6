"""What must not be readable in an account at rest, and how an account is without it (contract-b section 9). Pure."""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.crypto import SealBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Change = Callable[[dict[str, Any]], dict[str, Any]]

TOGETHER = "credentials"
"""The sealed member that holds login and password."""
SECRETS = ("secret", "dob", "code", "answer", "access_token", "refresh_token", "appSecret", "session")
"""Members that are sealed one by one."""
GRANTED = ("access_token", "refresh_token", "client_secret", "id_token", "query")
"""Members of what a provider granted (`oauth`, `oauth_callback_results`) that are sealed one by one."""
MARK = "_encrypted"


def sealed(fields: Mapping[str, Any], seal: Callable[[bytes], bytes]) -> dict[str, Any]:
    """The account with its secrets sealed; what is sealed already stays as it is, unless its secret comes anew."""
    return _over(fields, lambda auth: _sealed(auth, seal), lambda told: _sealed_of(told, GRANTED, seal))


def opened(fields: Mapping[str, Any], unseal: Callable[[bytes], bytes]) -> dict[str, Any]:
    """The account with its secrets in clear; what raises `SealBroken` stays sealed."""
    return _over(fields, lambda auth: _opened(auth, unseal), lambda told: _opened_of(told, GRANTED, unseal))


def in_clear(fields: Mapping[str, Any]) -> bool:
    """Whether a secret of the account can be read."""
    granted = [told for name in ("oauth", "oauth_callback_results") if isinstance(told := fields.get(name), dict)]
    known = any(_has(auth, name) for auth in _auths(fields) for name in ("password", *SECRETS))
    return known or any(_has(told, name) for told in granted for name in GRANTED)


def named(fields: Mapping[str, Any]) -> str:
    """How the account is called when nobody gave it a name: what it is told apart by, mostly its login."""
    auth, identifier = fields.get("auth"), fields.get("identifier")
    if not isinstance(auth, dict):
        return ""
    said = auth.get(identifier) if isinstance(identifier, str) else None
    name = said or auth.get("login")
    return name if isinstance(name, str) else ""


def _auths(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    data = fields.get("data")
    found = [fields.get("auth"), data.get("auth") if isinstance(data, dict) else None]
    return [auth for auth in found if isinstance(auth, dict)]


def _over(fields: Mapping[str, Any], change: Change, change_granted: Change) -> dict[str, Any]:
    """The account with `auth` and `data.auth` changed, and with what a provider granted."""
    changed = dict(fields)
    for name in ("oauth", "oauth_callback_results"):
        if isinstance(told := fields.get(name), dict):
            changed[name] = change_granted(told)
    if isinstance(auth := fields.get("auth"), dict):
        changed["auth"] = change(auth)
    data = fields.get("data")
    if isinstance(data, dict) and isinstance(auth := data.get("auth"), dict):
        changed["data"] = {**data, "auth": change(auth)}
    return changed


def _has(auth: Mapping[str, Any], name: str) -> bool:
    return name in auth and auth[name] not in (None, "")


def _sealed(auth: dict[str, Any], seal: Callable[[bytes], bytes]) -> dict[str, Any]:
    kept = dict(auth)
    if _has(auth, "password"):
        both = {"login": auth.get("login"), "password": kept.pop("password")}
        kept[TOGETHER + MARK] = _packed(both, seal)
    return _sealed_of(kept, SECRETS, seal)


def _sealed_of(told: dict[str, Any], names: Sequence[str], seal: Callable[[bytes], bytes]) -> dict[str, Any]:
    kept = dict(told)
    for name in names:
        if _has(told, name):
            kept[name + MARK] = _packed(kept.pop(name), seal)
    return kept


def _opened(auth: dict[str, Any], unseal: Callable[[bytes], bytes]) -> dict[str, Any]:
    return _opened_of(auth, (TOGETHER, *SECRETS), unseal)


def _opened_of(auth: dict[str, Any], names: Sequence[str], unseal: Callable[[bytes], bytes]) -> dict[str, Any]:
    clear = dict(auth)
    for name in names:
        with contextlib.suppress(SealBroken):
            if name + MARK not in auth:
                continue
            value = _unpacked(auth[name + MARK], unseal)
            # The login beside the sealed one is what counts: it may have been changed since.
            clear |= {"password": value["password"]} if name == TOGETHER else {name: value}
            del clear[name + MARK]
    return clear


def _packed(value: object, seal: Callable[[bytes], bytes]) -> str:
    return base64.b64encode(seal(orjson.dumps(value))).decode()


def _unpacked(text: object, unseal: Callable[[bytes], bytes]) -> Any:
    try:
        packed = base64.b64decode(text if isinstance(text, str) else "", validate=True)
    except ValueError:
        raise SealBroken("what is sealed is no base64") from None
    return orjson.loads(unseal(packed))
