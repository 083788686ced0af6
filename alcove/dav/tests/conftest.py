"""A place whose files are asked for by WebDAV, through the front door of the whole house."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from defusedxml.ElementTree import fromstring

from alcove.dav.model.xml import parts_of
from alcove.dav.service.core import Core
from alcove.files import Files
from alcove.instances import Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from xml.etree.ElementTree import Element

    from alcove.instances import Instance

DOMAIN = "alice.example"
TOP = "/dav/files"


def d(local: str) -> str:
    """A name of WebDAV."""
    return f"{{DAV:}}{local}"


@dataclass
class Told:
    """What a multistatus says of one resource: properties by name under their status, or one status of its own."""

    status: dict[int, dict[str, Element]]
    alone: int = 0

    def text(self, name: str) -> str:
        """The text of a property that is there."""
        return self.status[200][name].text or ""


def multistatus(answer: httpx.Response) -> dict[str, Told]:
    """What an answer tells, by address."""
    assert answer.status_code == 207, answer.text
    found = {}
    for response in fromstring(answer.content).iter(d("response")):
        status: dict[int, dict[str, Element]] = {}
        for stat in response.iter(d("propstat")):
            code = int((stat.findtext(d("status")) or "").split()[1])
            status.setdefault(code, {}).update({one.tag: one for prop in stat.iter(d("prop")) for one in prop})
        alone = response.findtext(d("status"))
        found[response.findtext(d("href")) or ""] = Told(status, int(alone.split()[1]) if alone else 0)
    return found


class Dav:
    """A client. `ask` calls a method on a path below the top and checks the status."""

    def __init__(self, entry: Front, client: httpx.AsyncClient) -> None:
        self.entry = entry
        self.client = client

    async def ask(
        self, method: str, path: str, status: int, content: bytes | str = b"", **headers: str
    ) -> httpx.Response:
        """Asks; headers are written with underscores."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.client.request(method, f"{TOP}{path}", content=content, headers=said)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def find(self, path: str, *names: str, depth: str = "0") -> dict[str, Told]:
        """Properties by PROPFIND; without names all of them."""
        wanted = "".join(f'<{local} xmlns="{space}"/>' for space, local in map(parts_of, names))
        body = f'<propfind xmlns="DAV:"><prop>{wanted}</prop></propfind>' if names else ""
        return multistatus(await self.ask("PROPFIND", path, 207, body, Depth=depth))

    async def lock(self, path: str, status: int = 200, *, scope: str = "exclusive", **headers: str) -> str:
        """Takes a lock; its token."""
        body = (
            f'<lockinfo xmlns="DAV:"><lockscope><{scope}/></lockscope><locktype><write/></locktype>'
            "<owner>me</owner></lockinfo>"
        )
        answer = await self.ask("LOCK", path, status, body, **headers)
        return str(answer.headers.get("lock-token", "")).strip("<>")

    @property
    def files(self) -> Files:
        """The files behind it."""
        return self.entry.house.need(Files)

    @property
    def core(self) -> Core:
        """Locks and dead properties."""
        return self.entry.house.need(Core)

    @property
    def instance(self) -> Instance:
        """Whose place it is."""
        return self.entry.house.need(Instances).by_domain(DOMAIN)

    async def bytes_at(self, path: str) -> bytes:
        """The bytes of a file."""
        return (await self.ask("GET", path, 200)).content


@pytest.fixture
async def dav() -> AsyncIterator[Dav]:
    """A client that may do everything with files."""
    async with front() as entry:
        await entry.instance(DOMAIN)
        password = entry.token(DOMAIN, "io.cozy.files")
        client = entry.client(DOMAIN)
        client.auth = httpx.BasicAuth("anybody", password)
        async with client:
            yield Dav(entry, client)
