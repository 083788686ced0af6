"""Installing apps from a folder, updating and removing them; what is refused leaves nothing behind."""

from __future__ import annotations

import io
import os
import tarfile
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.apps.testing import bearer_of_page, cozy_data, log_in, write_app
from alcove.instances import Instances

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from alcove.server.testing import Front

DOMAIN = "alice.example"
SCOPE = "io.cozy.apps io.cozy.permissions"
LIVE = ("text/event-stream", "application/vnd.api+json")


@pytest.fixture
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sources")


def at(folder: Path) -> dict[str, str]:
    return {"Source": f"file://{folder}"}


async def install(door: Front, folder: Path, slug: str = "other", **more: str) -> httpx.Response:
    async with door.client(DOMAIN, SCOPE) as client:
        return await client.post(f"/apps/{slug}", params=at(folder) | more)


def kept(door: Front) -> list[Path]:
    """The folders of code that the instance has."""
    key = door.house.need(Instances).by_domain(DOMAIN).key
    return sorted((door.house.settings.home / "instances" / key / "apps").glob("*/*"))


async def test_an_app_is_installed_from_a_folder_and_served_from_a_copy(door: Front, sources: Path) -> None:
    folder = write_app(
        sources, "other", name="Other", permissions={"c": {"type": "io.cozy.contacts", "verbs": ["ALL"]}}
    )
    answer = await install(door, folder)
    assert answer.status_code == 202, answer.text
    told = answer.json()["data"]
    assert (told["id"], told["attributes"]["state"]) == ("io.cozy.apps/other", "ready")
    assert told["attributes"]["permissions"] == {"c": {"type": "io.cozy.contacts"}}
    assert told["attributes"]["source"] == f"file://{folder}"
    assert told["meta"]["rev"].startswith("2-")
    assert "code" not in told["attributes"]
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"changed since")
    async with door.client(f"other.{DOMAIN}") as browser:
        assert (await browser.get("/", headers={"Accept": "text/html"})).status_code == 302
        public = await browser.get("/public/")
        assert cozy_data(public.text)["token"] == ""
        await log_in(browser, DOMAIN, "correct horse battery")
        page = await browser.get("/")
        assert cozy_data(page.text)["app"]["name"] == "Other"
        assert (await browser.get("/app.js", headers={"Accept-Encoding": ""})).content == b"plain " * 100
        bearer = await bearer_of_page(browser, DOMAIN, "other")
        read = await browser.get(f"http://{DOMAIN}/data/io.cozy.contacts/_all_docs", headers=bearer)
        assert read.status_code == 200
        icon = await browser.get(f"http://{DOMAIN}{told['links']['icon']}")
        assert icon.headers["content-type"] == "image/svg+xml"


async def test_a_slug_is_taken_once(door: Front, sources: Path) -> None:
    folder = write_app(sources, "other")
    assert (await install(door, folder)).status_code == 202
    again = await install(door, folder)
    assert again.status_code == 409
    assert again.json()["errors"][0]["detail"] == "Application with same slug already exists"
    assert (await install(door, folder, "mini")).status_code == 409
    assert len(kept(door)) == 1


@pytest.mark.parametrize(
    ("slug", "source", "status"),
    [
        ("other", "", 422),
        ("other", "nope://x", 422),
        ("other", "file://relative", 422),
        ("other", "file:///no/such/folder", 404),
        ("other", "file:///dev/null", 404),
        ("Other", "file:///tmp", 422),
        ("-", "file:///tmp", 422),
        ("..", "file:///tmp", 422),
    ],
)
async def test_what_cannot_be_installed_is_refused(door: Front, slug: str, source: str, status: int) -> None:
    async with door.client(DOMAIN, SCOPE) as client:
        answer = await client.post(f"/apps/{slug.replace('..', '%2e%2e')}", params={"Source": source})
    assert answer.status_code == status, answer.text
    assert kept(door) == []


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{" * 5000,
        b'{"type": "konnector"}',
        b'{"permissions": {"x": {"type": "BAD TYPE"}}}',
        b'{"permissions": [1]}',
        b'{"permissions": {"x": 1}}',
        b'{"routes": {"/": 1}}',
        b'{"x": "' + b"y" * (2 << 20) + b'"}',
    ],
)
async def test_a_manifest_that_is_none_is_refused(door: Front, sources: Path, manifest: bytes) -> None:
    folder = write_app(sources, "other")
    (folder / "manifest.webapp").write_bytes(manifest)
    answer = await install(door, folder)
    assert answer.status_code == 400, answer.text
    assert kept(door) == []


