"""An account that is deleted takes its triggers with it, and has its connector clear up at the vendor."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from alcove.connectors.model import ACCOUNTS, SOFT_DELETED
from alcove.connectors.tests.test_installing import write_connector as write_node
from alcove.documents import Documents, Followers
from alcove.identity import Tokens
from alcove.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alcove.connectors.tests.conftest import Place
    from alcove.documents import Change

AT = f"/data/{ACCOUNTS}"
CLEAR = """
import json, os
fields = json.loads(os.environ["COZY_FIELDS"])
said = [fields["account_deleted"], fields["account"], fields["account_rev"], "folder_to_save" in fields]
print(json.dumps({"type": "critical", "message": json.dumps(said), "no_retry": FINAL}))
"""
WHOLE: dict[str, Any] = {"permissions": {"a": {"type": ACCOUNTS}}, "folders": [{"defaultDir": "x"}]}


def with_clearing(konnector: Any, *, final: bool) -> Any:
    """The connector with a script that says what it was told."""
    (konnector.folder / "clear.py").write_text(CLEAR.replace("FINAL", str(final)))
    return konnector


async def make(place: Place, slug: str) -> tuple[dict[str, Any], list[str]]:
    """An account of a connector, and the ids of its triggers; another account has one too."""
    said = {"account_type": slug, "auth": {"login": "me", "password": "hunter2"}}
    made = (await place.client.post(f"{AT}/", json=said)).json()["data"]
    triggers = []
    for account in (made["_id"], made["_id"], "another"):
        message = {"konnector": slug, "account": account}
        body = {"data": {"attributes": {"type": "@weekly", "worker": "konnector", "message": message}}}
        triggers.append((await place.client.post("/jobs/triggers", json=body)).json()["data"]["id"])
    return made, triggers


async def cleared(place: Place) -> list[dict[str, Any]]:
    """The jobs that clear up, once they have ended."""
    key = place.instance.key
    await place.house.need(Followers).settle(key, "connectors.clearing")
    found = [job for job in await place.documents("io.cozy.jobs") if job["worker"] == "konnector"]
    return [dict((await place.house.need(Jobs).wait(key, job["_id"])).fields) for job in found]


@pytest.mark.slow("starts a confined process")
@pytest.mark.parametrize("way", ["delete", "put", "bulk"])
async def test_its_connector_clears_up_after_it(write_connector: Any, open_place: Any, way: str) -> None:
    konnector = with_clearing(write_connector("shop", "", on_delete_account="clear.py", **WHOLE), final=True)
    place: Place = await open_place(konnector)
    made, triggers = await make(place, "shop")
    ident, rev = made["_id"], made["_rev"]
    gone = {"_id": ident, "_rev": rev, "_deleted": True}
    if way == "delete":
        answer = await place.client.delete(f"{AT}/{ident}", params={"rev": rev})
    elif way == "put":
        answer = await place.client.put(f"{AT}/{ident}", json=gone)
    else:
        answer = await place.client.post(f"{AT}/_bulk_docs", json={"docs": [gone]})
    assert answer.status_code in (200, 201), answer.text
    left = {one["_id"] for one in await place.documents("io.cozy.triggers")}
    assert left & set(triggers) == {triggers[2]}
    jobs = await cleared(place)
    assert [job["error"] for job in jobs] == [f'[true, "{ident}", "{rev}", false]']
    # What it was is forgotten when the connector is done.
    assert await place.documents(SOFT_DELETED) == []
    assert (await place.client.get(f"{AT}/{ident}", params={"rev": rev})).status_code == 404


async def test_what_it_was_is_shown_to_its_connector_alone(
    write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    place: Place = await open_place(write_connector("shop", "", on_delete_account="clear.py", **WHOLE))

    async def later(*_: Any, **__: Any) -> None:
        """In the place of the job."""

    monkeypatch.setattr(place.house.need(Jobs), "push", later)
    made, _ = await make(place, "shop")
    ident, rev = made["_id"], made["_rev"]
    assert (await place.client.delete(f"{AT}/{ident}", params={"rev": rev})).status_code == 200
    token = place.house.need(Tokens).make(place.instance, "konn", "shop")
    async with httpx.AsyncClient(base_url=place.client.base_url, headers=place.client.headers) as run:
        run.headers["Authorization"] = f"Bearer {token}"
        seen = await run.get(f"{AT}/{ident}", params={"rev": rev})
        assert (seen.json()["auth"]["password"], seen.json()["_rev"]) == ("hunter2", rev)
        assert (await run.get(f"{AT}/{ident}", params={"rev": "1-x"})).status_code == 404
        assert (await run.get(f"{AT}/{ident}")).status_code == 404
    shown = await place.client.get(f"{AT}/{ident}", params={"rev": rev})
    assert "hunter2" not in shown.text
    assert (await place.client.get(f"/data/{SOFT_DELETED}/{ident}")).status_code == 403


async def test_nothing_is_kept_where_nothing_clears_up(write_connector: Any, open_place: Any) -> None:
    place: Place = await open_place(write_connector("shop", "", **WHOLE))
    made, triggers = await make(place, "shop")
    assert (await place.client.delete(f"{AT}/{made['_id']}", params={"rev": "1-0"})).status_code == 409
    assert len(await place.documents("io.cozy.triggers")) >= len(triggers)
    await place.client.delete(f"{AT}/{made['_id']}", params={"rev": made["_rev"]})
    assert await place.documents(SOFT_DELETED) == []
    assert await cleared(place) == []


@pytest.mark.slow("starts confined processes")
async def test_who_fails_to_clear_up_is_tried_again_and_then_given_up(write_connector: Any, open_place: Any) -> None:
    konnector = with_clearing(write_connector("shop", "", on_delete_account="clear.py", **WHOLE), final=False)
    place: Place = await open_place(konnector)
    made, _ = await make(place, "shop")
    await place.client.delete(f"{AT}/{made['_id']}", params={"rev": made["_rev"]})
    assert [job["state"] for job in await cleared(place)] == ["errored"]
    assert await place.documents(SOFT_DELETED) == []


async def test_what_is_kept_for_a_connector_that_cannot_be_run_goes_too(
    write_connector: Any, open_place: Any, tmp_path: Path
) -> None:
    place: Place = await open_place(write_connector("shop", "", **WHOLE))
    (tmp_path / "node").mkdir()
    at = write_node(tmp_path / "node", slug="node", on_delete_account="clear.js")
    assert (await place.client.post("/konnectors/node", params=at)).status_code == 202
    made, _ = await make(place, "node")
    await place.client.delete(f"{AT}/{made['_id']}", params={"rev": made["_rev"]})
    assert [job["error"] for job in await cleared(place)] == ["node has no file 'clear.js' to begin with"]
    assert await place.documents(SOFT_DELETED) == []


NODE_CLEAR = """
const said = JSON.parse(process.env.COZY_FIELDS)
console.log(JSON.stringify({ type: 'critical', message: `cleared ${said.account}`, no_retry: true }))
"""


@pytest.mark.slow("starts Node")
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
async def test_a_connector_that_is_removed_clears_up_before_it_goes(
    write_connector: Any, open_place: Any, tmp_path: Path
) -> None:
    place: Place = await open_place(write_connector("shop", "", **WHOLE))
    (tmp_path / "node").mkdir()
    at = write_node(tmp_path / "node", slug="node", on_delete_account="clear.js")
    (tmp_path / "node" / "clear.js").write_text(NODE_CLEAR)
    assert (await place.client.post("/konnectors/node", params=at)).status_code == 202
    made, _ = await make(place, "node")
    told = asyncio.Event()

    def hear(changes: Sequence[Change]) -> None:
        if any(change.document.deleted for change in changes):
            told.set()

    place.house.need(Documents).watch(hear, frozenset({"io.cozy.konnectors"}))
    assert (await place.client.delete("/konnectors/node")).status_code == 202
    assert await place.documents(ACCOUNTS) == []
    assert [job["error"] for job in await cleared(place)] == [f"cleared {made['_id']}"]
    await told.wait()
    assert (await place.client.get("/konnectors/node")).status_code == 404
    assert await place.documents(SOFT_DELETED) == []
