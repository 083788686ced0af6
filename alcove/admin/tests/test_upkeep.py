"""The operator API: space, checks, flags, versions, figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.apps.testing import write_app
from alcove.documents import Documents, Tx
from alcove.files import FILES, ROOT
from alcove.instances import CHECKS, INDEX, Check, Instance, Instances
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DOMAIN = "alice.example"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Front]:
    write_app(tmp_path, "app")
    async with front(apps=str(tmp_path), contexts={"beta": {"features": ["from.config"]}}) as entry:
        await entry.instance(DOMAIN, DiskQuota="1000", ContextName="beta")
        yield entry


async def put_file(door: Front, name: str, content: bytes, folder: str = ROOT) -> str:
    async with door.client(DOMAIN, "io.cozy.files") as client:
        made = await client.post(f"/files/{folder}?Type=file&Name={name}", content=content)
        ident: str = made.json()["data"]["id"]
        return ident


async def change(door: Front, ident: str, **members: Any) -> None:
    """Writes into a file's document behind the back of the room: members that are None go."""

    async def unit(tx: Tx) -> None:
        old = await tx.get(FILES, ident)
        assert old is not None
        fields = {name: value for name, value in {**old.fields(), **members}.items() if value is not None}
        await tx.put(FILES, ident, fields, old.rev)

    await door.house.need(Documents).work(door.house.need(Instances).by_domain(DOMAIN).key, unit)


async def fsck(door: Front, **params: str) -> list[dict[str, Any]]:
    told = await door.operator.get(f"/instances/{DOMAIN}/fsck", params=params)
    assert told.status_code == 200
    return [orjson.loads(line) for line in told.text.splitlines()]


async def test_what_is_well_has_no_faults(door: Front) -> None:
    file = await put_file(door, "a.txt", b"one")
    async with door.client(DOMAIN, "io.cozy.files") as client:
        assert (await client.put(f"/files/{file}", content=b"two")).status_code == 200
        assert (await client.delete(f"/files/{await put_file(door, 'b.txt', b'b')}")).status_code == 200
    assert await fsck(door) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"dir_id": "nowhere"}, "index_orphan_tree"),
        ({"trashed": True}, "trashed_not_in_trash"),
        ({"path": "/a.txt"}, "index_file_with_path"),
        ({"name": "Photos"}, "index_duplicate_name"),
    ],
)
async def test_a_file_that_does_not_fit_is_told(door: Front, members: dict[str, Any], fault: str) -> None:
    await change(door, await put_file(door, "a.txt", b"a"), **members)
    (told,) = await fsck(door, IndexIntegrity="true")
    assert told["type"] == fault
    told_of = told.get("file_doc") or told["dir_doc"]
    assert {"internal_vfs_id", "metadata"} & set(told_of) == set()


