"""Services of apps: Node programs that start by their triggers, read and write their place, and reach nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import write_app
from alcove.connectors.service.languages import NoNode, find_node
from alcove.documents import Followers
from alcove.egress import EGRESS
from alcove.jobs import Jobs

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.connectors.tests.conftest import Place
    from alcove.jobs import Job


def _there() -> bool:
    try:
        return find_node().exists()
    except NoNode:
        return False


pytestmark = pytest.mark.skipif(not _there(), reason="Node is not installed")

SAY = """
const http = require('node:http')
const home = process.env.COZY_URL
const own = { Authorization: `Bearer ${process.env.COZY_CREDENTIALS}` }
async function keep(said) {
  const headers = { ...own, 'Content-Type': 'application/json' }
  const answer = await fetch(`${home}data/io.cozy.contacts/`, { method: 'POST', headers, body: JSON.stringify(said) })
  if (!answer.ok) throw new Error(`status ${answer.status}`)
}
"""
TOLD = """
const names = Object.keys(process.env).filter(one => one.startsWith('COZY') || one.startsWith('ALCOVE')).sort()
const { COZY_COUCH_DOC: doc, COZY_FIELDS: fields, COZY_LOCALE: locale, COZY_TIME_LIMIT: limit } = process.env
keep({ names, doc: doc && JSON.parse(doc).fullname, fields: fields && JSON.parse(fields), locale, limit })
"""
OLD_WAY = """
const request = http.request(`${home}settings/instance`, { headers: own }, answer => {
  answer.resume()
  answer.on('end', () => keep({ status: answer.statusCode }))
})
request.end()
"""
OUTSIDE = """
const https = require('node:https')
const failed = []
const note = error => failed.push(error.cause?.code ?? error.code)
const tried = [fetch('https://errors.example/').catch(note), fetch('http://127.0.0.1:8000/').catch(note)]
tried.push(new Promise(done => https.get('https://errors.example/').on('error', error => done(note(error)))))
const fs = require('node:fs')
const seen = ['/etc/passwd', '/root', process.env.HOME ?? '/home'].filter(path => fs.existsSync(path))
Promise.all(tried).then(() => keep({ failed, seen }))
"""
SERVICES = {
    "told": TOLD,
    "old": OLD_WAY,
    "outside": OUTSIDE,
    "forbidden": "fetch(`${home}data/io.cozy.bills/_all_docs`, { headers: own }).then(a => keep({ status: a.status }))",
    "failing": "console.log(JSON.stringify({ type: 'critical', message: 'NO_BILLS' }))\nprocess.exit(3)",
    "broken": "this is no program",
}


async def place_of(open_place: Any, tmp_path: Path, **members: Any) -> Place:
    """A server with an app that has these services."""
    place: Place = await open_place()
    told = {name: {"type": "node", "file": f"services/{name}.js"} for name in SERVICES}
    seen = {"trigger": "@event io.cozy.contacts:CREATED:Ada:fullname"}
    told = {**told, "seen": {"type": "node", "file": "services/told.js", **seen}}
    rights = {"c": {"type": "io.cozy.contacts"}, "s": {"type": "io.cozy.settings"}}
    folder = write_app(tmp_path, "worker", services=told, permissions=rights, **members)
    (folder / "services").mkdir()
    for name, source in SERVICES.items():
        (folder / "services" / f"{name}.js").write_text(SAY + source)
    answer = await place.client.post("/apps/worker", params={"Source": f"file://{folder}"})
    assert answer.status_code == 202, answer.text
    return place


async def run(place: Place, **message: Any) -> Job:
    """Runs a service once."""
    jobs = place.house.need(Jobs)
    job = await jobs.push(place.instance.key, "service", {"slug": "worker", **message}, max_attempts=1)
    ended: Job = await jobs.wait(place.instance.key, job.id)
    return ended


async def kept(place: Place) -> dict[str, Any]:
    """What the service wrote."""
    found = [one for one in await place.documents("io.cozy.contacts") if not one.get("me") and "fullname" not in one]
    return found[-1]


@pytest.mark.slow("starts Node")
async def test_a_service_is_told_what_the_contract_says(open_place: Any, tmp_path: Path) -> None:
    place = await place_of(open_place, tmp_path)
    ended = await run(place, name="told", fields={"a": [1]})
    assert (ended.state, ended.error) == ("done", "")
    told = await kept(place)
    names = "COUCH_DOC CREDENTIALS FIELDS JOB_ID LANGUAGE LOCALE PAYLOAD TIME_LIMIT URL"
    assert told["names"] == [f"COZY_{name}" for name in names.split()]
    assert (told["fields"], told["doc"], told["limit"]) == ({"a": [1]}, "", "305")


@pytest.mark.slow("starts Node")
async def test_an_event_starts_it_with_its_document(open_place: Any, tmp_path: Path) -> None:
    place = await place_of(open_place, tmp_path)
    await place.client.post("/data/io.cozy.contacts/", json={"fullname": "Ada"})
    trigger = next(one for one in await place.documents("io.cozy.triggers") if one["worker"] == "service")
    await place.house.need(Followers).settle(place.instance.key, "jobs.events")
    jobs = place.house.need(Jobs)
    found = await jobs.of_trigger(place.instance.key, trigger["_id"])
    assert (await jobs.wait(place.instance.key, found[0].id)).state == "done"
    told = await kept(place)
    assert (told["doc"], "COZY_TRIGGER_ID" in told["names"]) == ("Ada", True)


@pytest.mark.slow("starts Node")
async def test_it_reaches_its_place_and_nothing_else(open_place: Any, tmp_path: Path) -> None:
    place = await place_of(open_place, tmp_path)
    for name, wrote in (
        ("old", {"status": 200}),
        ("outside", {"failed": ["ECONNRESET"] * 3, "seen": []}),
        ("forbidden", {"status": 403}),
    ):
        ended = await run(place, file=f"services/{name}.js")
        assert (ended.state, ended.error) == ("done", "")
        told = await kept(place)
        assert {key: told[key] for key in wrote} == wrote
    lines = [(line["who"], line["host"], line["verdict"]) for line in await place.documents(EGRESS)]
    refused = [("worker", host, "refused") for host in ("127.0.0.1", "errors.example", "errors.example")]
    assert sorted(lines) == refused


@pytest.mark.slow("starts Node")
async def test_what_fails_is_told(open_place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = await place_of(open_place, tmp_path)
    assert (await run(place, name="failing")).error == "NO_BILLS"
    assert (await run(place, name="broken")).error == "it ended with status 1"
    assert (await run(place, name="none")).error == "The app worker has no service none"
    assert (await run(place, slug="gone", name="told")).error == "The app gone of this service is gone"
    assert "longer than" in (await run(place, name="told", fields="x" * 200_000)).error

    def no_node(_named: str) -> Path:
        raise NoNode(NoNode.HOW_TO)

    monkeypatch.setattr("alcove.connectors.service.services.find_node", no_node)
    assert "install alcove[node]" in (await run(place, name="told")).error
