"""`/remote`: what apps ask of other servers (contract-b section 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.http import Guard, JSONResponse, Route, jsonapi_errors
from alcove.instances import Allowance
from alcove.remote.model import LONGEST, told_headers, variables

if TYPE_CHECKING:
    from alcove.base.http import Call
    from alcove.base.outgoing import Reply
    from alcove.instances import Allowances, Instance
    from alcove.remote.service import Remote

DOCTYPES = "io.cozy.doctypes"
ASKING = Allowance("requests to other servers", 2000)
BODY = 4 * LONGEST
"""Bytes of the variables of a POST at the most."""
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""An answer is for a program: a picture of another server that is opened as a page runs nothing."""


class RemoteHTTP:
    """The routes."""

    def __init__(self, remote: Remote, allowances: Allowances) -> None:
        self._remote = remote
        self._allowances = allowances

    def routes(self) -> list[Route]:
        """The route table."""
        table = (
            ("GET", "/remote/_all_doctypes", self.doctypes),
            ("GET", "/remote/assets/:name", self.asset),
            ("GET", "/remote/:doctype", self.get),
            ("POST", "/remote/:doctype", self.post),
        )
        return [Route(method, path, handler, Guard.TOKEN, jsonapi_errors) for method, path, handler in table]

    async def doctypes(self, call: Call) -> Response:
        """The names of what can be asked for."""
        call.caller.allow_type("GET", DOCTYPES)
        return JSONResponse(await self._remote.doctypes())

    async def get(self, call: Call) -> Response:
        """Asks another server by the GET that the operator defined for a doctype; the query holds the variables."""
        return await self._asked(call, dict(call.request.query_params))

    async def post(self, call: Call) -> Response:
        """The same by a POST; the body is a JSON object with the variables."""
        return await self._asked(call, None)

    async def asset(self, call: Call) -> Response:
        """A file of another server that the operator names for everybody."""
        instance = cast("Instance", call.instance)
        await self._allowances.take(instance.key, ASKING)
        return _answer(await self._remote.asset(instance, call.params["name"]))

    async def _asked(self, call: Call, said: object) -> Response:
        doctype, verb, instance = call.params["doctype"], call.request.method, cast("Instance", call.instance)
        call.caller.allow_type(verb, doctype)
        values = variables(await call.json_object(BODY) if said is None else said)
        await self._allowances.take(instance.key, ASKING)
        return _answer(await self._remote.ask(instance, doctype, verb, values))


def _answer(reply: Reply) -> Response:
    headers = {**told_headers(reply.headers), "Content-Security-Policy": POLICY}
    return Response(reply.body, reply.status, headers)
