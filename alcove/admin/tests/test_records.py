"""The operator API: records made, changed, listed by pages; contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EVERYTHING = {
    "OrgDomain": "acme.example",
    "OrgID": "acme",
    "Locale": "fr",
    "UUID": "u-1",
    "OIDCID": "o-1",
    "FranceConnectID": "f-1",
    "TOSSigned": "1.0.0-20200101",
    "TOSLatest": "2.0.0-20300101",
    "ContextName": "beta",
    "AuthMode": "two_factor_mail",
    "AutoUpdate": "false",
    "MagicLink": "true",
    "DiskQuota": "5000",
    "sponsorships": "a,b",
    "Sponsorships": "a, b",
    "feature_sets": "s",
    "SwiftLayout": "2",
    "CouchCluster": "0",
    "Trace": "true",
}


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front(contexts={"beta": {"help_link": "https://b.example/"}, "default": {"a": 1}}) as entry:
        yield entry


async def record(door: Front, domain: str = "alice.example") -> dict[str, Any]:
    told: dict[str, Any] = (await door.operator.get(f"/instances/{domain}")).json()["data"]["attributes"]
    return told


async def modify(door: Front, **params: str) -> int:
    return (await door.operator.patch("/instances/alice.example", params=params)).status_code


async def settings(door: Front) -> dict[str, Any]:
    async with door.client(scope="io.cozy.settings") as client:
        told: dict[str, Any] = (await client.get("/settings/instance")).json()["data"]["attributes"]
    return told


async def test_every_parameter_is_kept(door: Front) -> None:
    made = await door.instance("alice.example", **EVERYTHING)
    assert made["org_domain"] == "acme.example"
    assert (made["tos"], made["tos_latest"]) == ("1.0.0-20200101", "2.0.0-20300101")
    assert (made["context"], made["auth_mode"], made["no_auto_update"], made["magic_link"]) == ("beta", 1, True, True)
    assert (made["disk_quota"], made["sponsorships"], made["feature_sets"]) == ("5000", ["a", "b"], ["s"])
    assert made == await record(door)


async def test_settings_go_where_they_belong(door: Front) -> None:
    said = "context:beta,locale:fr,tos:1.0.0-20200101,auto_update:false,offer:cozy,Own Key:a:b"
    made = await door.instance("alice.example", Settings=said, Email="a@example.com", Timezone="Europe/Paris")
    assert (made["context"], made["locale"], made["tos"]) == ("beta", "fr", "1.0.0-20200101")
    assert made["no_auto_update"] is True
    told = await settings(door)
    assert (told["offer"], told["Own Key"], told["email"], told["tz"]) == (
        "cozy",
        "a:b",
        "a@example.com",
        "Europe/Paris",
    )
    assert await modify(door, Settings="offer:other,uuid:u2", PublicName="Alice") == 200
    told = await settings(door)
    assert (told["offer"], told["public_name"], told["email"], told["uuid"]) == (
        "other",
        "Alice",
        "a@example.com",
        "u2",
    )


async def test_a_quota_is_set_and_taken_away(door: Front) -> None:
    await door.instance("alice.example")
    for said, kept in (("100", "100"), ("0100", "100"), ("-1", ""), ("0", "")):
        assert await modify(door, DiskQuota=said) == 200
        assert (await record(door))["disk_quota"] == kept


async def test_a_quota_holds_for_files(door: Front) -> None:
    await door.instance("alice.example", DiskQuota="10")
    async with door.client(scope="io.cozy.files") as client:
        kept = await client.post("/files/io.cozy.files.root-dir?Type=file&Name=a", content=b"12345678")
        refused = await client.post("/files/io.cozy.files.root-dir?Type=file&Name=b", content=b"12345678")
        assert (kept.status_code, refused.status_code) == (201, 413)
        assert await modify(door, DiskQuota="100") == 200
        kept = await client.post("/files/io.cozy.files.root-dir?Type=file&Name=b", content=b"12345678")
    assert kept.status_code == 201


async def test_terms_are_signed(door: Front) -> None:
    await door.instance("alice.example", TOSSigned="1.0.0-20200101")
    assert await modify(door, TOSLatest="1.1.0-20300101") == 200
    assert (await record(door))["tos_latest"] == ""
    assert await modify(door, TOSLatest="2.0.0-20300101") == 200
    assert (await record(door))["tos_latest"] == "2.0.0-20300101"
    assert await modify(door, TOSSigned="2.0.0-20300101") == 200
    assert ((await record(door))["tos"], (await record(door))["tos_latest"]) == ("2.0.0-20300101", "")


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"TOSLatest": "soon"}, 400),
        ({"TOSLatest": "1.0.0"}, 400),
        ({"TOSSigned": "20209999"}, 400),
        ({"Locale": "Klingon"}, 422),
        ({"AuthMode": "none"}, 422),
        ({"AutoUpdate": "perhaps"}, 422),
        ({"Blocked": "yes"}, 422),
        ({"DiskQuota": "1GB"}, 422),
        ({"ContextName": "a\nb"}, 422),
        ({"OldDomain": "a b"}, 422),
        ({"Domain": "a b"}, 422),
        ({"UUID": "x" * 2000}, 422),
        ({"PublicName": "x" * 2000}, 422),
        ({"Settings": "a:" + "x" * 2000}, 422),
    ],
)
async def test_a_wrong_value_changes_nothing(door: Front, params: dict[str, str], status: int) -> None:
    await door.instance("alice.example")
    before = await record(door)
    answer = await door.operator.patch("/instances/alice.example", params={"PublicName": "Al", "OrgID": "o", **params})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["source"]["parameter"] in ("domain", *params)
    assert await record(door) == before
    assert "public_name" not in await settings(door)


async def test_rounds_out_of_range_are_refused(door: Front) -> None:
    for said in ("49999", "5000001", "many"):
        params = {"Domain": "alice.example", "KdfIterations": said}
        answer = await door.operator.post("/instances", params=params)
        assert (answer.status_code, answer.json()["errors"][0]["source"]) == (422, {"parameter": "KdfIterations"})


async def test_pages_follow_each_other(door: Front) -> None:
    for name in "dbca":
        await door.instance(f"{name}.example")
    seen, link = list[str](), "/instances?page[limit]=3"
    while link:
        page = (await door.operator.get(link)).json()
        seen += [item["attributes"]["domain"] for item in page["data"]]
        link = page["links"].get("next", "")
    assert seen == ["a.example", "b.example", "c.example", "d.example"]
    skipped = (await door.operator.get("/instances?page[skip]=1&page[limit]=2")).json()
    assert [item["attributes"]["domain"] for item in skipped["data"]] == ["b.example", "c.example"]
    assert len((await door.operator.get("/instances")).json()["data"]) == 4


async def test_what_is_being_deleted_is_hidden_until_it_is_not(door: Front) -> None:
    await door.instance("alice.example")
    assert await modify(door, Deleting="true") == 200
    async with door.client() as client:
        assert (await client.get("/auth/login")).status_code == 404
    assert (await record(door))["deleting"] is True
    assert await modify(door, Deleting="false") == 200
    async with door.client() as client:
        assert (await client.get("/auth/login")).status_code == 200


async def test_contexts_are_told_to_the_operator_and_to_apps(door: Front) -> None:
    listed = (await door.operator.get("/instances/contexts")).json()
    assert [context["context"] for context in listed] == ["beta", "default"]
    beta = (await door.operator.get("/instances/contexts/beta")).json()
    assert beta == {"config": {"help_link": "https://b.example/"}, "context": "beta", "registries": []}
    missing = await door.operator.get("/instances/contexts/nothing")
    assert (missing.status_code, "beta, default" in missing.text) == (404, True)
    for domain, name, said in (("a.example", "beta", {"help_link": "https://b.example/"}), ("b.example", "", {"a": 1})):
        await door.instance(domain, ContextName=name)
        async with door.client(domain, "io.cozy.settings") as client:
            assert (await client.get("/settings/context")).json()["data"]["attributes"] == said


async def test_a_context_says_which_folders_a_new_instance_gets() -> None:
    async with front(contexts={"default": {"init_photos_folder": False, "init_administrative_folder": False}}) as door:
        await door.instance("alice.example")
        async with door.client(scope="io.cozy.files") as client:
            root = (await client.get("/files/io.cozy.files.root-dir")).json()
    assert [child["id"] for child in root["data"]["relationships"]["contents"]["data"]] == []
    assert root["data"]["relationships"]["referenced_by"]["data"][0]["id"] == "io.cozy.apps/administrative"
