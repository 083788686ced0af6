"""`POST /jobs/support`, `/jobs/campaign-emails`: to who helps a person, and to the person (contract-b section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.errors import BadRequest, Forbidden, NotFound
from alcove.base.http import Call, Guard, Route, jsonapi_errors
from alcove.base.jsonapi import read
from alcove.instances import Allowance
from alcove.jobs import NoRetry
from alcove.outbox.model import Letter

if TYPE_CHECKING:
    from alcove.instances import Allowances, Contexts, Instance, InstanceSettings
    from alcove.outbox.appmail import AppMails
    from alcove.outbox.service import Outbox

LIMIT = 1 << 20
"""Bytes of what is written at the most."""
HOURLY = Allowance("mails to the support", 5)


class SupportHTTP:
    """Mails what an app was told to pass on to the `support_address` of the context, in the name of the person."""

    def __init__(
        self,
        outbox: Outbox,
        mails: AppMails,
        contexts: Contexts,
        settings: InstanceSettings,
        allowances: Allowances,
    ) -> None:
        self._outbox = outbox
        self._mails = mails
        self._contexts = contexts
        self._settings = settings
        self._allowances = allowances

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [
            Route("POST", "/jobs/support", self.write, Guard.LATE, jsonapi_errors),
            Route("POST", "/jobs/campaign-emails", self.campaign, Guard.TOKEN, jsonapi_errors),
        ]

    async def write(self, call: Call) -> Response:
        """Takes `arguments` with a `subject` and a `body`; answers go to the person's own address."""
        said = (await read(call, LIMIT))["attributes"].get("arguments")
        subject, body = (said.get(name) if isinstance(said, dict) else None for name in ("subject", "body"))
        if not isinstance(subject, str) or not isinstance(body, str) or not subject.strip() or not body.strip():
            raise BadRequest("arguments: a subject and a body are needed, both as texts")
        await call.identify()
        try:
            call.caller.allow_type("POST", "io.cozy.support")
        except Forbidden:
            call.caller.allow("POST", "io.cozy.jobs", "", {"worker": "sendmail"})
        instance = cast("Instance", call.instance)
        helper = self._contexts.of(instance).get("support_address")
        if not isinstance(helper, str) or not helper:
            raise NotFound("Nobody is named who helps: whoever runs the server can (support_address of the context)")
        person = str((await self._settings.read(instance)).get("email") or "")
        await self._allowances.take(instance.key, HOURLY)
        letter = Letter("support", subject, body.split("\n\n"), after=[f"{instance.domain}  {person}"])
        await self._outbox.send(instance, letter, helper, reply_to=person)
        return Response(status_code=204)

    async def campaign(self, call: Call) -> Response:
        """Mails the person what their host has to tell: `arguments` with a `subject` and `parts`."""
        call.caller.allow("POST", "io.cozy.jobs", "", {"worker": "sendmail"})
        said = (await read(call, LIMIT))["attributes"].get("arguments")
        try:
            await self._mails.campaign(cast("Instance", call.instance), said if isinstance(said, dict) else {})
        except NoRetry as error:
            raise BadRequest(str(error)) from None
        return Response(status_code=204)
