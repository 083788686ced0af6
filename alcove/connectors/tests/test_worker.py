"""The worker `konnector` keeps Cozy's process contract (contract-b section 8)."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import orjson

from alcove.connectors.maintenance import Maintenance
from alcove.connectors.model import ACCOUNTS, JOB_EVENTS
from alcove.connectors.providers import Providers
from alcove.connectors.store import Shelf
from alcove.documents import Documents
from alcove.files import Files
from alcove.instances import Flags
from alcove.jobs import Jobs, Triggers
from alcove.realtime import Realtime
from alcove.realtime.service import Outbox

if TYPE_CHECKING:
    import pytest

    from alcove.jobs import Job

VARIABLES = """
wanted = {
    "COZY_URL", "COZY_CREDENTIALS", "COZY_FIELDS", "COZY_PARAMETERS", "COZY_PAYLOAD", "COZY_LANGUAGE", "COZY_LOCALE",
    "COZY_TIME_LIMIT", "COZY_JOB_ID", "COZY_TRIGGER_ID", "COZY_JOB_MANUAL_EXECUTION", "ALCOVE_SOCKET",
    "ALCOVE_PROXY",
}
strange = (set(os.environ) - {"PWD", "LC_CTYPE"}) ^ wanted  # those two come from bubblewrap and Python
"""


async def run(place: Any, message: dict[str, Any]) -> Job:
    """Runs the worker once over a message."""
    shelf = Shelf(place.house.need(Documents))
    await shelf.ensure_account(place.instance.key, "account", {"account_type": "x", "name": "me"})
    jobs = place.house.need(Jobs)
    job = await jobs.push(place.instance.key, "konnector", {"account": "account", **message}, manual=True)
    ended: Job = await jobs.wait(place.instance.key, job.id)
    return ended


def script(body: str) -> str:
    return f"import json, os, sys\ndef tell(**line):\n    print(json.dumps(line), flush=True)\n{body}"


async def test_the_environment_is_the_contract_s(write_connector: Any, open_place: Any) -> None:
    source = VARIABLES + (
        "fields = json.loads(os.environ['COZY_FIELDS'])\n"
        "same = os.environ['COZY_URL'] == 'http://me.localhost/' and fields['extra'] == [1]\n"
        "same = same and os.environ['COZY_TIME_LIMIT'] == '305' and os.environ['COZY_PARAMETERS'] == '{\"a\":1}'\n"
        "same = same and os.environ['COZY_JOB_MANUAL_EXECUTION'] == 'true'\n"
        "same = same and os.environ['COZY_LANGUAGE'] == 'python'\n"
        "if strange or not same: tell(type='critical', message=str(sorted(strange)))\n"
    )
    place = await open_place(write_connector("env", script(source), parameters={"a": 1}))
    ended = await run(place, {"konnector": "env", "extra": [1]})
    assert (ended.state, ended.error) == ("done", "")


async def test_a_long_payload_comes_in_a_file(write_connector: Any, open_place: Any) -> None:
    source = (
        "name = os.environ['COZY_PAYLOAD']\n"
        "said = json.load(open(name[1:])) if name.startswith('@') else json.loads(name)\n"
        "tell(type='critical', message=name[:1] + str(len(said['a'])), no_retry=True)\n"
    )
    place = await open_place(write_connector("hook", script(source), egress=[]))
    await Shelf(place.house.need(Documents)).ensure_account(place.instance.key, "account", {"name": "me"})
    jobs, message = place.house.need(Jobs), {"account": "account", "konnector": "hook"}
    for size, told in ((10, "{10"), (200_000, "@200000")):
        job = await jobs.push(place.instance.key, "konnector", message, payload={"a": "x" * size})
        assert (await jobs.wait(place.instance.key, job.id)).error == told


async def test_lines_reach_who_watches_the_job(write_connector: Any, open_place: Any) -> None:
    place = await open_place(
        write_connector("chatty", script("tell(type='info', message='x' * 5000)\nprint('no JSON')"))
    )
    outbox = Outbox()
    place.house.need(Realtime).subscribe(place.instance.key, JOB_EVENTS, "", outbox)
    ended = await run(place, {"konnector": "chatty"})
    event = orjson.loads(await outbox.get())
    assert (event["event"], event["payload"]["id"]) == ("CREATED", ended.id)
    assert event["payload"]["doc"]["type"] == "info"
    assert len(event["payload"]["doc"]["message"]) == 4000


async def test_a_login_that_failed_is_not_tried_again(write_connector: Any, open_place: Any) -> None:
    source = "tell(type='critical', message='VENDOR_DOWN')\ntell(type='critical', message='LOGIN_FAILED.NEEDS_SECRET')"
    place = await open_place(write_connector("locked", script(source)))
    assert (await run(place, {"konnector": "locked"})).error == "LOGIN_FAILED.NEEDS_SECRET"


async def test_status_0_with_an_error_line_is_a_failure(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("old", script("tell(type='error', message='LOGIN_FAILED')")))
    ended = await run(place, {"konnector": "old"})
    assert (ended.state, ended.error) == ("errored", "LOGIN_FAILED")


async def test_what_does_not_exist_is_told(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("any", script("")))
    assert (await run(place, {"konnector": "none"})).error == "There is no connector none"
    assert (await run(place, {"konnector": "any", "account": "gone"})).error == "The account of this trigger is gone"


async def test_the_folder_is_found_again_wherever_it_was_moved(write_connector: Any, open_place: Any) -> None:
    source = "tell(type='critical', message=json.loads(os.environ['COZY_FIELDS'])['folder_to_save'], no_retry=True)"
    place = await open_place(write_connector("saver", script(source), folders=[{"defaultDir": "x"}]))
    files = place.house.need(Files)
    first = (await run(place, {"konnector": "saver"})).error
    assert (await files.get(place.instance, first)).path == "/Administrative/Saver/me"
    assert (await run(place, {"konnector": "saver", "folder_to_save": "lost"})).error == first
    await files.trash(place.instance, first)
    assert (await run(place, {"konnector": "saver", "folder_to_save": first})).error != first


async def test_degraded_runs_work_too(write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which
    monkeypatch.setattr("alcove.base.confined.shutil.which", lambda name: None if name == "bwrap" else real(name))
    source = "for item in json.load(open(os.environ['ALCOVE_INPUTS'])):\n    open(item['path']).read()\n"
    source += "    tell(type='result', input=item['id'], outcome='new')"
    place = await open_place(write_connector("plain", script(source)), confinement="degraded")
    said = await place.gather({"a": b"plain"})
    assert said["files"][0]["outcome"] == "new", said


async def test_accounts_of_files_are_one_per_connector(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("some", script("")))
    await place.gather({"a": b"some"})
    await place.gather({"a": b"some"})
    assert [account["account_type"] for account in await place.documents(ACCOUNTS)] == ["some"]


async def test_a_connector_out_of_service_is_left_out(write_connector: Any, open_place: Any) -> None:
    place = await open_place(write_connector("broken", script("tell(type='critical', message='RAN')")))
    maintenance, jobs, flags = (place.house.need(kind) for kind in (Maintenance, Jobs, Flags))

    async def ran(*, manual: bool) -> bool:
        await Shelf(place.house.need(Documents)).ensure_account(place.instance.key, "account", {"name": "me"})
        message = {"account": "account", "konnector": "broken"}
        job = await jobs.push(place.instance.key, "konnector", message, manual=manual)
        return bool(job.id) and bool((await jobs.wait(place.instance.key, job.id)).error == "RAN")

    await maintenance.begin("broken", {})
    assert [await ran(manual=False), await ran(manual=True)] == [False, True]
    await maintenance.begin("broken", {"flag_disallow_manual_exec": True})
    assert not await ran(manual=True)
    await flags.change_own(place.instance, {"harvest.skip-maintenance-for": ["broken"]})
    assert await ran(manual=True)
    await flags.change_own(place.instance, {"harvest.skip-maintenance-for": None})
    await maintenance.end("broken")
    assert await ran(manual=False)


async def test_the_operator_s_secret_is_told_to_its_connector_alone(write_connector: Any, open_place: Any) -> None:
    source = script("tell(type='critical', message=os.environ['COZY_PARAMETERS'], no_retry=True)")
    place = await open_place(write_connector("keyed", source, parameters={"a": 1}))
    providers = place.house.need(Providers)
    await providers.put("other", {"grant_mode": "secret", "secret": {"key": "k"}})
    assert orjson.loads((await run(place, {"konnector": "keyed"})).error) == {"a": 1}
    await providers.put("keyed", {"grant_mode": "secret", "secret": {"key": "k"}})
    assert orjson.loads((await run(place, {"konnector": "keyed"})).error) == {"a": 1, "secret": {"key": "k"}}


async def test_who_is_needed_is_not_asked_again_by_a_clock(write_connector: Any, open_place: Any) -> None:
    source = script("tell(type='critical', message=open(os.path.dirname(__file__) + '/how').read())")
    konnector = write_connector("wary", source)
    place = await open_place(konnector)
    await Shelf(place.house.need(Documents)).ensure_account(place.instance.key, "account", {"name": "me"})
    said = {"type": "@weekly", "worker": "konnector", "message": {"account": "account", "konnector": "wary"}}
    triggers, jobs, key = place.house.need(Triggers), place.house.need(Jobs), place.instance.key
    trigger = await triggers.create(key, said, by="")

    async def fire(error: str, *, manual: bool = False) -> bool:
        """Whether a run began."""
        (konnector.folder / "how").write_text(error)
        job = await triggers.fire(key, trigger, manual=manual)
        return bool(job.id) and (await jobs.wait(key, job.id)).error == error

    assert await fire("USER_ACTION_NEEDED.CGU_FORM")
    assert await fire("LOGIN_FAILED.NEEDS_SECRET")
    assert not await fire("LOGIN_FAILED")
    assert len(await jobs.of_trigger(key, trigger.id)) == 2
    assert await fire("USER_ACTION_NEEDED.SCA_REQUIRED", manual=True)
    assert not await fire("VENDOR_DOWN")
    assert await fire("VENDOR_DOWN", manual=True)
    assert await fire("VENDOR_DOWN")
