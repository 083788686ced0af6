"""`/instances`: making, showing, changing and removing them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.responses import Response

from alcove.admin.http.reading import number, operator_routes
from alcove.base.digits import whole
from alcove.base.errors import Unprocessable
from alcove.base.http import Call, JSONResponse, Route
from alcove.base.jsonapi import answer, answer_list, resource
from alcove.instances import settings_of

if TYPE_CHECKING:
    from alcove.instances import Instance, Instances, InstanceSettings

HIDDEN = re.compile(r"(?!register_token).*_(secrets?|hash|sealed|token|key)")
"""Members of the record that never leave the server, by how they are named: those of other rooms too. Only the one-time
secret of a new instance does, since the operator hands it on."""
ROUNDS = range(50_000, 5_000_001)
"""Rounds of PBKDF2 that a client may be asked for; 0 is the server's choice (contract-a section 2)."""


class InstanceRoutes:
    """The records of instances, for the person who runs the server."""

    def __init__(self, instances: Instances, settings: InstanceSettings) -> None:
        self._instances = instances
        self._settings = settings

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/instances", self.list),
                ("POST", "/instances", self.create),
                ("GET", "/instances/count", self.count),
                ("GET", "/instances/:domain", self.show),
                ("PATCH", "/instances/:domain", self.modify),
                ("DELETE", "/instances/:domain", self.destroy),
                ("GET", "/instances/:domain/prefix", self.prefix),
            )
        )

    async def list(self, call: Call) -> Response:
        """Instances by domain: all of them, or a page of `page[limit]`.

        The next page begins with the domain that `page[cursor]` names, so that none is missed when others come and go;
        `page[skip]` leaves out the first ones from there.
        """
        skip, limit = number(call, "page[skip]", 0), number(call, "page[limit]", 0) or self._instances.count()
        cursor = call.query("page[cursor]")
        everyone = [instance for instance in self._instances.all() if instance.domain >= cursor]
        page = everyone[skip : skip + limit + 1]
        more = len(page) > limit
        links = {}
        if more:
            links["next"] = f"/instances?page[limit]={limit}&page[cursor]={quote(page[limit].domain)}"
        return answer_list([shown(instance) for instance in page[:limit]], links=links)

    async def count(self, call: Call) -> Response:
        """How many instances there are."""
        return JSONResponse({"count": self._instances.count()})

    async def create(self, call: Call) -> Response:
        """Makes an instance."""
        options = dict(call.request.query_params)
        if not options.get("Domain"):
            raise Unprocessable("Domain is missing: the host that the instance will be reached at", parameter="domain")
        rounds = whole(options.get("KdfIterations") or "0", 7)
        if rounds is None or (rounds and rounds not in ROUNDS):
            allowed = f"0 or {ROUNDS.start} to {ROUNDS.stop - 1} rounds are allowed"
            raise Unprocessable(f"KdfIterations: {allowed}", parameter="KdfIterations")
        return answer(shown(await self._instances.create(options["Domain"], options, {})), 201)

    async def show(self, call: Call) -> Response:
        """One instance."""
        return answer(shown(self._instances.by_domain(call.params["domain"])))

    async def modify(self, call: Call) -> Response:
        """Changes what the parameters name: of the record, and of the person's settings."""
        options = dict(call.request.query_params)
        settings = settings_of(options)
        instance = await self._instances.modify(self._instances.by_domain(call.params["domain"]), options)
        await self._settings.amend(instance, settings)
        return answer(shown(instance))

    async def destroy(self, call: Call) -> Response:
        """Removes an instance and everything in it."""
        await self._instances.destroy(self._instances.by_domain(call.params["domain"]))
        return Response(status_code=204)

    async def prefix(self, call: Call) -> Response:
        """The name of an instance's stores."""
        return JSONResponse(self._instances.by_domain(call.params["domain"]).key)


def shown(instance: Instance) -> dict[str, Any]:
    """The record as the operator sees it."""
    said = {name: value for name, value in instance.fields.items() if not HIDDEN.fullmatch(name)}
    links = {"self": f"/instances/{instance.domain}"}
    return resource("instances", instance.id, said, rev=instance.rev, links=links)
