"""What apps do in the background: one file of an app, run by Node, confined, with nothing in reach but its place."""

from __future__ import annotations

import asyncio
import logging
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from alcove.apps import NotInstalled
from alcove.base.confined import Bind, Limits, Program
from alcove.base.errors import Refusal
from alcove.connectors.model import FIELDS_LIMIT, MESSAGE, Heard, decode_line
from alcove.connectors.service.languages import NODE_HEAP, NODE_RESERVES, NODE_TASKS, NODE_WRITES, NoNode, find_node
from alcove.egress import Refused
from alcove.jobs import BadTrigger, NoRetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from alcove.apps import Apps
    from alcove.base.confined import Confinement
    from alcove.connectors.service.ways import Ways
    from alcove.identity import Tokens
    from alcove.instances import Instance
    from alcove.jobs import Running

log = logging.getLogger("alcove.connectors")

SECONDS = 300.0
"""How long a service may take (contract-b section 6)."""
LIMITS = Limits(
    memory=NODE_RESERVES, data=NODE_WRITES, wall=SECONDS, cpu=int(SECONDS), processes=NODE_TASKS, open_files=256
)
CODE = "/service/index.js"


class ServiceFailed(Exception):
    """A service that ended with an error: its text is the job's."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service to run: its app, its file, and what it is told."""

    slug: str
    file: Path
    fields: Any


class Nowhere:
    """Where services may connect to beside their place. It is `alcove.egress.broker.Reach`."""

    ports: tuple[int, ...] = ()

    async def judge(self, host: str, port: int) -> None:
        """Raises `Refused`."""
        raise Refused(f"{host}: what an app does in the background reaches its own place alone")

    def trusts(self, host: str) -> bool:
        """Never."""
        return False


class AppServices:
    """Runs services. `confinement` is asked at each run: it is found when the server starts."""

    def __init__(
        self, confinement: Callable[[], Confinement], apps: Apps, tokens: Tokens, ways: Ways, node: str
    ) -> None:
        self._node = node
        self._confinement = confinement
        self._apps = apps
        self._tokens = tokens
        self._ways = ways

    async def run(self, instance: Instance, running: Running) -> None:
        """Runs the service that a job names. Raises `BadTrigger` when there is none, `NoRetry`, `ServiceFailed`."""
        service = await self._found(instance, running.message if isinstance(running.message, dict) else {})
        try:
            node = await asyncio.to_thread(self._ready, service)
        except NoNode as error:
            raise NoRetry(f"What apps do in the background is written for Node. {error}") from None
        confinement, heard = self._confinement(), Heard()
        async with self._ways.open(instance, service.slug, confinement, Nowhere()) as way:
            code = Bind(service.file, CODE)
            argv = (str(node), f"--max-old-space-size={NODE_HEAP}", confinement.place(code))
            env = {name: value for name, value in way.env.items() if not name.startswith("ALCOVE")}
            env |= self._environment(instance, service, running, way.url)
            program = Program(argv, env, (code, *way.binds, *_binds(node)))

            async def hear(raw: bytes) -> None:
                line = decode_line(raw)
                if line is not None:
                    heard.hear(line)
                text = raw[:MESSAGE].decode(errors="replace")
                log.debug("a service writes", extra={"slug": service.slug, "text": text})

            ending = await confinement.run(program, LIMITS, hear, doors=way.doors)
        failure = heard.failure(0 if ending.ok else 1, ending.reason)
        if failure:
            text = ending.stderr[-2000:].decode(errors="replace")
            log.info("a service failed", extra={"slug": service.slug, "reason": ending.reason, "stderr": text})
            raise ServiceFailed(failure)

    async def _found(self, instance: Instance, message: Mapping[str, Any]) -> Service:
        """The service that a message names by its name, or by its file."""
        inner = message.get("message")
        said = inner if isinstance(inner, dict) else message
        slug, name, file = (str(said.get(key) or "") for key in ("slug", "name", "file"))
        try:
            document = await self._apps.get(instance, slug)
            services = document.fields().get("services")
            known = [
                one for one in (services if isinstance(services, dict) else {}).items() if isinstance(one[1], dict)
            ]
            told = next((one for key, one in known if (key == name if name else one.get("file") == file)), None)
            if told is None:
                raise BadTrigger(f"The app {slug[:64]} has no service {(name or file)[:64]}")
            asset = (await self._apps.files(instance, document)).get(str(told.get("file") or "").lstrip("/"))
        except NotInstalled:
            raise BadTrigger(f"The app {slug[:64]} of this service is gone") from None
        except Refusal as refusal:
            raise ServiceFailed(str(refusal)) from None
        if asset is None:
            raise NoRetry(f"The app {slug} has no file {str(told.get('file'))[:100]}")
        return Service(slug, asset.path, said.get("fields"))

    def _ready(self, service: Service) -> Path:
        """Where Node lies; the user that the child becomes may read the file then. Raises `NoNode`."""
        service.file.chmod(service.file.stat().st_mode | stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
        return find_node(self._node)

    def _environment(self, instance: Instance, service: Service, running: Running, url: str) -> dict[str, str]:
        """The variables of a run (contract-b section 8)."""
        event = running.event if isinstance(running.event, dict) else {}
        texts = {
            "COZY_COUCH_DOC": _json(event.get("doc")),
            "COZY_PAYLOAD": _json(running.payload),
            "COZY_FIELDS": _json(service.fields),
        }
        if any(len(text.encode()) > FIELDS_LIMIT for text in texts.values()):
            raise NoRetry(f"What the service is told is longer than {FIELDS_LIMIT} bytes")
        return {
            "COZY_URL": url,
            "COZY_CREDENTIALS": self._tokens.make(instance, "app", service.slug),
            "COZY_LANGUAGE": "node",
            "COZY_LOCALE": instance.locale,
            "COZY_TIME_LIMIT": str(int(SECONDS) + 5),
            "COZY_JOB_ID": running.id,
            **texts,
            **({"COZY_TRIGGER_ID": running.trigger_id} if running.trigger_id else {}),
        }


def _json(value: Any) -> str:
    return "" if value is None else orjson.dumps(value).decode()


def _binds(node: Path) -> tuple[Bind, ...]:
    """What Node needs to run inside, where it lies outside of the system."""
    return () if node.is_relative_to("/usr") else (Bind(node.parent, str(node.parent)),)