async def test_a_manifest_does_not_say_what_is_the_servers(door: Front, sources: Path) -> None:
    folder = write_app(sources, "evil", slug="mini", state="errored", code="../..", source="builtin://mini", _id="x")
    told = (await install(door, folder)).json()["data"]
    assert (told["id"], told["attributes"]["slug"], told["attributes"]["state"]) == (
        "io.cozy.apps/other",
        "other",
        "ready",
    )
    assert told["attributes"]["source"].startswith("file://")
    assert "_id" not in told["attributes"]


async def test_links_lead_nowhere(door: Front, sources: Path) -> None:
    secret = sources / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret")
    folder = write_app(sources, "other")
    (folder / "public" / "file.txt").symlink_to(secret / "key")
    (folder / "public" / "folder").symlink_to(secret)
    os.mkfifo(folder / "public" / "pipe")
    assert (await install(door, folder)).status_code == 202
    async with door.client(f"other.{DOMAIN}") as browser:
        for name in ("file.txt", "folder/key", "pipe", "%2e%2e/%2e%2e/secret/key"):
            assert (await browser.get(f"/public/{name}")).status_code == 404
    assert not any("secret" in path.read_text("latin-1") for path in kept(door)[0].rglob("*") if path.is_file())


async def test_too_many_or_too_large_files_leave_nothing(
    door: Front, sources: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_app(sources, "other")
    monkeypatch.setattr("alcove.apps.service.package.FILES", 3)
    assert (await install(door, folder)).status_code == 400
    monkeypatch.setattr("alcove.apps.service.package.FILES", 100)
    monkeypatch.setattr("alcove.apps.service.package.TOTAL", 100)
    assert (await install(door, folder)).status_code == 400
    assert kept(door) == []


async def test_only_the_command_line_takes_folders(door: Front, sources: Path, browser: httpx.AsyncClient) -> None:
    folder = write_app(sources, "store", permissions={"apps": {"type": "io.cozy.apps"}})
    assert (await install(door, folder, "store")).status_code == 202
    bearer = await bearer_of_page(browser, DOMAIN, "store")
    for method in ("POST", "PUT"):
        answer = await browser.request(method, f"http://{DOMAIN}/apps/store", params=at(folder), headers=bearer)
        assert answer.status_code == 403
    async with door.client(DOMAIN, "io.cozy.files") as poor:
        assert (await poor.post("/apps/x", params=at(folder))).status_code == 403


async def test_an_update_that_wants_more_waits_for_a_yes(door: Front, sources: Path) -> None:
    files = {"f": {"type": "io.cozy.files", "verbs": ["GET"]}}
    folder = write_app(sources, "other", permissions=files)
    assert (await install(door, folder)).status_code == 202
    first = kept(door)
    more = {**files, "c": {"type": "io.cozy.contacts"}}
    write_app(sources, "other", permissions=more, version="2.0.0", name="Newer")
    async with door.client(DOMAIN, SCOPE) as client:
        waiting = (await client.put("/apps/other")).json()["data"]["attributes"]
        assert (waiting["available_version"], waiting["state"], waiting["name"]) == ("2.0.0", "ready", "Mini")
        assert waiting["pending"]["version"] == "2.0.0"
        assert waiting["permissions"] == files
        assert kept(door) == first
        answer = await client.put("/apps/other", params={"PermissionsAcked": "true"})
        assert answer.status_code == 202
        told = answer.json()["data"]["attributes"]
    assert (told["name"], told["permissions"], told["state"]) == ("Newer", more, "ready")
    assert "available_version" not in told
    assert told["created_at"] == waiting["created_at"]
    assert len(kept(door)) == 1
    assert kept(door) != first


async def test_an_update_serves_the_new_files(door: Front, sources: Path) -> None:
    folder = write_app(sources, "other")
    await install(door, folder)
    async with door.client(f"other.{DOMAIN}") as browser, door.client(DOMAIN, SCOPE) as client:
        assert (await browser.get("/public/style.css")).content == b"body {}"
        (folder / "public" / "style.css").write_bytes(b"p {}")
        assert (await browser.get("/public/style.css")).content == b"body {}"
        assert (await client.put("/apps/other")).status_code == 202
        assert (await browser.get("/public/style.css")).content == b"p {}"
        (folder / "manifest.webapp").write_bytes(b"broken")
        assert (await client.put("/apps/other")).status_code == 400
        assert (await browser.get("/public/style.css")).content == b"p {}"
        assert (await client.put("/apps/none")).status_code == 404


async def test_it_is_removed_with_its_files(door: Front, sources: Path) -> None:
    await install(door, write_app(sources, "other"))
    async with door.client(DOMAIN, SCOPE) as client:
        answer = await client.delete("/apps/other")
        assert (answer.status_code, answer.json()["data"]["id"]) == (200, "io.cozy.apps/other")
        assert kept(door) == []
        assert (await client.get("/apps/other")).status_code == 404
        assert (await client.delete("/apps/other")).status_code == 404
    async with door.client(f"other.{DOMAIN}") as browser:
        assert (await browser.get("/public/")).status_code == 404


async def test_what_comes_with_alcove_stays(door: Front, sources: Path) -> None:
    folder = write_app(sources, "other")
    async with door.client(DOMAIN, SCOPE) as client:
        assert (await client.delete("/apps/mini")).status_code == 400
        assert (await client.put("/apps/mini", params=at(folder))).status_code == 400
        assert (await client.put("/apps/mini")).status_code == 202
        assert (await client.get("/apps/mini")).json()["data"]["attributes"]["source"] == "builtin://mini"


async def test_a_stream_tells_its_states(door: Front, sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_app(sources, "other")
    async with door.client(DOMAIN, SCOPE, Accept="text/event-stream") as client:
        answer = await client.post("/apps/other", params=at(folder))
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream")
        assert [state for _, state in frames(answer.text)] == ["installing", "ready"]
        monkeypatch.setattr("alcove.apps.service.package.FILES", 1)
        refused = frames((await client.put("/apps/other")).text)
        assert [name for name, _ in refused] == ["state", "error"]
        assert (await client.post("/apps/third", params={"Source": "nope://"})).status_code == 422


def frames(text: str) -> list[tuple[str, Any]]:
    """The events of a stream: their names, and the state or the error that they tell."""
    found = []
    for frame in text.split("\r\n\r\n")[:-1]:
        event, _, data = frame.partition("\r\n")
        said = orjson.loads(data.removeprefix("data: "))
        found.append(
            (event.removeprefix("event: "), said if isinstance(said, str) else said["data"]["attributes"]["state"])
        )
    return found


async def test_an_instance_that_is_gone_keeps_no_app(door: Front, sources: Path) -> None:
    await install(door, write_app(sources, "other"))
    folder = kept(door)[0]
    assert (await door.operator.delete(f"/instances/{DOMAIN}")).status_code == 204
    assert not folder.exists()


async def test_what_an_app_tells_of_itself_is_logged(
    door: Front, browser: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "alcove.apps.told")
    path, lines = "/apps/mini/logs", [{"level": "info", "msg": "begun\nforged line"}, {"level": 1}]
    async with door.client(DOMAIN, "*") as client:
        assert (await client.post(path, json=lines)).status_code == 204
        assert (await client.post(path, json={"a": 1})).status_code == 400
        assert (await client.post(path, content=b"x")).status_code == 400
        assert (await client.post("/apps/none/logs", json=lines)).status_code == 404
    bearer = await bearer_of_page(browser, DOMAIN)
    assert (await browser.post(f"http://{DOMAIN}{path}", json=lines, headers=bearer)).status_code == 403
    assert [record.getMessage() for record in caplog.records if record.name == "alcove.apps.told"] == [
        "begun forged line",
        "",
    ]


async def test_all_files_are_downloaded_as_an_archive(door: Front, sources: Path) -> None:
    await install(door, write_app(sources, "other"))
    async with door.client(DOMAIN, SCOPE) as client:
        version = (await client.get("/apps/other")).json()["data"]["attributes"]["version"]
        answer = await client.get(f"/apps/other/download/{version}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/gzip")
        assert (await client.get("/apps/mini/download")).status_code == 200
        assert (await client.get("/apps/other/download/0.0.1")).status_code == 412
        assert (await client.get("/apps/none/download")).status_code == 404
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        names = set(archive.getnames())
        assert {"manifest.webapp", "public/index.html", "app.js", "app.js.br", "app.js.gz"} <= names
        file = archive.extractfile("public/style.css")
        assert file is not None
        assert file.read() == b"body {}"
