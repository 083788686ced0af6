"""What the operator says of an instance, as parameters (contract-a section 10), and what each becomes in the record.

The same for a new instance and for one that is changed. Names are those of the operator API: `Locale`, `DiskQuota`...
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alcove.base.digits import whole
from alcove.instances.errors import WrongParameter, WrongTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOCALE = re.compile(r"[a-z]{2}(_[A-Z]{2})?")
_TERMS = re.compile(r"(?:\d{8}|v?(\d{1,9})\.[^.]*\.[^.-]*(?:-(\d{8}))?)")
LENGTH = 1000
"""Characters of a text at the most."""
MODES = {"basic": 0, "two_factor_mail": 1, "two_factor_oidc": 2, "two_factor_totp": 3}
"""Ways to log in, and how the record says them."""
FREE = {"Email": "email", "PublicName": "public_name", "Timezone": "tz", "Phone": "phone"}
"""Parameters that are kept in the settings document."""
IN_SETTINGS = {
    "context": "ContextName",
    "locale": "Locale",
    "onboarding_finished": "OnboardingFinished",
    "uuid": "UUID",
    "oidc_id": "OIDCID",
    "tos": "TOSSigned",
    "tos_latest": "TOSLatest",
    "auto_update": "AutoUpdate",
    "auth_mode": "AuthMode",
}
"""Keys of `Settings=k:v` that are parameters of their own, told otherwise."""


def members_of(options: Mapping[str, str]) -> dict[str, Any]:
    """The members of the record that these parameters set; those not given are not there.

    Raises `WrongParameter`, and `WrongTerms` for a version of terms of service.
    """
    said = {**{IN_SETTINGS[key]: value for key, value in pairs(options).items() if key in IN_SETTINGS}, **options}
    members: dict[str, Any] = {}
    for name, (member, read) in _READ.items():
        if said.get(name):
            members[member] = read(name, said[name])
    return members


def settings_of(options: Mapping[str, str]) -> dict[str, str]:
    """What goes to the settings document: `Email`, `PublicName`..., and the other keys of `Settings=k:v,k2:v2`."""
    free = {key: value for key, value in pairs(options).items() if key not in IN_SETTINGS}
    return {**free, **{key: _text(name, options[name]) for name, key in FREE.items() if options.get(name)}}


def pairs(options: Mapping[str, str]) -> dict[str, str]:
    """The operator's `Settings=k:v,k2:v2`."""
    said = _text("Settings", options.get("Settings", ""))
    return dict(pair.split(":", 1) for pair in said.split(",") if ":" in pair)


def signed(agreed: str, latest: str) -> bool:
    """Whether who signed the terms of service `agreed` needs to sign `latest` no more: their major number decides."""
    wanted, mine = _major(latest), _major(agreed)
    return wanted is None or (mine is not None and mine >= wanted)


def terms_after(old: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
    """How the terms of service of a record change: what is signed waits no more, and a signed version need not wait."""
    agreed = str(members.get("tos") or old.get("tos", ""))
    latest = str(members.get("tos_latest") or old.get("tos_latest", ""))
    if not {"tos", "tos_latest"} & set(members):
        return {}
    return {"tos_latest": "" if signed(agreed, latest) else latest}


def terms_date(version: str) -> datetime | None:
    """The day from which a version of the terms of service holds, at its begin in UTC, when the version names one."""
    day = version[-8:]
    if not _TERMS.fullmatch(version) or not day.isdigit():
        return None
    try:
        return datetime.strptime(f"{day}+0000", "%Y%m%d%z")
    except ValueError:
        return None


def _major(version: str) -> int | None:
    found = _TERMS.fullmatch(version)
    return int(found[1] or 1) if found else None


def _text(name: str, said: str) -> str:
    if len(said) > LENGTH or any(sign < " " for sign in said):
        raise WrongParameter(name, f"{said[:40]!r} is not a line of {LENGTH} characters at the most")
    return said


def _names(name: str, said: str) -> list[str]:
    return [part.strip() for part in _text(name, said).split(",") if part.strip()]


def _locale(name: str, said: str) -> str:
    if not _LOCALE.fullmatch(said):
        raise WrongParameter(name, f"{said[:20]!r} is no language: fr and en are")
    return said


def truth(name: str, said: str) -> bool:
    """Whether the operator says yes or no; raises `WrongParameter`."""
    words = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
    if said.lower() not in words:
        raise WrongParameter(name, f"{said[:20]!r} is neither true nor false")
    return words[said.lower()]


def _untruth(name: str, said: str) -> bool:
    return not truth(name, said)


def _quota(name: str, said: str) -> str:
    if whole(said.removeprefix("-"), 18) is None:
        raise WrongParameter(name, f"{said[:40]!r} is no number of bytes; -1 takes the limit away")
    return "" if said.startswith("-") or not int(said) else str(int(said))


def _mode(name: str, said: str) -> int:
    if said not in MODES:
        raise WrongParameter(name, f"{said[:40]!r} is no way to log in: {', '.join(MODES)} are")
    return MODES[said]


def _terms(name: str, said: str) -> str:
    if _major(said) is None or (len(said) == 8 and terms_date(said) is None):
        raise WrongTerms(name)
    return said


def _dated_terms(name: str, said: str) -> str:
    if terms_date(_terms(name, said)) is None:
        raise WrongTerms(name)
    return said


_READ: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "Locale": ("locale", _locale),
    "ContextName": ("context", _text),
    "OrgDomain": ("org_domain", _text),
    "OrgID": ("org_id", _text),
    "OldDomain": ("old_domain", _text),
    "UUID": ("uuid", _text),
    "OIDCID": ("oidc_id", _text),
    "FranceConnectID": ("franceconnect_id", _text),
    "Sponsorships": ("sponsorships", _names),
    "sponsorships": ("sponsorships", _names),
    "FeatureSets": ("feature_sets", _names),
    "feature_sets": ("feature_sets", _names),
    "TOSSigned": ("tos", _terms),
    "TOSLatest": ("tos_latest", _dated_terms),
    "AuthMode": ("auth_mode", _mode),
    "DiskQuota": ("disk_quota", _quota),
    "AutoUpdate": ("no_auto_update", _untruth),
    "MagicLink": ("magic_link", truth),
    "OnboardingFinished": ("onboarding_finished", truth),
    "Deleting": ("deleting", truth),
    "Blocked": ("blocked", truth),
    "BlockingReason": ("blocking_reason", _text),
}
