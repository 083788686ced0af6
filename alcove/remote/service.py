"""Asks other servers on behalf of apps: only what the operator defined, written down, in the values' places alone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from alcove.base.clock import Clock, rfc3339
from alcove.base.errors import Unprocessable
from alcove.base.outgoing import NoReply, Outgoing, Question, Reply
from alcove.documents import is_doctype
from alcove.remote.errors import AnswerUnfit, NoSuchRequest, NotAnswered, OtherVerb
from alcove.remote.model import SECRET, is_fit, kept_for, masked, read_definition

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.instances import Contexts, Instance
    from alcove.remote.model import Asking, Definition
    from alcove.remote.store import Shelf

PURPOSE = "remote"
"""Why a server is asked, in the journal of what leaves."""
PATIENCE = 20.0
"""Seconds that the other server may take (contract-b section 11)."""
LIMIT = 16 << 20
"""Bytes of an answer at the most."""
LONGEST = 3600.0
"""Seconds that an answer is given again without asking, at the most."""
REMEMBERED, SMALL = 200, 512 << 10
"""Answers that are kept in memory, and bytes that each may have."""
NOTED = timedelta(days=366)
"""How long is remembered what was asked."""
MOVES = 3
"""Redirects that are followed, on the same server."""
_NAME = re.compile(r"[A-Za-z0-9_]{1,60}")


class Definitions:
    """What may be asked, as the operator says it."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf = shelf
        self._clock = clock

    async def all(self) -> Mapping[str, Mapping[str, object]]:
        """Every definition by its doctype: `request`, and the names of its `secrets`, never what they are."""
        found = {one.id: one.fields() for one in await self._shelf.all()}
        return {
            doctype: {**fields, "secrets": sorted(fields.get("secrets") or ())} for doctype, fields in found.items()
        }

    async def put(self, doctype: str, request: str, secrets: Mapping[str, str | None]) -> None:
        """Defines the request of a doctype, and changes its secrets; raises `DefinitionWrong`, `Unprocessable`."""
        if not is_doctype(doctype):
            raise Unprocessable(f"{doctype[:60]!r} is no name of a doctype", parameter="doctype")
        for name, value in secrets.items():
            if not _NAME.fullmatch(name) or not (value is None or (isinstance(value, str) and len(value) <= 10_000)):
                raise Unprocessable("A secret has a name of letters and digits, and is a text", pointer="secrets")
        read_definition(request)
        await self._shelf.put(doctype, request, secrets, rfc3339(self._clock.now()))

    async def drop(self, doctype: str) -> None:
        """Forgets the definition of a doctype with its secrets."""
        await self._shelf.drop(doctype)


class Remote:
    """What apps ask of other servers."""

    def __init__(self, shelf: Shelf, outgoing: Outgoing, contexts: Contexts, clock: Clock) -> None:
        self._shelf = shelf
        self._outgoing = outgoing
        self._contexts = contexts
        self._clock = clock
        self._kept: dict[tuple[str, str, tuple[tuple[str, str], ...]], tuple[float, Reply]] = {}

    async def doctypes(self) -> list[str]:
        """The doctypes that something can be asked for."""
        return [one.id for one in await self._shelf.all()]

    async def ask(self, instance: Instance, doctype: str, verb: str, said: Mapping[str, str]) -> Reply:
        """The answer of the other server; raises `NoSuchRequest`, `OtherVerb`, `VariableMissing`, `NotAnswered`."""
        told = await self._shelf.get(doctype)
        if told is None:
            raise NoSuchRequest(doctype)
        definition = read_definition(str(told["request"]))
        if definition.verb != verb:
            raise OtherVerb(definition.verb)
        secrets: Mapping[str, str] = told["secrets"]
        asking = definition.filled({**said, **{f"{SECRET}{name}": value for name, value in secrets.items()}})
        key = (instance.key, asking.url, tuple(sorted(asking.headers.items())))
        if verb == "GET" and (kept := self._recalled(key)) is not None:
            return kept
        reply = await self._answered(definition, asking)
        written = definition.filled(masked(said, list(secrets))).url
        await self._note(instance, doctype, verb, written, said, reply)
        if not is_fit(reply.headers.get("content-type", "")):
            raise AnswerUnfit(f"{urlsplit(asking.url).hostname} answers with something that no app is given")
        if verb == "GET":
            self._keep(key, reply)
        return reply

    async def asset(self, instance: Instance, name: str) -> Reply:
        """A file that the context of the instance names in `remote_assets`; raises `NoSuchRequest`, `NotAnswered`."""
        known = self._contexts.of(instance).get("remote_assets")
        url = known.get(name) if isinstance(known, dict) else None
        if not isinstance(url, str):
            raise NoSuchRequest(name)
        key = (instance.key, url, ())
        if (kept := self._recalled(key)) is not None:
            return kept
        reply = await self._followed(Question(url, PURPOSE, limit=LIMIT, patience=PATIENCE))
        if not is_fit(reply.headers.get("content-type", "")):
            raise AnswerUnfit(f"{urlsplit(url).hostname} answers with something that no app is given")
        self._keep(key, reply)
        return reply

    async def _answered(self, definition: Definition, asking: Asking) -> Reply:
        question = Question(
            asking.url,
            PURPOSE,
            definition.verb,
            asking.headers,
            asking.body.encode(),
            limit=LIMIT,
            patience=PATIENCE,
        )
        return await self._followed(question)

    async def _followed(self, question: Question) -> Reply:
        """The answer, on the server that is meant: to no other one go the values and secrets of a request."""
        url = question.url
        for _ in range(1 + MOVES):
            try:
                reply = await self._outgoing.ask(replace(question, url=url))
            except NoReply as error:
                raise NotAnswered(str(error)) from None
            if reply.status not in (301, 302, 303, 307, 308) or question.method != "GET":
                return reply
            url = urljoin(url, reply.headers.get("location", ""))
            if _origin(url) != _origin(question.url):
                raise NotAnswered(f"{urlsplit(question.url).hostname} leads to another server, which is not asked")
        raise NotAnswered(f"{urlsplit(question.url).hostname} leads from place to place")

    async def _note(
        self, instance: Instance, doctype: str, verb: str, url: str, said: Mapping[str, str], reply: Reply
    ) -> None:
        now = self._clock.now()
        fields = {
            "doctype": doctype,
            "verb": verb,
            "url": url,
            "response_code": reply.status,
            "content_type": reply.headers.get("content-type", "").partition(";")[0],
            "variables": dict(said),
            "created_at": rfc3339(now),
        }
        await self._shelf.note(instance.key, fields, rfc3339(now - NOTED))

    def _recalled(self, key: tuple[str, str, tuple[tuple[str, str], ...]]) -> Reply | None:
        ends, reply = self._kept.get(key, (0.0, None))
        return reply if self._clock.now().timestamp() < ends else None

    def _keep(self, key: tuple[str, str, tuple[tuple[str, str], ...]], reply: Reply) -> None:
        seconds = kept_for(reply.status, reply.headers, LONGEST)
        if seconds and len(reply.body) <= SMALL:
            if len(self._kept) >= REMEMBERED:
                self._kept.clear()
            self._kept[key] = (self._clock.now().timestamp() + seconds, reply)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
