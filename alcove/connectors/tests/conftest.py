"""A whole server on free ports, with connectors that the tests write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from alcove.base.config import Settings
from alcove.base.confined import Confinement, Level
from alcove.connectors import Intake
from alcove.connectors.model import GATHERINGS, INTAKE, Konnector, read_konnector
from alcove.documents import Documents
from alcove.identity import Tokens
from alcove.instances import Instances
from alcove.jobs import Jobs
from alcove.server.run import Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alcove.base.house import House
    from alcove.instances import Instance

DOMAIN = "me.localhost"

PRELUDE = """
import json, os, sys, time
def tell(**line):
    print(json.dumps(line), flush=True)
inputs = json.load(open(os.environ["ALCOVE_INPUTS"])) if "ALCOVE_INPUTS" in os.environ else []
"""

OVER_FILES = """
for item in inputs:
    tell(type="begin", input=item["id"])
    if "bad" in open(item["path"]).read():
        misbehave()
    tell(type="result", input=item["id"], outcome="new", counts={"files": 1})
"""


class Place:
    """A running server with one instance, and the ways to talk to it."""

    def __init__(self, server: Server, house: House) -> None:
        self.server = server
        self.house = house
        self.intake = house.need(Intake)
        self.instance: Instance = house.need(Instances).by_domain(DOMAIN)
        token = house.need(Tokens).make(self.instance, "cli", "CLI", "*")
        headers = {"Host": DOMAIN, "Authorization": f"Bearer {token}"}
        base = f"http://127.0.0.1:{server.settings.port}"
        self.client = httpx.AsyncClient(base_url=base, headers=headers, timeout=30)

    async def close(self) -> None:
        """Stops the server, if it runs."""
        if not self.client.is_closed:
            await self.client.aclose()
            await self.server.stop()

    async def give(self, name: str, content: bytes) -> str:
        """Takes a file in; gives its id."""
        answer = await self.client.post("/connectors/intake", params={"Name": name}, content=content)
        assert answer.status_code == 201, answer.text
        assert answer.json()["data"]["type"] == INTAKE
        return str(answer.json()["data"]["id"])

    async def gather(self, files: dict[str, bytes], **answers: Any) -> dict[str, Any]:
        """Gathers files to the end; gives the attributes of the gathering."""
        ids = [await self.give(name, content) for name, content in files.items()]
        body: dict[str, Any] = {"data": {"attributes": {"intake": ids, "answers": answers}}}
        answer = await self.client.post("/connectors/gather", json=body)
        assert answer.status_code == 202, answer.text
        return await self.end(answer.json()["data"]["id"])

    async def end(self, gathering_id: str) -> dict[str, Any]:
        """Waits for a gathering's end; gives its attributes."""
        await self.house.need(Jobs).wait(self.instance.key, gathering_id)
        shown = (await self.client.get(f"/connectors/gather/{gathering_id}")).json()["data"]
        assert shown["type"] == GATHERINGS
        attributes: dict[str, Any] = shown["attributes"]
        return attributes

    async def documents(self, doctype: str) -> list[dict[str, Any]]:
        """The stored documents of a type."""
        found = await self.house.need(Documents).all(self.instance.key, doctype)
        return [{"_id": document.id, **document.fields()} for document in found]

    def leftovers(self) -> list[str]:
        """Files that wait, and workspaces."""
        home = self.server.settings.home / "instances" / self.instance.key
        return [path.name for name in ("intake", "gatherings") for path in (home / name).glob("*")]


def outcomes(gathering: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By file: its outcome and the reason."""
    return {entry["file"]: (entry["outcome"], entry["reason"]) for entry in gathering["files"]}


@pytest.fixture
def write_connector(tmp_path: Path) -> Callable[..., Konnector]:
    """Writes a connector that takes files that begin with its slug; gives it."""

    def write(slug: str, source: str, *, nose: str = "", **manifest: Any) -> Konnector:
        folder = tmp_path / "connectors" / slug
        folder.mkdir(parents=True)
        recognise = nose or f"return 0.9 if head.startswith({slug.encode()!r}) else 0.0"
        (folder / "nose.py").write_text(f"def recognise(head, name):\n    {recognise}\n")
        (folder / "run.py").write_text(source)
        said: dict[str, Any] = {"slug": slug, "name": slug.capitalize(), "language": "python", "entrypoint": "run.py"}
        said |= {"recogniser": f"{slug}.nose:recognise", "permissions": {}, **manifest}
        (folder / "manifest.konnector").write_text(json.dumps(said))
        return read_konnector(folder)

    return write


@pytest.fixture
def hostile(write_connector: Callable[..., Konnector]) -> Callable[[str, str], Konnector]:
    """Writes a connector that misbehaves at each file that says "bad", and takes the others."""

    def write(slug: str, misbehave: str) -> Konnector:
        body = "\n".join(f"    {line}" for line in misbehave.splitlines())
        return write_connector(slug, f"{PRELUDE}def misbehave():\n{body}\n{OVER_FILES}")

    return write


@pytest.fixture
async def open_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Starts a server with these connectors; gives its `Place`."""
    found = await Confinement.find()
    if found.level is not Level.NAMESPACES:
        pytest.skip(f"connectors cannot be confined here: {found.how}")
    opened: list[Place] = []

    async def start(*konnectors: Konnector, **settings: Any) -> Place:
        monkeypatch.setattr("alcove.connectors.wiring.built_in", lambda: list(konnectors))
        chosen: dict[str, Any] = {
            "port": 0,
            "admin_port": 0,
            "admin_passphrase": "x",
            "store": "memory",
            "blobs": "memory",
            **settings,
        }
        server = Server(Settings(home=tmp_path / "home", **chosen))
        house = await server.start()
        if not house.need(Instances).all():
            await house.need(Instances).create(DOMAIN, {}, {})
        opened.append(Place(server, house))
        return opened[-1]

    yield start
    for place in opened:
        await place.close()
