"""`GET /settings/disk-usage`: how much space the files of a person take (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.digits import whole
from alcove.base.jsonapi import answer, resource
from alcove.files.http.access import instance_of
from alcove.files.model import FILES, TRASH

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.files.service import Files

SETTINGS, DISK_USAGE = "io.cozy.settings", "io.cozy.settings.disk-usage"


class DiskUsage:
    """Space taken and allowed."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def show(self, call: Call) -> Response:
        """Bytes of files and of their old versions, and the quota if there is one; `include=trash,kinds` tells more."""
        # Whoever may add files must know what fits, and each app's frame shows it.
        if call.caller.audience != "app" and not call.caller.rules("POST", FILES):
            call.caller.allow("GET", SETTINGS, DISK_USAGE)
        instance = instance_of(call)
        files, versions = await self._files.usage(instance)
        said: dict[str, Any] = {"used": str(files + versions), "files": str(files), "versions": str(versions)}
        quota = str(instance.fields.get("disk_quota") or "")
        if whole(quota, 18):
            said["quota"] = quota
        wanted = call.query("include").split(",")
        if "kinds" in wanted:
            kinds = await self._files.usage_by_kind(instance)
            said["kinds"] = {kind: str(size) for kind, size in sorted(kinds.items())}
        if "trash" in wanted:
            said["trash"] = str(await self._files.weight(instance, await self._files.get(instance, TRASH)))
        return answer(resource(SETTINGS, DISK_USAGE, said, links={"self": "/settings/disk-usage"}))
