"""Intents: an app asks for something to be done, without knowing which app does it (contract-a section 6). Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alcove.apps.errors import IntentWrong

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INTENTS = "io.cozy.intents"
VERBS = frozenset({"ALL", "GET", "POST", "PUT", "PATCH", "DELETE"})
LONGEST = 200
"""Characters of an action and of a type at the most."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What an app asks for: an action on a type of documents or of media, and what it wants to do with the outcome."""

    action: str
    type: str
    permissions: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Intent:
    """A wish that was made known: who has it, and which apps can fulfil it."""

    id: str
    rev: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def client(self) -> str:
        """The id of the app that asks: `io.cozy.apps/notes`; empty for who is no app."""
        return str(self.fields.get("client") or "")

    @property
    def slugs(self) -> frozenset[str]:
        """The apps that can fulfil it."""
        return frozenset(str(service.get("slug")) for service in self.fields.get("services") or ())


def read_wish(attributes: Mapping[str, Any]) -> Wish:
    """What the body of a request asks for; raises `IntentWrong`."""
    words = []
    for name in ("action", "type"):
        said = attributes.get(name)
        if not isinstance(said, str) or not 0 < len(said) <= LONGEST:
            raise IntentWrong(f"An intent needs {name}: a text of {LONGEST} characters at the most", name)
        words.append(said)
    permissions = attributes.get("permissions")
    known = permissions is None or (isinstance(permissions, list) and all(verb in VERBS for verb in permissions))
    if not known:
        raise IntentWrong(f"permissions is a list of {', '.join(sorted(VERBS))}", "permissions")
    return Wish(words[0], words[1], list(permissions or ()))


def places(manifest: Mapping[str, Any], wish: Wish) -> Iterator[str]:
    """Where an app fulfils a wish, as its manifest says: paths of its own host.

    >>> told = {"intents": [{"action": "PICK", "type": ["image/*"], "href": "/pick"}]}
    >>> list(places(told, Wish("pick", "image/png"))), list(places(told, Wish("pick", "io.cozy.files")))
    (['/pick'], [])
    """
    intents = manifest.get("intents")
    for intent in intents if isinstance(intents, list) else ():
        if not isinstance(intent, dict) or str(intent.get("action")).lower() != wish.action.lower():
            continue
        said = intent.get("type")
        types = said if isinstance(said, list) else [said]
        if any(_covers(str(one), wish.type) for one in types):
            yield str(intent.get("href") or "/")


def address(origin: str, href: str, ident: str) -> str:
    """The address of an app's page for an intent, which it is told before the fragment; always on the app's host.

    >>> address("http://drive.me.example", "/#/pick", "1")
    'http://drive.me.example/?intent=1#/pick'
    """
    path, mark, fragment = href.lstrip("/").partition("#")
    return f"{origin}/{path}{'&' if '?' in path else '?'}intent={ident}{mark}{fragment}"


def _covers(known: str, wanted: str) -> bool:
    above, star, rest = known.partition("/*")
    return known == wanted or bool(star and not rest and wanted.partition("/")[0] == above and "/" in wanted)
