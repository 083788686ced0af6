"""Apps from branches of git repositories, asked over https as git's own server answers; hostile packs are refused."""

from __future__ import annotations

import asyncio
import hashlib
import os
import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from alcove.apps.errors import CodeRefused
from alcove.apps.model import read_source
from alcove.apps.service import packfile
from alcove.apps.service.packfile import Objects
from alcove.apps.testing import write_app
from alcove.apps.tests.test_sources import DOMAIN, install, kept
from alcove.base.outgoing import NoReply, Outgoing, Question, Reply
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOME = "https://code.example/other.git"


class Forge:
    """A server of repositories: answers as git's own does, which it runs. Takes the place of the door out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Question] = []

    async def git(self, *words: str, said: bytes = b"", version: str = "version=2") -> bytes:
        """Runs git in the repository."""
        plain = {
            "GIT_CONFIG_NOSYSTEM": "1",
            "HOME": str(self.folder),
            "GIT_PROTOCOL": version,
            "PATH": os.environ["PATH"],
        }
        names = {f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            "git", *words, cwd=self.folder, env={**plain, **names}, stdin=pipe, stdout=pipe, stderr=pipe
        )
        out, told = await child.communicate(said)
        assert child.returncode == 0, told.decode()
        return out

    async def commit(self, branch: str) -> str:
        """Commits what lies in the folder; the id."""
        if not (self.folder / ".git").exists():
            await self.git("init", "-q", "-b", branch)
        await self.git("add", "-A")
        await self.git("commit", "-q", "-m", "one")
        return (await self.git("rev-parse", "HEAD")).decode().strip()

    async def ask(self, question: Question) -> Reply:
        """What the server answers."""
        self.asked.append(question)
        path = urlsplit(question.url).path
        if path.startswith("/moved.git/"):
            return Reply(301, {"location": question.url.replace("/moved.git/", "/other.git/")}, b"")
        if not path.startswith("/other.git/"):
            return Reply(404, {}, b"")
        version = question.headers.get("Git-Protocol", "")
        words = ["upload-pack", "--stateless-rpc", "."]
        if path.endswith("/info/refs"):
            said = await self.git(words[0], "--http-backend-info-refs", *words[1:], version=version)
            return Reply(200, {}, b"001e# service=git-upload-pack\n0000" + said)
        body = await self.git(*words, said=question.body, version=version)
        if len(body) > question.limit:
            raise NoReply("too much")
        return Reply(200, {}, body)


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        await entry.instance(DOMAIN, Passphrase="correct horse battery")
        yield entry


@pytest.fixture
def forge(door: Front, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Forge:
    made = Forge(write_app(tmp_path, "other"))
    monkeypatch.setattr(door.house.need(Outgoing), "ask", made.ask)
    return made


@pytest.mark.slow("runs git")
async def test_a_branch_is_installed_and_updated(door: Front, forge: Forge) -> None:
    (forge.folder / "link").symlink_to("/etc/passwd")
    first = await forge.commit("build")
    answer = await install(door, f"git+{HOME}#build")
    assert answer.status_code == 202, answer.text
    told = answer.json()["data"]["attributes"]
    assert (told["checksum"], told["version"]) == (first, f"1.0.0-{first[:10]}")
    files = {str(path.relative_to(kept(door)[0])) for path in kept(door)[0].rglob("*") if path.is_file()}
    committed = (await forge.git("ls-files")).decode().split()
    assert files == set(committed) - {"link"}
    assert {one.purpose for one in forge.asked} == {"installing"}
    async with door.client(f"other.{DOMAIN}") as browser:
        assert (await browser.get("/public/style.css")).content == b"body {}"
    before = kept(door)
    assert (await install(door, "", "PUT")).status_code == 202
    assert kept(door) == before  # the same commit
    # Many versions of one file, so that git sends differences.
    for number in range(3):
        text = "\n".join(f"line {line * (line != number)}" for line in range(4000))
        (forge.folder / f"big-{number}.js").write_text(text)
    second = await forge.commit("build")
    await forge.git("gc", "-q")
    assert (await install(door, "", "PUT")).json()["data"]["attributes"]["checksum"] == second
    stored = kept(door)[0]
    assert [(stored / f"big-{n}.js").read_bytes() for n in range(3)] == [
        (forge.folder / f"big-{n}.js").read_bytes() for n in range(3)
    ]


@pytest.mark.slow("runs git")
async def test_the_head_and_an_address_that_moved(door: Front, forge: Forge) -> None:
    await forge.commit("main")
    answer = await install(door, "git://code.example/moved.git")
    assert answer.status_code == 202, answer.text
    assert [urlsplit(one.url).scheme for one in forge.asked] == ["https"] * 4


@pytest.mark.slow("runs git")
async def test_what_a_repository_has_not_is_told(door: Front, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    async def why(source: str) -> str:
        answer = await install(door, source)
        assert answer.status_code == 404, answer.text
        detail: str = answer.json()["errors"][0]["detail"]
        return detail

    (forge.folder / "manifest.webapp").rename(forge.folder / "public" / "manifest.webapp")
    await forge.commit("main")
    assert "no branch other" in await why(f"git+{HOME}#other")
    assert "no manifest.webapp" in await why(f"git+{HOME}")
    assert "answers 404" in await why("git+https://code.example/none.git")
    old = forge.git

    async def speaks_old(*words: str, said: bytes = b"", version: str = "") -> bytes:
        return await old(*words, said=said, version=f"{version}0"[-1])

    monkeypatch.setattr(forge, "git", speaks_old)
    assert "version 2" in await why(f"git+{HOME}")
    assert kept(door) == []


@pytest.mark.parametrize(
    "source",
    [
        "git+ssh://git@code.example/other.git",
        "git+https://me:secret@code.example/other.git",
        "https://me:secret@code.example/other.tar.gz",
        "git+https:///other.git",
        f"git+{HOME}#../main",
        f"git+{HOME}#-x",
        f"git+{HOME}#a%0Ab",
    ],
)
async def test_a_source_that_cannot_be_meant_is_refused(door: Front, source: str) -> None:
    assert (await install(door, source)).status_code == 422


def test_a_branch_is_read_from_its_source() -> None:
    source = read_source(f"git+{HOME}#build/next")
    assert (source.scheme, source.repository, source.branch) == ("git", HOME, "build/next")


def packed(*objects: bytes, count: int | None = None, version: int = 2) -> bytes:
    body = b"PACK" + version.to_bytes(4, "big") + (len(objects) if count is None else count).to_bytes(4, "big")
    body += b"".join(objects)
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def one(kind: int, content: bytes, size: int | None = None, base: bytes = b"") -> bytes:
    """An object of a pack; `size` is what it says of itself."""
    left = len(content) if size is None else size
    head, left = [kind << 4 | left & 15], left >> 4
    while left:
        head[-1] |= 128
        head.append(left & 127)
        left >>= 7
    return bytes(head) + base + zlib.compress(content)


def ident(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).digest()


BLOB = b"hello world"
COPY = bytes([len(BLOB), 5, 0x90, 5])
"""A delta: the first five bytes of the blob."""


def test_an_object_that_differs_from_another_is_made() -> None:
    blob = one(3, BLOB)
    there = Objects(packed(one(7, COPY, base=ident(b"blob", BLOB)), blob))
    assert there._get(ident(b"blob", b"hello").hex(), 3) == b"hello"
    there = Objects(packed(blob, one(6, COPY, base=bytes([len(blob)]))))
    assert there._get(ident(b"blob", b"hello").hex(), 3) == b"hello"


HOSTILE = {
    "nothing": b"",
    "no pack": b"x" * 100,
    "cut off": packed(one(3, BLOB))[:-5],
    "another version": packed(one(3, BLOB), version=9),
    "too many": packed(count=1_000_000),
    "fewer than it says": packed(one(3, BLOB), count=2),
    "larger than it says": packed(one(3, BLOB, size=3)),
    "smaller than it says": packed(one(3, BLOB, size=300)),
    "no kind": packed(one(5, BLOB)),
    "no base": packed(one(7, COPY, base=bytes(20))),
    "a base before the first": packed(one(6, COPY, base=b"\x7f")),
    "a delta of another": packed(one(3, BLOB), one(7, bytes([3, 5, 0x90, 5]), base=ident(b"blob", BLOB))),
    "a delta beyond its end": packed(one(3, BLOB), one(7, bytes([11, 5, 0x90]), base=ident(b"blob", BLOB))),
    "a delta of nothing": packed(one(3, BLOB), one(7, bytes([11, 5, 0x91, 99, 5]), base=ident(b"blob", BLOB))),
    "a delta that says less": packed(one(3, BLOB), one(7, bytes([11, 9, 0x90, 5]), base=ident(b"blob", BLOB))),
    "a bomb": packed(one(3, bytes(2 << 20))),
    "a bomb in a delta": packed(
        one(3, BLOB), one(7, bytes([11]) + b"\x80\x80\x80\x08" + bytes([0x90, 11]) * 9, base=ident(b"blob", BLOB))
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pack_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packfile, "UNPACKED", 1 << 20)
    with pytest.raises(CodeRefused):
        Objects(HOSTILE[name])


def test_a_folder_in_many_places_is_no_forest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packfile, "OBJECTS", 100)
    trees, below = [b""], ident(b"tree", b"")
    for _ in range(20):
        trees.append(b"40000 a\0" + below + b"40000 b\0" + below)
        below = ident(b"tree", trees[-1])
    commit = b"tree " + below.hex().encode() + b"\n"
    there = Objects(packed(one(1, commit), *(one(2, tree) for tree in trees)))
    with pytest.raises(CodeRefused):
        list(there.files(ident(b"commit", commit).hex()))


def test_a_folder_that_is_none_is_refused() -> None:
    for tree in (b"100644 a", b"100644 a\0short", b"x" * 30):
        commit = b"tree " + ident(b"tree", tree).hex().encode() + b"\n"
        there = Objects(packed(one(1, commit), one(2, tree)))
        with pytest.raises(CodeRefused):
            list(there.files(ident(b"commit", commit).hex()))
