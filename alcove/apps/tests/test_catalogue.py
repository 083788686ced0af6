"""What is installed, who may know it, and where a person goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.apps.service import Apps
from alcove.apps.testing import bearer_of_page, log_in, write_app
from alcove.documents import Documents
from alcove.instances import Instances
from alcove.server.compose import compose
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from alcove.documents import Tx

DOMAIN = "alice.example"
HERE = f"http://{DOMAIN}"


async def test_the_apps_of_this_installation_are_there_from_the_first_day(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        listed = (await client.get("/apps/")).json()
        shown = (await client.get("/apps/mini")).json()["data"]
    assert listed["meta"] == {"count": 1}
    assert listed["data"] == [shown]
    assert (shown["type"], shown["id"]) == ("io.cozy.apps", "io.cozy.apps/mini")
    told = shown["attributes"]
    assert (told["state"], told["type"], told["source"]) == ("ready", "webapp", "builtin://mini")
    assert told["version"].startswith("1.0.0-")
    assert shown["links"] == {
        "self": "/apps/mini",
        "icon": f"/apps/mini/icon/{told['version']}",
        "related": f"http://mini.{DOMAIN}/",
    }


async def test_lists_come_in_pages(tmp_path: Path) -> None:
    for slug in ("a", "b", "c"):
        write_app(tmp_path, slug)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN)
        async with entry.client(DOMAIN, "io.cozy.apps") as client:
            first = (await client.get("/apps/?limit=2")).json()
            rest = (await client.get(first["links"]["next"])).json()
            assert (await client.get("/apps/?limit=x")).status_code == 400
    assert [app["id"][-1] for app in first["data"] + rest["data"]] == ["a", "b", "c"]
    assert rest["links"] == {}


async def test_only_who_may_sees_them(door: Front) -> None:
    async with door.client(DOMAIN, Accept="application/vnd.api+json") as client:
        assert (await client.get("/apps/")).status_code == 401
        assert (await client.get("/apps/mini")).status_code == 401
        missing = await client.get("/apps/none")
    assert missing.status_code == 404
    assert missing.json()["errors"][0]["detail"] == "Application is not installed"
    async with door.client(DOMAIN, "io.cozy.files") as client:
        assert (await client.get("/apps/")).status_code == 403
        assert (await client.get("/apps/mini")).status_code == 403
    async with door.client(DOMAIN, "io.cozy.apps:GET:mini:slug") as client:
        assert (await client.get("/apps/")).status_code == 403
        assert (await client.get("/apps/mini")).status_code == 200


async def test_icons_are_for_tokens_and_for_the_persons_browser(door: Front, browser: httpx.AsyncClient) -> None:
    icon = await browser.get(f"{HERE}/apps/mini/icon/anything")
    assert (icon.status_code, icon.headers["content-type"]) == (200, "image/svg+xml")
    assert icon.headers["cache-control"] == "max-age=31536000, immutable"
    plain = await browser.get(f"{HERE}/apps/mini/icon")
    again = await browser.get(f"{HERE}/apps/mini/icon", headers={"If-None-Match": plain.headers["etag"]})
    assert again.status_code == 304
    async with door.client(DOMAIN) as stranger:
        assert (await stranger.get("/apps/mini/icon")).status_code == 401
        assert (await stranger.get("/apps/none/icon")).status_code == 404
    async with door.client(DOMAIN, "io.cozy.files") as poor:
        assert (await poor.get("/apps/mini/icon")).status_code == 403


async def test_opening_is_for_tokens_that_open_everything(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.apps io.cozy.settings") as client:
        assert (await client.get("/apps/mini/open")).status_code == 403
    async with door.client(DOMAIN, "*", Accept="application/json") as client:
        assert (await client.get("/apps/none/open")).status_code == 404
        told = (await client.get("/apps/mini/open")).json()["data"]
    assert told["type"] == "io.cozy.apps.open"
    said = told["attributes"]
    assert said["AppName"] == "Mini"
    cookie = said["Cookie"].split(";")[0]
    async with door.client(DOMAIN, Authorization=f"Bearer {said['Token']}", Cookie=cookie) as client:
        assert (await client.get("/settings/instance")).status_code == 200


async def test_an_update_reaches_instances_that_exist(tmp_path: Path) -> None:
    write_app(tmp_path / "old", "mini")
    write_app(tmp_path / "old", "gone")
    write_app(tmp_path / "new", "mini", version="2.0.0", name="Maxi")
    async with front(apps=str(tmp_path / "old"), store="sqlite") as entry:
        await entry.instance(DOMAIN)
        instance = entry.house.need(Instances).by_domain(DOMAIN)
        created = (await _listed(entry))[1]["created_at"]
        for _, step in [*entry.house.leaving, *entry.house.stopping]:
            await step()
        entry.house.leaving.clear()
        entry.house.stopping.clear()
        from dataclasses import replace

        later = compose(replace(entry.house.settings, apps=str(tmp_path / "new")), entry.clock)
        for _, step in later.starting:
            await step()
        try:
            renewed = Front(later, entry.clock)
            apps = await _listed(renewed)
            mark = later.need(Instances).by_domain(DOMAIN).fields["apps_mark"]
            assert mark
            assert mark != instance.fields.get("apps_mark")
            await renewed.operator.aclose()
        finally:
            for _, step in [*later.leaving, *later.stopping]:
                await step()
    assert [(app["slug"], app["name"], app["version"][:5]) for app in apps] == [("mini", "Maxi", "2.0.0")]
    assert apps[0]["created_at"] == created


async def _listed(entry: Front) -> list[dict[str, str]]:
    async with entry.client(DOMAIN, "io.cozy.apps") as client:
        return [app["attributes"] for app in (await client.get("/apps/")).json()["data"]]


async def test_an_apps_token_opens_what_its_manifest_asks_for(browser: httpx.AsyncClient) -> None:
    bearer = await bearer_of_page(browser, DOMAIN)
    assert (await browser.get(f"{HERE}/settings/sessions", headers=bearer)).status_code == 200
    assert (await browser.get(f"{HERE}/apps/", headers=bearer)).status_code == 403
    refused = await browser.get(f"{HERE}/data/io.cozy.bills/_all_docs", headers=bearer)
    assert refused.json() == {"error": "code=403, message=Forbidden"}


async def test_after_the_login_comes_the_first_app(tmp_path: Path) -> None:
    write_app(tmp_path, "place")
    write_app(tmp_path, "other")
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase="x", Settings="default_redirection:other/#/month")
        await entry.instance("bob.example", Passphrase="x", Settings="default_redirection:drive/#/folder")
        async with entry.client(DOMAIN) as client:
            assert (await log_in(client, DOMAIN, "x")).json() == {"redirect": f"{HERE}/"}
            for path in ("/", "/settings/onboarded"):
                answer = await client.get(path)
                assert (answer.status_code, answer.headers["location"]) == (303, f"http://other.{DOMAIN}/#/month")
        async with entry.client("bob.example") as client:
            assert (await client.get("/settings/onboarded")).headers["location"] == "http://bob.example/auth/login"
            await log_in(client, "bob.example", "x")
            assert (await client.get("/")).headers["location"] == "http://home.bob.example/"


async def test_a_context_says_where_its_people_begin(tmp_path: Path) -> None:
    write_app(tmp_path, "place")
    write_app(tmp_path, "other")
    contexts = {
        "default": {"onboarded_redirection": "other/#/hello", "default_redirection": "other/#/day"},
        "wrong": {"onboarded_redirection": "absent/", "default_redirection": 7},
    }
    async with front(apps=str(tmp_path), contexts=contexts) as entry:
        for context, new, later in (("", "other.{}/#/hello", "other.{}/#/day"), ("wrong", "home.{}/", "home.{}/")):
            domain = f"{context or 'no'}.example"
            await entry.instance(domain, Passphrase="x", ContextName=context)
            async with entry.client(domain) as client:
                await log_in(client, domain, "x")
                for path, way in (("/settings/onboarded", new), ("/", later)):
                    assert (await client.get(path)).headers["location"] == f"http://{way.format(domain)}"


async def test_without_apps_everything_still_works(tmp_path: Path) -> None:
    async with front(apps=str(tmp_path / "nowhere")) as entry:
        await entry.instance(DOMAIN, Passphrase="x")
        async with entry.client(DOMAIN) as client:
            await log_in(client, DOMAIN, "x")
            assert (await client.get("/")).status_code == 200
            assert (await client.get("/settings/onboarded")).headers["location"] == f"http://home.{DOMAIN}/"
            assert (await client.get("/assets/alcove/x.js")).status_code == 404
        async with entry.client(f"home.{DOMAIN}", Accept="text/html") as client:
            assert (await client.get("/")).headers["location"] == f"http://{DOMAIN}/"


async def test_what_comes_along_is_told_as_an_app_and_is_no_document_of_the_person(door: Front) -> None:
    documents, instance = door.house.need(Documents), door.house.need(Instances).by_domain(DOMAIN)
    path = "/data/io.cozy.apps/_all_docs"
    async with door.client(DOMAIN, "io.cozy.apps org.alcove.apps") as client:
        assert (await client.get(path)).json()["total_rows"] == 0
        assert (await client.get("/data/org.alcove.apps/_all_docs")).status_code == 403
    # Releases before kept them among the installed ones: they go from there, and stay what they were.
    [ours] = await documents.all(instance.key, "org.alcove.apps")
    born = {**ours.fields(), "created_at": "2026-01-02T03:04:05Z"}

    async def unit(tx: Tx) -> None:
        await tx.delete("org.alcove.apps", ours.id, ours.rev)
        await tx.put("io.cozy.apps", ours.id, born)

    await documents.work(instance.key, unit)
    await door.house.need(Apps).install(instance)
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        assert (await client.get(path)).json()["total_rows"] == 0
    assert [app["created_at"] for app in await _listed(door)] == [born["created_at"]]
