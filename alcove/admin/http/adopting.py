"""`POST /instances/:domain/adopt`: a file that lies on the server's disk becomes one of an instance, without a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.admin.http.reading import operator_routes
from alcove.base.http import JSONResponse
from alcove.files import ROOT, Upload, read_date

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call, Route
    from alcove.files import Adopting
    from alcove.instances import Instances


class AdoptRoutes:
    """Files handed over by the command line of the same machine."""

    def __init__(self, instances: Instances, adopting: Adopting) -> None:
        self._instances = instances
        self._adopting = adopting

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes((("POST", "/instances/:domain/adopt", self.adopt),))

    async def adopt(self, call: Call) -> Response:
        """Makes a file of what `Handed` names in the folder `adopting` of the data folder.

        `Name`, `DirID`, `CreatedAt` and `UpdatedAt` are as for an upload.
        """
        instance = self._instances.by_domain(call.params["domain"])
        created, updated = (read_date(call.query(name), name) for name in ("CreatedAt", "UpdatedAt"))
        what = Upload(call.query("Name"), call.query("DirID") or ROOT, created_at=created, updated_at=updated)
        node = await self._adopting.adopt(instance, what, call.query("Handed"))
        return JSONResponse({"_id": node.id, "md5sum": node.md5sum, "size": str(node.size)}, 201)
