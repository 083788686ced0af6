"""Instances through the operator API: made, found by their hosts, renamed, removed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alcove.instances import Instances, Provisioner
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alcove.instances.model import Instance


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front() as entry:
        yield entry


async def test_an_instance_is_made_read_listed_and_removed(door: Front) -> None:
    record = await door.instance("alice.example:8080", PublicName="Alice", Email="alice@example.com", Locale="fr")
    assert record["domain"] == "alice.example:8080"
    assert record["prefix"].startswith("cozy")
    assert not {"passphrase_hash", "session_secret", "oauth_secret", "cli_secret"} & set(record)
    shown = (await door.operator.get("/instances/alice.example:8080")).json()["data"]
    assert shown["attributes"]["locale"] == "fr"
    assert (await door.operator.get("/instances")).json()["meta"] == {"count": 1}
    assert (await door.operator.get("/instances/count")).json() == {"count": 1}
    assert (await door.operator.delete("/instances/alice.example:8080")).status_code == 204
    assert (await door.operator.get("/instances/alice.example:8080")).status_code == 404
    async with door.client("alice.example:8080") as client:
        assert (await client.get("/auth/login")).status_code == 404


async def test_a_taken_domain_is_a_conflict(door: Front) -> None:
    await door.instance("alice.example", DomainAliases="al.example")
    for domain in ("alice.example", "ALICE.example", "al.example"):
        answer = await door.operator.post("/instances", params={"Domain": domain})
        assert answer.status_code == 409, domain


async def test_two_creations_at_once_end_with_one_instance(door: Front) -> None:
    params = {"Domain": "alice.example"}
    answers = await asyncio.gather(*(door.operator.post("/instances", params=params) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7


@pytest.mark.parametrize("domain", ["", "a b", "a/b", ".a", "a..b", "x@y", "a" * 300])
async def test_an_illegal_domain_is_refused(door: Front, domain: str) -> None:
    answer = await door.operator.post("/instances", params={"Domain": domain})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["source"] == {"parameter": "domain"}


async def test_hosts_find_instances_and_apps(door: Front) -> None:
    await door.instance("me.tld")
    await door.instance("me-too.tld")
    find = door.house.need(Instances).by_host
    hosts = ["me.tld", "drive.me.tld", "me-drive.tld", "me-too.tld", "me-too-drive.tld", "ME.TLD"]
    found = {host: (there[0].domain, there[1]) if (there := find(host)) else None for host in hosts}
    assert found["me.tld"] == found["ME.TLD"] == ("me.tld", "")
    assert found["drive.me.tld"] == found["me-drive.tld"] == ("me.tld", "drive")
    assert found["me-too.tld"] == ("me-too.tld", "")
    assert found["me-too-drive.tld"] == ("me-too.tld", "drive")
    assert find("other.tld") is None


async def test_a_renamed_instance_keeps_its_data(door: Front) -> None:
    await door.instance("me.localhost:8080", PublicName="Me")
    answer = await door.operator.patch("/instances/me.localhost:8080", params={"Domain": "me.localhost:9090"})
    assert answer.json()["data"]["attributes"]["domain"] == "me.localhost:9090"
    assert (await door.operator.get("/instances/me.localhost:8080")).status_code == 404
    async with door.client("me.localhost:9090", "io.cozy.settings") as client:
        said = (await client.get("/settings/instance")).json()
    assert said["data"]["attributes"]["public_name"] == "Me"
    await door.instance("me.localhost:8080")


async def test_a_failed_creation_leaves_nothing(door: Front) -> None:
    async def fail(instance: Instance, options: object) -> None:
        raise RuntimeError("no space")

    provisioner: Provisioner = fail
    door.house.registries["provisioners"].add("failing", provisioner)
    assert (await door.operator.post("/instances", params={"Domain": "a.example"})).status_code == 500
    door.house.registries["provisioners"]._entries.pop("failing")
    await door.instance("a.example")


async def test_a_removal_cut_short_is_finished_at_the_next_start(door: Front) -> None:
    await door.instance("a.example")
    instances = door.house.need(Instances)
    await instances.change(instances.by_domain("a.example"), {"deleting": True, "removing": True})
    await instances.load()
    assert instances.all() == []
    await door.instance("a.example")


async def test_tokens_are_bare_text_and_wrong_ones_are_refused(door: Front) -> None:
    await door.instance("a.example")
    params = {"Domain": "a.example", "Audience": "cli", "Scope": "io.cozy.files"}
    answer = await door.operator.post("/instances/token", params=params)
    assert answer.text.count(".") == 2
    for wrong in ({"Audience": "nobody"}, {"Scope": "Not A Scope!"}):
        assert (await door.operator.post("/instances/token", params={**params, **wrong})).status_code == 400
    assert (await door.operator.post("/instances/token", params={**params, "Domain": "b"})).status_code == 404


@pytest.mark.parametrize("number", ["²", "9" * 5000, "many", "--1", "1-"])
async def test_a_number_that_is_none_is_refused(door: Front, number: str) -> None:
    made = await door.operator.post("/instances", params={"Domain": "alice.example", "DiskQuota": number})
    assert made.status_code == 422
    await door.instance("bob.example")
    assert (await door.operator.patch("/instances/bob.example", params={"DiskQuota": number})).status_code == 422
    listed = await door.operator.get("/instances", params={"page[limit]": number})
    assert listed.status_code == 400
