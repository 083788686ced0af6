"""What the operator looks after: space, last activity, versions of apps, and how the server does."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from alcove.admin.http.reading import operator_routes
from alcove.base.digits import whole
from alcove.base.http import JSONResponse
from alcove.files import FILES, TRASH, VERSIONS

if TYPE_CHECKING:
    from alcove.apps import Apps
    from alcove.base.http import Call, Route
    from alcove.documents import Documents
    from alcove.files import Files
    from alcove.identity import Clients, Sessions
    from alcove.instances import Instances

FIRST_DAY = "2018-01-01"
"""The last activity of an instance that never had any, as the reference tells it."""
_STARTED = time.time()


class UpkeepRoutes:
    """Figures of instances and of the server."""

    def __init__(
        self,
        instances: Instances,
        documents: Documents,
        files: Files,
        apps: Apps,
        sessions: Sessions,
        clients: Clients,
    ) -> None:
        self._instances = instances
        self._documents = documents
        self._files = files
        self._apps = apps
        self._sessions = sessions
        self._clients = clients

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return operator_routes(
            (
                ("GET", "/instances/:domain/disk-usage", self.disk_usage),
                ("GET", "/instances/:domain/last-activity", self.last_activity),
                ("GET", "/instances/with-app-version/:slug/:version", self.with_app_version),
                ("GET", "/metrics", self.metrics),
            )
        )

    async def disk_usage(self, call: Call) -> Response:
        """Bytes and numbers of files and of their old versions; `include=trash` tells the trash too."""
        instance = self._instances.by_domain(call.params["domain"])
        files, versions = await self._files.usage(instance)
        said: dict[str, Any] = {"used": str(files + versions), "files": str(files), "versions": str(versions)}
        quota = str(instance.fields.get("disk_quota") or "")
        if whole(quota, 18):
            said["quota"] = quota
        said["doc_count"] = await self._documents.count(instance.key, FILES)
        said["versions_count"] = str(await self._documents.count(instance.key, VERSIONS))
        if call.query("include") == "trash":
            said["trashed"] = str(await self._files.weight(instance, await self._files.get(instance, TRASH)))
        return JSONResponse(said)

    async def last_activity(self, call: Call) -> Response:
        """The day on which somebody last used the instance: a browser, or a client."""
        instance = self._instances.by_domain(call.params["domain"])
        moments = await self._sessions.moments(instance)
        moments.append(str(instance.fields.get("last_activity_from_deleted_oauth_clients") or ""))
        for client in await self._clients.all(instance):
            if client.kind != "sharing":
                moments += [str(client.fields.get(name) or "") for name in ("last_refreshed_at", "synchronized_at")]
        return JSONResponse({"last-activity": max(moment[:10] for moment in [*moments, FIRST_DAY])})

    async def with_app_version(self, call: Call) -> Response:
        """The instances whose app has just this version."""
        found = list[str]()
        for instance in self._instances.all():
            for app in await self._apps.all(instance):
                fields = app.fields()
                if fields.get("slug") == call.params["slug"] and fields.get("version") == call.params["version"]:
                    found.append(instance.domain)
        return JSONResponse({"instances": found})

    async def metrics(self, call: Call) -> Response:
        """Figures of this process, as Prometheus reads them."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        figures = {
            "process_cpu_seconds_total": ("counter", used.ru_utime + used.ru_stime),
            "process_resident_memory_bytes": ("gauge", _resident()),
            "process_open_fds": ("gauge", _open_files()),
            "process_start_time_seconds": ("gauge", round(_STARTED, 3)),
            "alcove_instances": ("gauge", self._instances.count()),
        }
        lines = [f"# TYPE {name} {kind}\n{name} {value}\n" for name, (kind, value) in figures.items()]
        return Response("".join(lines), media_type="text/plain; version=0.0.4; charset=utf-8")


def _resident() -> int:
    """Bytes of memory in use; the most there ever were, where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _open_files() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0