async def test_a_directory_on_another_path_is_told_with_the_right_one(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.files") as client:
        made = await client.post(f"/files/{ROOT}?Type=directory&Name=folder")
    await change(door, made.json()["data"]["id"], path="/other")
    (told,) = await fsck(door)
    assert (told["type"], told["expected_fullpath"]) == ("index_bad_fullpath", "/folder")
    assert (told["is_file"], told["dir_doc"]["name"]) == (False, "folder")


async def test_directories_in_a_circle_are_orphans(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.files") as client:
        one = (await client.post(f"/files/{ROOT}?Type=directory&Name=one")).json()["data"]["id"]
        two = (await client.post(f"/files/{one}?Type=directory&Name=two")).json()["data"]["id"]
    await change(door, one, dir_id=two)
    assert [told["type"] for told in await fsck(door)] == ["index_orphan_tree"] * 2


async def test_bytes_that_are_lost_or_others_are_told(door: Front) -> None:
    lost, other = await put_file(door, "lost", b"a"), await put_file(door, "other", b"b")
    await change(door, lost, internal_vfs_id="nothing.0")
    await change(door, other, size="7")
    told = {fault["file_doc"]["name"]: fault for fault in await fsck(door, FilesConsistency="true")}
    assert told["lost"]["type"] == "filesystem_missing"
    assert told["other"]["content_mismatch"]["size_file"] == 1
    assert await fsck(door, IndexIntegrity="true") == []
    assert len(await fsck(door, FailFast="true")) == 1


async def test_a_check_that_fails_is_told_and_the_others_go_on(door: Front) -> None:
    async def fail(instance: Instance) -> AsyncIterator[dict[str, Any]]:
        if instance.domain:
            raise OSError("the disk is gone")
        yield {}

    door.house.registry(CHECKS).add("failing", Check(INDEX, fail))
    await change(door, await put_file(door, "a", b"a"), size="7")
    assert {fault["type"] for fault in await fsck(door)} == {"check_failed", "content_mismatch"}
    assert (await door.operator.get("/instances/nobody.example/fsck")).status_code == 404


async def test_triggers_that_cannot_be_meant_are_told(door: Front) -> None:
    body = {"data": {"attributes": {"type": "@every", "arguments": "24h", "worker": "log", "message": {"a": 1}}}}
    async with door.client(DOMAIN, "io.cozy.triggers") as client:
        assert (await door.operator.post(f"/instances/{DOMAIN}/checks/triggers")).json() == []
        for _ in range(2):
            assert (await client.post("/jobs/triggers", json=body)).status_code == 201
    (told,) = (await door.operator.post(f"/instances/{DOMAIN}/checks/triggers")).json()
    assert (told["type"], told["trigger"], told["arguments"]) == ("duplicate", "@every", "24h")
    assert told["_id"] != told["other_id"]


async def test_space_is_told_in_texts(door: Front) -> None:
    file = await put_file(door, "a", b"12345")
    async with door.client(DOMAIN, "io.cozy.files") as client:
        assert (await client.put(f"/files/{file}", content=b"123")).status_code == 200
        assert (await client.delete(f"/files/{file}")).status_code == 200
    told = (await door.operator.get(f"/instances/{DOMAIN}/disk-usage?include=trash")).json()
    assert (told["used"], told["files"], told["versions"], told["quota"]) == ("8", "3", "5", "1000")
    assert (told["trashed"], told["versions_count"], told["doc_count"]) == ("3", "1", 5)


async def test_flags_of_every_layer(door: Front) -> None:
    async def patch(path: str, body: Any) -> Any:
        answer = await door.operator.patch(f"/instances{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    assert await patch(f"/{DOMAIN}/feature/flags", {"own": 1, "gone": True}) == {"own": 1, "gone": True}
    assert await patch(f"/{DOMAIN}/feature/flags", {"gone": None}) == {"own": 1}
    assert await patch("/feature/defaults", {"own": 2, "everybody": True}) == {"own": 2, "everybody": True}
    shares = {"half": [{"ratio": 1, "value": "x"}]}
    assert await patch("/feature/contexts/beta", shares) == shares
    assert await patch("/feature/sets/paid", {"more": True}) == {"more": True}
    assert (await door.operator.put(f"/instances/{DOMAIN}/feature/sets", json=["paid"])).json() == ["paid"]
    for path, said in (
        (f"/{DOMAIN}/feature/flags", {"own": 1}),
        (f"/{DOMAIN}/feature/sets", ["paid"]),
        ("/feature/config/beta", {"from.config": True}),
        ("/feature/contexts/beta", shares),
        ("/feature/defaults", {"own": 2, "everybody": True}),
        ("/feature/sets/paid", {"more": True}),
    ):
        assert (await door.operator.get(f"/instances{path}")).json() == said
    async with door.client(DOMAIN, "io.cozy.settings") as client:
        merged = (await client.get("/settings/flags")).json()["data"]["attributes"]
    assert merged == {"own": 1, "more": True, "from.config": True, "half": "x", "everybody": True}
    for path, body in ((f"/{DOMAIN}/feature/flags", []), ("/feature/contexts/beta", {"a": 1})):
        assert (await door.operator.patch(f"/instances{path}", json=body)).status_code in (400, 422)
    assert (await door.operator.put(f"/instances/{DOMAIN}/feature/sets", json=[1])).status_code == 400


async def test_versions_of_apps(door: Front) -> None:
    async with door.client(DOMAIN, "io.cozy.apps") as client:
        version = (await client.get("/apps/app")).json()["data"]["attributes"]["version"]
    path = "/instances/with-app-version/app"
    assert (await door.operator.get(f"{path}/{version}")).json() == {"instances": [DOMAIN]}
    assert (await door.operator.get(f"{path}/9.9.9")).json() == {"instances": []}


async def test_figures_are_read_by_prometheus(door: Front) -> None:
    told = await door.operator.get("/metrics")
    assert told.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "\nalcove_instances 1\n" in told.text
    figures = [line for line in told.text.splitlines() if not line.startswith("#")]
    assert all(float(line.split()[1]) >= 0 for line in figures)


async def test_the_operator_lets_a_person_know(door: Front) -> None:
    path = f"/instances/{DOMAIN}/notifications"
    notification = {"category": "upkeep", "category_id": "disk", "title": "Away on Monday", "message": "A new disk"}
    properties = {"stateful": True, "min_interval": 0}
    kept = await door.operator.post(
        path, json={"notification": {**notification, "state": "x"}, "properties": properties}
    )
    assert (kept.status_code, kept.json()["title"], kept.json()["originator"]) == (201, "Away on Monday", "cli")
    async with door.client(DOMAIN, "io.cozy.notifications") as client:
        told = (await client.get(f"/data/io.cozy.notifications/{kept.json()['_id']}")).json()
    assert told["source_id"].endswith("/upkeep/disk")
    for wrong in (
        b"{}",
        b'{"notification":[]}',
        b'{"notification":{"category":"a"}}',
        b'{"notification":{},"properties":1}',
    ):
        assert (await door.operator.post(path, content=wrong)).status_code == 400


async def test_connectors_are_taken_out_of_service(door: Front) -> None:
    path = "/konnectors/maintenance"
    body = {"data": {"attributes": {"flag_disallow_manual_exec": True, "messages": {"fr": {"long_message": "Panne"}}}}}
    assert (await door.operator.put(f"{path}/bankfiles", json=body)).status_code == 204
    (told,) = (await door.operator.get(path)).json()["data"]
    assert (told["type"], told["attributes"]["slug"]) == ("io.cozy.konnectors.maintenance", "bankfiles")
    assert (told["attributes"]["maintenance_activated"], told["attributes"]["level"]) == (True, "stack")
    options = told["attributes"]["maintenance_options"]
    assert options == {**body["data"]["attributes"], "flag_infra_maintenance": True}
    assert (await door.operator.put(f"{path}/A%20b", json=body)).status_code == 422
    assert (await door.operator.put(f"{path}/bankfiles", content=b"[]")).status_code == 400
    assert (await door.operator.delete(f"{path}/bankfiles")).status_code == 204
    assert (await door.operator.get(path)).json()["data"] == []


async def test_requests_are_logged_while_that_is_wanted(door: Front, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "alcove.server")
    path = f"/instances/{DOMAIN}/debug"

    async def logged() -> bool:
        caplog.clear()
        async with door.client(DOMAIN) as client:
            await client.get("/public/prelogin")
        return any("/public/prelogin" in record.getMessage() for record in caplog.records)

    assert (await door.operator.get(path)).status_code == 404
    assert not await logged()
    assert (await door.operator.post(path, params={"TTL": "10m"})).status_code == 204
    assert (await door.operator.get(path)).json()[DOMAIN] is True
    assert await logged()
    door.clock.pass_time(minutes=11)
    assert not await logged()
    assert (await door.operator.post(path)).status_code == 204
    assert await logged()
    assert (await door.operator.delete(path)).status_code == 204
    assert not await logged()
    for said, wanted in (("true", True), ("false", False)):
        assert (await door.operator.patch(f"/instances/{DOMAIN}", params={"Debug": said})).status_code == 200
        assert await logged() is wanted
    assert (await door.operator.post(path, params={"TTL": "a while"})).status_code == 400


async def test_what_was_mended_while_it_was_looked_at_is_no_fault(door: Front) -> None:
    """Each document is judged as it is when its fault is told."""
    file = await put_file(door, "a.txt", b"a")
    await change(door, file, internal_vfs_id="nothing.0")
    instance = door.house.need(Instances).by_domain(DOMAIN)
    looking = door.house.registry(CHECKS).get("bytes of files")
    assert looking is not None
    documents = door.house.need(Documents)
    read = documents.get

    async def gone(tx: Tx) -> None:
        old = await tx.get(FILES, file)
        if old is not None:
            await tx.delete(FILES, file, old.rev)

    async def mended(tenant: str, doctype: str, ident: str) -> Any:
        if ident == file:
            await documents.work(tenant, gone)
        return await read(tenant, doctype, ident)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(documents, "get", mended)
        assert [fault async for fault in looking.look(instance)] == []
