"""The document of what is installed from elsewhere: its manifest, and what the server adds (contract-a section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.apps.errors import ManifestRefused, ManifestWrong
from alcove.apps.model.kind import WEBAPPS, Kind
from alcove.apps.model.manifest import decode_manifest, manifest_of
from alcove.identity import WrongScope, read_set, tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.http import Rule
    from alcove.documents import Document

BUILTIN = "builtin://"
"""How the source begins of what comes with Alcove."""
READY = frozenset({"ready", "installed"})
UPDATED = frozenset(
    "banks coachco2 contacts dataproxy drive home mespapiers notes passwords photos settings store".split()
)
"""Slugs of apps whose updates are taken as they are, whatever they want more."""
CERTIFIED = frozenset({"io.cozy.certified.carbon_copy", "io.cozy.certified.electronic_safe"})
"""What connectors may want more in an update without a yes (contract-a section 5)."""
HIDDEN = frozenset({"code"})
"""Members that answers leave out: where the files lie."""
OWN = frozenset(
    {"source", "state", "code", "checksum", "available_version", "pending", "error", "created_at", "updated_at"}
)
"""Members that a manifest cannot say."""
_ALWAYS = {"locales": None, "notifications": None, "services": None, "intents": None}


def read_record(kind: Kind, slug: str, content: bytes) -> dict[str, Any]:
    """The members of a document that the manifest says; raises `ManifestRefused`."""
    try:
        said = decode_manifest(content, slug)
        if said.get("type", kind.type) != kind.type:
            raise ManifestRefused(f"its type is {str(said['type'])[:40]!r}, and {kind.type!r} is asked for")
        fields = {name: value for name, value in said.items() if name not in OWN and not name.startswith("_")}
        fields |= {"slug": slug, "type": kind.type, "version": str(said.get("version") or "0.0.0")}
        fields["permissions"] = tidy(said.get("permissions") or {})
        if kind is WEBAPPS:
            manifest_of(slug, fields)
            fields = {**_ALWAYS, **fields, "terms": _terms(said.get("terms"))}
            fields["services"] = _services(said.get("services"))
    except (ManifestWrong, WrongScope, AttributeError) as error:
        raise ManifestRefused(str(error)) from None
    return fields


def comes_along(document: Document) -> bool:
    """Whether it comes with Alcove, and nobody installed it."""
    return str(document.fields().get("source", "")).startswith(BUILTIN)


def comes_from_elsewhere(fields: Mapping[str, Any]) -> bool:
    """Whether the instance keeps the files itself; what comes with Alcove is served from where it lies."""
    return bool(fields.get("code"))


def wanted_more(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """What a version asks for that the present one does not: rules by title, other terms. The person says yes first."""
    known = {_asked(rule) for rule in read_set(old.get("permissions") or {})}
    rules: Mapping[str, Any] = new.get("permissions") or {}
    fresh = {rule.title for rule in read_set(rules) if _asked(rule) not in known}
    told: dict[str, Any] = {"permissions": {title: rule for title, rule in rules.items() if title in fresh}}
    terms = [(fields.get("terms") or {}).get("version", "") for fields in (old, new)]
    if terms[0] != terms[1]:
        told["terms"] = new.get("terms")
    return told if fresh or "terms" in told else {}


def is_certified(more: Mapping[str, Any]) -> bool:
    """Whether a version wants nothing more than to say where its files come from: nobody is asked for that."""
    rules = read_set(more.get("permissions") or {})
    return bool(rules) and "terms" not in more and all(rule.type in CERTIFIED for rule in rules)


def _asked(rule: Rule) -> tuple[str, frozenset[str], frozenset[str], str]:
    return (rule.type, rule.verbs, rule.values, rule.selector)


def _terms(said: Any) -> dict[str, Any]:
    return {"url": "", "version": "", **(said if isinstance(said, dict) else {})}


def _services(said: Any) -> Any:
    """Each with all its members: clients read `debounce` without a look whether it is there.

    Which trigger is whose is never taken from a manifest: it goes with the app.
    """
    if not isinstance(said, dict):
        return None
    told = {name: {"debounce": "", **one} for name, one in said.items() if isinstance(one, dict)}
    return {name: {key: value for key, value in one.items() if key != "trigger_id"} for name, one in told.items()}


def precedes(version: str, other: str) -> bool:
    """Whether a version `X.Y.Z` is older than another; what is written otherwise precedes nothing.

    >>> precedes("1.9.0", "1.10.0"), precedes("1.10.0", "1.10.0"), precedes("1.0.0-beta.1", "2.0.0")
    (True, False, False)
    """
    numbers = [[int(part) for part in one.split(".") if part.isdecimal()] for one in (version, other)]
    known = all(one.replace(".", "").isdecimal() and len(one) < 40 for one in (version, other))
    return known and numbers[0] < numbers[1]
