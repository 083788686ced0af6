"""The operator API (contract-a section 10): parameters in the query string, answers in JSON:API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.base.digits import whole
from alcove.base.errors import BadRequest, Unprocessable
from alcove.base.http import Call, Guard, JSONResponse, Route, jsonapi_errors
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.identity import AUDIENCES, WrongScope, read_scope

if TYPE_CHECKING:
    from alcove.identity import Passphrases, Tokens
    from alcove.instances import Instance, Instances

HIDDEN = {"passphrase_hash", "passphrase_sealed", "session_secret", "oauth_secret", "cli_secret"}
"""Members of the record that never leave the server."""

CHANGEABLE = {"Locale": "locale", "DiskQuota": "disk_quota", "ContextName": "context"}
"""Parameters that change a member of the record."""


class Operator:
    """The verbs of the person who runs the server."""

    def __init__(self, instances: Instances, tokens: Tokens, passphrases: Passphrases) -> None:
        self._instances = instances
        self._tokens = tokens
        self._passphrases = passphrases

    def routes(self) -> list[Route]:
        """The route table of this file."""
        table = (
            ("GET", "/instances", self.list),
            ("POST", "/instances", self.create),
            ("GET", "/instances/count", self.count),
            ("POST", "/instances/token", self.token),
            ("GET", "/instances/:domain", self.show),
            ("PATCH", "/instances/:domain", self.change),
            ("DELETE", "/instances/:domain", self.destroy),
            ("GET", "/instances/:domain/prefix", self.prefix),
            ("PUT", "/instances/:domain/passphrase", self.passphrase),
        )
        return [Route(m, path, handler, Guard.OPERATOR, jsonapi_errors, operator=True) for m, path, handler in table]

    async def list(self, call: Call) -> Response:
        """Instances by domain, a page of 100 unless `page[limit]` says otherwise."""
        skip, limit = _number(call, "page[skip]", 0), _number(call, "page[limit]", 100)
        everyone = self._instances.all()
        page = everyone[skip : skip + limit]
        more = skip + limit < len(everyone)
        links = {"next": f"/instances?page[limit]={limit}&page[skip]={skip + limit}"} if more else {}
        return answer_list([_resource(instance) for instance in page], links=links)

    async def count(self, call: Call) -> Response:
        """How many instances there are."""
        return JSONResponse({"count": len(self._instances.all())})

    async def create(self, call: Call) -> Response:
        """Makes an instance."""
        options = dict(call.request.query_params)
        if not options.get("Domain"):
            raise Unprocessable("Domain is missing: the host that the instance will be reached at", parameter="domain")
        instance = await self._instances.create(options["Domain"], options, {})
        return answer(_resource(instance), 201)

    async def show(self, call: Call) -> Response:
        """One instance."""
        return answer(_resource(self._instances.by_domain(call.params["domain"])))

    async def change(self, call: Call) -> Response:
        """Gives an instance another `Domain`, `Locale` or `DiskQuota` (-1: no limit)."""
        instance = self._instances.by_domain(call.params["domain"])
        members = {name: call.query(said) for said, name in CHANGEABLE.items() if call.query(said)}
        if whole(members.get("disk_quota", "0").removeprefix("-"), 18) is None:
            raise BadRequest("DiskQuota must be a number of bytes", parameter="DiskQuota")
        if members.get("disk_quota", "").startswith("-"):
            members["disk_quota"] = ""
        if members:
            instance = await self._instances.change(instance, members)
        if call.query("Domain"):
            instance = await self._instances.rename(instance, call.query("Domain"))
        return answer(_resource(instance))

    async def destroy(self, call: Call) -> Response:
        """Removes an instance and everything in it."""
        await self._instances.destroy(self._instances.by_domain(call.params["domain"]))
        return Response(status_code=204)

    async def prefix(self, call: Call) -> Response:
        """The name of an instance's stores."""
        return JSONResponse(self._instances.by_domain(call.params["domain"]).key)

    async def passphrase(self, call: Call) -> Response:
        """Sets a new passphrase for who has forgotten theirs; ends all sessions. Body: `{"passphrase": text}`.

        In the body, not in the query: a query string may stand in a proxy's log.
        """
        instance = self._instances.by_domain(call.params["domain"])
        said = (await call.json_object(64 << 10)).get("passphrase")
        if not isinstance(said, str) or not said:
            raise Unprocessable("passphrase must be a text that is not empty", pointer="/passphrase")
        await self._passphrases.replace(instance, said)
        return Response(status_code=204)

    async def token(self, call: Call) -> Response:
        """A token as bare text: `Domain`, `Audience` (cli, app, konn), `Subject`, `Scope`."""
        instance = self._instances.by_domain(call.query("Domain"))
        audience = AUDIENCES.get(call.query("Audience"), call.query("Audience"))
        if audience not in ("cli", "app", "konn"):
            raise BadRequest(f"Unknown audience {audience!r}: cli, app or konn are allowed", parameter="Audience")
        scope = call.query("Scope").replace(",", " ") if audience == "app" else call.query("Scope")
        try:
            read_scope(scope)
        except WrongScope as error:
            raise BadRequest(str(error), parameter="Scope") from None
        made = self._tokens.make(instance, audience, call.query("Subject"), scope)
        return Response(made, media_type="text/plain")


def _resource(instance: Instance) -> dict[str, Any]:
    said = {k: v for k, v in instance.fields.items() if k not in HIDDEN}
    links = {"self": f"/instances/{instance.domain}"}
    return resource("instances", instance.id, said, rev=instance.rev, links=links)


def _number(call: Call, name: str, default: int) -> int:
    said = call.query(name)
    if not said:
        return default
    number = whole(said)
    if number is None or number > 10_000:
        raise BadRequest(f"{name} is {said[:40]!r}: a number up to 10000 is allowed", parameter=name)
    return number
