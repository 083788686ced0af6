"""What must not be readable in an account at rest, and how an account is without it (contract-b section 9). Pure."""

from __future__ import annotations

import base64
import contextlib
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.crypto import SealBroken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOGETHER = "credentials"
"""The sealed member that holds login and password."""
SECRETS = ("secret", "dob", "code", "answer", "access_token", "refresh_token", "appSecret", "session")
"""Members that are sealed one by one."""
MARK = "_encrypted"


def sealed(fields: Mapping[str, Any], seal: Callable[[bytes], bytes]) -> dict[str, Any]:
    """The account with its secrets sealed; what is sealed already stays as it is, unless its secret comes anew."""
    return _over(fields, lambda auth: _sealed(auth, seal))


def opened(fields: Mapping[str, Any], unseal: Callable[[bytes], bytes]) -> dict[str, Any]:
    """The account with its secrets in clear; what raises `SealBroken` stays sealed."""
    return _over(fields, lambda auth: _opened(auth, unseal))


def in_clear(fields: Mapping[str, Any]) -> bool:
    """Whether a secret of the account can be read."""
    return any(_has(auth, name) for auth in _auths(fields) for name in ("password", *SECRETS))


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


def _over(fields: Mapping[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """The account with `auth` and `data.auth` changed."""
    changed = dict(fields)
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
    for name in SECRETS:
        if _has(auth, name):
            kept[name + MARK] = _packed(kept.pop(name), seal)
    return kept


def _opened(auth: dict[str, Any], unseal: Callable[[bytes], bytes]) -> dict[str, Any]:
    clear = dict(auth)
    for name in (TOGETHER, *SECRETS):
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
