"""Who may call a route: the callers of the matrix of guards, each with what the route needs or just not that."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from alcove.base.clock import SetClock
from alcove.documents import Documents, Tx
from alcove.identity import AppPasswords, Sessions, Tokens
from alcove.instances import Instance, Instances
from alcove.server.testing import OPERATOR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from alcove.server.testing import Front

DOMAIN, ELSEWHERE = "alice.example", "bob.example"
PASSPHRASE = "correct horse battery"
VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
CALLERS = (
    "nobody", "owner", "app", "app_other", "app_verb", "app_id", "konn", "client", "cli", "revoked", "expired",
    "link", "link_w", "member", "member_w", "foreign", "admin", "device",
)  # fmt: skip
"""In the order of the columns of the table. An app comes with the cookie of its session, as browsers send it."""
APPS = {"app": "app", "app_other": "app-other", "app_verb": "app-verb", "app_id": "app-id"}
"""The slugs of the apps among them."""


@dataclass(frozen=True)
class Need:
    """One permission: a verb on a doctype, as a whole or on one document of it."""

    verb: str
    doctype: str
    ident: str = ""

    def rule(self, **members: Any) -> dict[str, Any]:
        """The rule that gives just this, or with other `members` one that does not."""
        values = {"values": [self.ident]} if self.ident else {}
        return {"type": self.doctype, "verbs": [self.verb], **values, **members}

    @property
    def scope(self) -> str:
        """The same as a part of a scope."""
        return f"{self.doctype}:{self.verb}" + (f":{self.ident}" if self.ident else "")


class Cast:
    """The callers, on one instance with an app, a connector and links whose permissions change from route to route."""

    def __init__(self, entry: Front) -> None:
        self._entry = entry
        self._documents = entry.house.need(Documents)
        self._tokens = entry.house.need(Tokens)
        self._sessions = entry.house.need(Sessions)
        self._passwords = entry.house.need(AppPasswords)
        self._headers: dict[str, dict[str, str]] = {}
        self._device = ""  # at first, and after it has given its password back, it gets a new one

    @property
    def instance(self) -> Instance:
        """Where they all call."""
        return self._entry.house.need(Instances).by_domain(DOMAIN)

    async def enter(self) -> None:
        """Makes the instances and the tokens that last."""
        entry = self._entry
        await entry.instance(DOMAIN, Passphrase=PASSPHRASE)
        await entry.instance(ELSEWHERE)
        old = SetClock(entry.clock.now())
        old.pass_time(hours=-1)
        self._headers = {
            "nobody": {},
            "konn": self._bearer("konn", "konn"),
            "cli": self._bearer("cli", "CLI", "*"),
            "expired": {"Authorization": f"Bearer {Tokens(old).make(self.instance, 'cli', 'CLI', '*')}"},
            **{name: self._bearer("share", name, name) for name in ("link", "link_w", "member", "member_w")},
            "foreign": {"Authorization": f"Bearer {entry.token(ELSEWHERE, '*')}"},
            "admin": {"Authorization": _basic("", OPERATOR)},
        }

    async def play(self, needs: Sequence[Need]) -> Mapping[str, dict[str, str]]:
        """The headers of every caller, each with permissions that fit a route's needs as its name says."""

        def each(**members: Any) -> dict[str, Any]:
            return {str(place): need.rule(**members) for place, need in enumerate(needs)}

        elsewhere = {"x": {"type": "io.cozy.nothing.of.use"}}
        others = [verb for verb in VERBS if verb not in {need.verb for need in needs}]
        reading = {
            str(place): {**need.rule(), "verbs": ["GET"]} for place, need in enumerate(needs) if need.verb == "GET"
        }
        sets = {
            ("io.cozy.apps", "app"): each(),
            ("io.cozy.apps", "app-other"): elsewhere,
            ("io.cozy.apps", "app-verb"): each(verbs=others, values=[]) if others else elsewhere,
            ("io.cozy.apps", "app-id"): each(verbs=VERBS, values=["another"]),
            ("io.cozy.konnectors", "konn"): each(),
        }
        types = {need.doctype for need in needs}
        links = {"link": reading, "link_w": each(), "member": reading, "member_w": each()}

        async def unit(tx: Tx) -> None:
            for (kind, slug), permissions in sets.items():
                fields = {"slug": slug, "state": "ready", "permissions": permissions}
                await _put(tx, kind, f"{kind}/{slug}", fields)
            for name, permissions in links.items():
                kind = "share-interact" if name.startswith("member") else "share"
                source = "io.cozy.sharings/s" if name.startswith("member") else "io.cozy.apps/app"
                codes = {name: self._headers[name]["Authorization"].removeprefix("Bearer ")}
                fields = {"type": kind, "source_id": source, "codes": codes, "permissions": permissions}
                await _put(tx, "io.cozy.permissions", name, fields)
            await _put(tx, "io.cozy.sharings", "s", {})
            await _put(tx, "io.cozy.oauth.clients", "client", {"client_name": "client", "flagship": "*" in types})

        await self._documents.work(self.instance.key, unit)
        # Who may do everything has a scope of its own.
        scope = "*" if "*" in types else " ".join(need.scope for need in needs) or "io.cozy.nothing.of.use"
        if self._device not in [one.id for one in await self._passwords.all(self.instance)]:
            made, secret = await self._passwords.make(self.instance, "Desk", ["files"])
            self._device, self._headers["device"] = made.id, {"Authorization": _basic("alice", secret)}
        return {**self._headers, **await self._browsers(), "client": self._bearer("access", "client", scope)}

    async def _browsers(self) -> dict[str, dict[str, str]]:
        """Callers with a session, a new one each time: some routes end it. That of `revoked` was ended."""
        session, cookie = await self._sessions.open(self.instance, long_run=False)
        gone, ended = await self._sessions.open(self.instance, long_run=False)
        await self._sessions.end(self.instance, gone.id)
        owner = {"Cookie": f"cozysessid={cookie}"}
        apps = {name: self._bearer("app", slug, session=session.id) | owner for name, slug in APPS.items()}
        revoked = self._bearer("app", "app", session=gone.id) | {"Cookie": f"cozysessid={ended}"}
        return {"owner": owner, **apps, "revoked": revoked}

    def _bearer(self, audience: str, subject: str, scope: str = "", session: str = "") -> dict[str, str]:
        token = self._tokens.make(self.instance, audience, subject, scope, session)
        return {"Authorization": f"Bearer {token}"}


def _basic(name: str, password: str) -> str:
    return f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"


async def _put(tx: Tx, kind: str, ident: str, fields: Mapping[str, Any]) -> None:
    there = await tx.get(kind, ident)
    await tx.put(kind, ident, orjson.dumps(fields), there.rev if there is not None else "")
