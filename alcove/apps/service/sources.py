"""Fetching an app from where its source says: a folder, an archive on the web, a registry."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin

import orjson

from alcove.apps.errors import CodeRefused, SourceUnreachable
from alcove.apps.model import FOLDER, GIT, LIMIT, REGISTRY
from alcove.apps.service.package import open_folder
from alcove.apps.service.repository import Repository
from alcove.apps.service.tarball import open_tarball
from alcove.base.outgoing import NoReply, Outgoing, Question, Reply

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alcove.apps.model import Kind, Source
    from alcove.apps.service.package import Package
    from alcove.apps.service.tarball import Tarball

INSTALLING = "installing"
"""Why a server is asked, in the journal of what leaves."""
DOWNLOAD = 64 << 20
"""Bytes of an archive at the most."""
PATIENCE = 60.0
"""Seconds that an archive may take."""
ANSWER = 5.0
"""Seconds that a registry may take to answer."""
TOLD = 4 << 20
"""Bytes of what a registry says of one version, at the most."""
MOVES = 3
"""Redirects that are followed to an archive, each judged by the door anew."""
AT_ONCE = 2


class Sources:
    """What can be installed from."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, kind: Kind, source: Source, registries: Sequence[str]) -> Package:
        """The app at a source, of which nothing is kept yet; raises `SourceUnreachable`, `CodeRefused`."""
        if source.scheme == FOLDER:
            return await asyncio.to_thread(open_folder, source.path, kind, LIMIT)
        if source.scheme == REGISTRY:
            return await self._registered(kind, source, registries)
        if source.scheme == GIT:
            async with self._slots:
                return await Repository(self._ask, _about, DOWNLOAD).fetch(kind, source)
        url, sha256 = urldefrag(source.text)
        return await self.archive(kind, url, sha256)

    async def archive(self, kind: Kind, url: str, sha256: str) -> Tarball:
        """The archive at an address, whose bytes have this checksum if one is given."""
        async with self._slots:
            for _ in range(1 + MOVES):
                plain = {"Accept-Encoding": "identity"}
                question = Question(url, INSTALLING, headers=plain, limit=DOWNLOAD, patience=PATIENCE)
                reply = await self._ask(question)
                if reply.status not in (301, 302, 303, 307, 308):
                    break
                url = urljoin(url, reply.headers.get("location", ""))
            if reply.status != 200:
                raise SourceUnreachable(f"the server of the archive answers {reply.status}")
            checksum = await asyncio.to_thread(_sum, reply.body)
            if sha256 and checksum != sha256.lower():
                raise CodeRefused(f"The archive of the app has the checksum {checksum}, and {sha256[:64]} is expected")
            return await asyncio.to_thread(open_tarball, reply.body, kind, LIMIT, checksum)

    async def _registered(self, kind: Kind, source: Source, registries: Sequence[str]) -> Package:
        """What the first registry that knows the app says of it."""
        reasons = ["this server knows no registry"]
        for registry in registries:
            try:
                place = f"{registry.rstrip('/')}/registry/{source.registered}"
                reply = await self._ask(Question(place, INSTALLING, limit=TOLD, patience=ANSWER))
                if reply.status == 200:
                    return _version(self, kind, registry, reply.json())
                reasons.append(f"the registry answers {reply.status}")
            except (NoReply, SourceUnreachable) as error:
                reasons.append(str(error))
        raise SourceUnreachable(reasons[-1])

    async def _ask(self, question: Question) -> Reply:
        try:
            return await self._outgoing.ask(question)
        except NoReply as error:
            raise SourceUnreachable(str(error)) from None


@dataclass(frozen=True, slots=True)
class Registered:
    """A version of an app in a registry: its archive is fetched when it is written."""

    sources: Sources
    kind: Kind
    url: str
    manifest: bytes
    checksum: str

    async def write(self, folder: Path) -> str:
        """Fetches the archive and unpacks it; raises `SourceUnreachable`, `CodeRefused`."""
        archive = await self.sources.archive(self.kind, self.url, self.checksum)
        return await archive.write(folder)


def _version(sources: Sources, kind: Kind, registry: str, said: dict[str, Any]) -> Registered:
    """What a registry says of a version; raises `SourceUnreachable`. Its archive is never taken without a checksum."""
    manifest, url, sha256 = said.get("manifest"), said.get("url"), said.get("sha256")
    if not isinstance(manifest, dict) or not isinstance(url, str) or not isinstance(sha256, str) or not sha256:
        raise SourceUnreachable("what the registry says of this version has no manifest, address or checksum")
    manifest = {**manifest, "version": str(said.get("version") or manifest.get("version") or "0.0.0")}
    return Registered(sources, kind, urljoin(registry, url), orjson.dumps(manifest), sha256)


def _about(url: str, body: bytes, headers: dict[str, str], limit: int) -> Question:
    """A question to a repository."""
    return Question(url, INSTALLING, "POST" if body else "GET", headers, body, limit, PATIENCE)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
