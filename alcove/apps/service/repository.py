"""A branch of a git repository over https (gitprotocol-v2), asked through the door out: its last commit alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from alcove.apps.errors import SourceUnreachable
from alcove.apps.service.packfile import open_pack

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from alcove.apps.model import Kind, Source
    from alcove.apps.service.packfile import Commit
    from alcove.base.outgoing import Question, Reply

    Ask = Callable[[Question], Awaitable[Reply]]

SERVICE = "git-upload-pack"
V2 = {"Git-Protocol": "version=2", "Accept-Encoding": "identity"}
FLUSH, DELIM = b"0000", b"0001"
LISTED = 1 << 20
"""Bytes of what a repository says of its branches at the most."""
MOVES = 3


class Repository:
    """Asks one repository; `question` makes a question about a URL with a body, a media type and a limit of bytes."""

    def __init__(
        self, ask: Ask, question: Callable[[str, bytes, dict[str, str], int], Question], download: int
    ) -> None:
        self._ask = ask
        self._question = question
        self._download = download

    async def fetch(self, kind: Kind, source: Source) -> Commit:
        """The last commit of the branch that a source names; raises `SourceUnreachable`, `CodeRefused`."""
        place = await self._found(source.repository)
        commit = await self._head(place, source.branch)
        wanted = [b"no-progress", b"ofs-delta", b"deepen 1", b"want " + commit.encode(), b"done"]
        said = await self._told(place, b"fetch", wanted, self._download)
        pack = b"".join(_pack(said))
        return await asyncio.to_thread(open_pack, pack, commit, kind.manifest)

    async def _found(self, url: str) -> str:
        """Where the repository is, after redirects."""
        for _ in range(1 + MOVES):
            asked = f"{url.rstrip('/')}/info/refs?service={SERVICE}"
            reply = await self._ask(self._question(asked, b"", V2, LISTED))
            if reply.status in (301, 302, 303, 307, 308):
                url = urljoin(asked, reply.headers.get("location", "")).partition("/info/refs")[0]
                continue
            if reply.status != 200:
                raise SourceUnreachable(f"the repository answers {reply.status}")
            if b"version 2" not in [line.strip() for line in _lines(reply.body)]:
                raise SourceUnreachable("its server does not speak version 2 of git's protocol")
            return url.rstrip("/")
        raise SourceUnreachable("the repository leads from place to place")

    async def _head(self, place: str, branch: str) -> str:
        """The id of the last commit of a branch, or of what the repository calls its head."""
        wanted = f"refs/heads/{branch}" if branch else "HEAD"
        lines = await self._told(place, b"ls-refs", [b"ref-prefix " + wanted.encode()], LISTED)
        for line in lines:
            ident, _, name = line.decode("utf-8", "replace").strip().partition(" ")
            if name.partition(" ")[0] == wanted and len(ident) == 40:
                return ident
        raise SourceUnreachable(f"the repository has no branch {branch[:80]}" if branch else "the repository is empty")

    async def _told(self, place: str, command: bytes, arguments: Sequence[bytes], limit: int) -> list[bytes]:
        lines = b"".join(_line(argument) for argument in arguments)
        body = _line(b"command=" + command) + DELIM + lines + FLUSH
        headers = {
            **V2,
            "Content-Type": f"application/x-{SERVICE}-request",
            "Accept": f"application/x-{SERVICE}-result",
        }
        reply = await self._ask(self._question(f"{place}/{SERVICE}", body, headers, limit))
        if reply.status != 200:
            raise SourceUnreachable(f"the repository answers {reply.status}")
        return list(_lines(reply.body))


def _line(content: bytes) -> bytes:
    return b"%04x%s\n" % (len(content) + 5, content)


def _lines(content: bytes) -> Iterator[bytes]:
    """The lines of an answer, each with its length in front; raises `SourceUnreachable` for anything else."""
    place = 0
    while place < len(content):
        try:
            length = int(content[place : place + 4], 16)
        except ValueError:
            raise SourceUnreachable("its server does not speak git's protocol") from None
        if length < 4:
            place += 4
            continue
        yield content[place + 4 : place + length]
        place += length


def _pack(lines: Sequence[bytes]) -> Iterator[bytes]:
    """The bytes of the pack in an answer: the lines behind the one that says so, each with its band in front."""
    begun = False
    for line in lines:
        if line.startswith(b"ERR "):
            raise SourceUnreachable(f"the repository says: {line[4:200].decode('utf-8', 'replace').strip()}")
        if begun and line[:1] == b"\3":
            raise SourceUnreachable(f"the repository says: {line[1:200].decode('utf-8', 'replace').strip()}")
        if begun and line[:1] == b"\1":
            yield line[1:]
        begun = begun or line.strip() == b"packfile"
