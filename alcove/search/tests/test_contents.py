"""Files found by the text in them: from the upload to the hit, with the piece that holds what was asked for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from alcove.documents import Followers
from alcove.files.model.texts import read_kept
from alcove.files.service.looking import Batch
from alcove.files.service.texts import Texts
from alcove.files.tests.test_texts import docx, pdf
from alcove.search.service import Search
from alcove.search.tests.test_front import ALL, FILES, make_folder, tenant_of
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

pytestmark = pytest.mark.slow("starts confined processes")
ROOT = "io.cozy.files.root-dir"


@pytest.fixture(params=["files", "database"])
async def house(request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    settings = {}
    if request.param == "database":
        settings = {"store": "sqlite", "database": await request.getfixturevalue("postgres").database()}
    async with front(**settings) as entry:
        await entry.instance()
        yield entry


async def upload(client: httpx.AsyncClient, name: str, content: bytes, folder: str = ROOT) -> str:
    answer = await client.post(f"/files/{folder}", params={"Type": "file", "Name": name}, content=content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


async def settle(house: Front) -> None:
    followers = house.house.need(Followers)
    await followers.settle(tenant_of(house), "files.texts")
    await house.house.need(Texts).settle()
    await followers.settle(tenant_of(house), "search")


async def hits(house: Front, text: str, scope: str = ALL, **params: str) -> list[dict[str, Any]]:
    async with house.client(scope=scope) as client:
        answer = await client.get("/search", params={"q": text, "kinds": "files", **params})
    assert answer.status_code == 200, answer.text
    return [one["attributes"] for one in answer.json()["data"]]


async def titles(house: Front, text: str, scope: str = ALL, **params: str) -> list[str]:
    return [hit["title"] for hit in await hits(house, text, scope, **params)]


async def test_a_file_is_found_by_its_text_and_shows_where(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        await upload(client, "scan1.docx", docx("Madame, Monsieur,", "voici les factures d’électricité du trimestre."))
        await upload(client, "facture.pdf", pdf("Montant : 1 234,50 EUR", "Chauffage au gaz"))
        await upload(client, "notes.txt", "Rien à voir, ou presque : <b>électricité</b>".encode("cp1252"))
    await settle(house)
    assert await titles(house, "facture") == ["facture.pdf", "scan1.docx"]
    assert await titles(house, "1234,50") == ["facture.pdf"]
    assert await titles(house, '"chauffage au"') == ["facture.pdf"]
    assert await titles(house, '"gaz chauffage"') == []
    assert await titles(house, "factures trimestres electr") == ["scan1.docx"]
    assert await titles(house, "électricité type:text") == ["notes.txt", "scan1.docx"]
    (hit,) = await hits(house, "facture trimestre")
    marked = [part["text"] for part in hit["snippet"] if part["marked"]]
    assert marked == ["factures", "trimestre"]
    (hit,) = await hits(house, "presque")
    assert {"text": "presque", "marked": True} in hit["snippet"]
    assert "".join(part["text"] for part in hit["snippet"]).strip().endswith("<b>électricité</b>")


async def test_words_of_a_name_and_of_a_text_are_asked_together(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        folder = await make_folder(client, "Impôts")
        await upload(client, "avis.txt", b"solde a regler", folder)
    await settle(house)
    assert await titles(house, "impots avis solde") == ["avis.txt"]


async def test_new_bytes_a_new_name_a_copy_and_the_trash(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        made = await upload(client, "a.txt", b"premier contenu")
        await settle(house)
        assert await titles(house, "premier") == ["a.txt"]
        await client.patch(f"/files/{made}", json={"data": {"attributes": {"name": "b.txt"}}})
        await settle(house)
        assert await titles(house, "premier") == ["b.txt"]
        await client.post(f"/files/{made}/copy", params={"Name": "c.txt"})
        await settle(house)
        assert sorted(await titles(house, "premier")) == ["b.txt", "c.txt"]
        await client.put(f"/files/{made}", content=b"second contenu", headers={"Content-Type": "text/plain"})
        await settle(house)
        assert await titles(house, "premier") == ["c.txt"]
        assert await titles(house, "second") == ["b.txt"]
        await client.delete(f"/files/{made}")
        await settle(house)
        assert await titles(house, "second") == []
        await client.post(f"/files/trash/{made}")
        await settle(house)
        assert await titles(house, "second") == ["b.txt"]


async def test_nobody_finds_by_a_text_that_they_may_not_read(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        secret = await make_folder(client, "Secrets")
        shown = await make_folder(client, "Photos", secret)
        await upload(client, "un.txt", b"mot de passe", secret)
        inside = await upload(client, "deux.txt", b"passe partout", shown)
    await settle(house)
    assert sorted(await titles(house, "passe")) == ["deux.txt", "un.txt"]
    assert await titles(house, "passe", f"{FILES}:GET:{shown}") == ["deux.txt"]
    assert await titles(house, "passe", f"{FILES}:GET:{inside}") == ["deux.txt"]
    assert await titles(house, "passe secrets", f"{FILES}:GET:{shown}") == []
    await house.instance("bob.example")
    async with house.client("bob.example", scope=ALL) as client:
        assert (await client.get("/search", params={"q": "passe"})).json()["data"] == []


async def test_what_was_read_is_not_read_again(house: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    async with house.client(scope=ALL) as client:
        await upload(client, "a.txt", b"premier contenu")
    await settle(house)
    monkeypatch.setattr(Batch, "add", lambda *_given: pytest.fail("read again"))
    keeping = house.house.need(Search)._keeping
    await keeping.forget(tenant_of(house))
    assert await titles(house, "premier") == ["a.txt"]


async def test_a_text_that_is_missing_is_read_when_the_index_is_made(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        made = await upload(client, "a.txt", b"premier contenu")
        await settle(house)
        fields = (await client.get(f"/files/{made}")).json()
    assert fields["data"]["id"] == made
    texts = house.house.need(Texts)
    for blob in list(texts._blobs._kept[tenant_of(house)]):  # type: ignore[attr-defined]
        content = b"".join([part async for part in texts._blobs.read(tenant_of(house), blob)])
        if read_kept(content) is not None:
            await texts._blobs.remove(tenant_of(house), blob)
    await house.house.need(Search)._keeping.forget(tenant_of(house))
    assert await titles(house, "premier") == []
    await asyncio.wait_for(settle(house), 30)
    assert await titles(house, "premier") == ["a.txt"]


async def test_by_day_a_letter_or_two_are_the_beginning_of_a_name(house: Front) -> None:
    async with house.client(scope=ALL) as client:
        await upload(client, "marmotte.txt", b"un castor")
        await upload(client, "castor.txt", b"une marmotte")
    await settle(house)
    for typed in ("m", "ma"):
        assert await titles(house, typed, sort="-date") == ["marmotte.txt"]
    assert sorted(await titles(house, "mar", sort="-date")) == ["castor.txt", "marmotte.txt"]
