"""One contract, whatever a connector is written in: the same variables, lines, statuses and ways out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alcove.connectors.service.languages import NoNode, find_node
from alcove.connectors.store import Shelf
from alcove.connectors.tests.test_reach import known  # noqa: F401 - a fixture
from alcove.documents import Documents
from alcove.egress import EGRESS
from alcove.egress.tests.test_outgoing import said, speaking
from alcove.jobs import Jobs

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.jobs import Job

# Each tells its account's name, read from its server; what shop.test and evil.test answer; and where it may write.
PYTHON = """
import json, os, httpx, urllib.request as web
ask = web.Request(os.environ["COZY_URL"] + "data/io.cozy.accounts/account")
ask.add_header("Authorization", "Bearer " + os.environ["COZY_CREDENTIALS"])
name = json.load(web.urlopen(ask))["name"]
def reach(host):
    try: return str(web.urlopen(f"http://{host}:PORT/").status)
    except OSError: return "held back"
shop = str(httpx.get("http://shop.test:PORT/").status_code)
told = [name, shop, reach("evil.test"), json.loads(os.environ["COZY_FIELDS"])["extra"]]
print(json.dumps({"type": "critical", "message": " ".join(told), "no_retry": True}), flush=True)
"""
NODE = """
const http = require("http"), fs = require("fs")
const get = (url, headers) => new Promise(done => http.get(url, {headers}, answer => {
  let text = ""; answer.on("data", part => text += part); answer.on("end", () => done([answer.statusCode, text]))
}).on("error", () => done(["held back"])))
const main = async () => {
  const own = await get(process.env.COZY_URL + "data/io.cozy.accounts/account",
    {authorization: "Bearer " + process.env.COZY_CREDENTIALS})
  fs.writeFileSync("cookies.json", "{}")
  let fetched = await fetch("http://shop.test:PORT/").then(answer => answer.status, error => String(error.cause))
  const evil = (await get("http://evil.test:PORT/"))[0]
  const told = [JSON.parse(own[1]).name, fetched, evil, JSON.parse(process.env.COZY_FIELDS).extra]
  console.log(JSON.stringify({type: "critical", message: told.join(" "), no_retry: true}))
}
main()
"""
SHELL = """#!/bin/sh
set -e
ask() { curl -s -o /dev/null -w '%{http_code}' "$1" || printf 'held back'; }
name=$(curl -s -H "Authorization: Bearer $COZY_CREDENTIALS" "${COZY_URL}data/io.cozy.accounts/account" |
  sed 's/.*"name":"\\([^"]*\\)".*/\\1/')
extra=$(printf %s "$COZY_FIELDS" | sed 's/.*"extra":"\\([^"]*\\)".*/\\1/')
evil=$(ask http://evil.test:PORT/ | sed 's/000//')
printf '{"type":"critical","message":"%s","no_retry":true}\\n' "$name $(ask http://shop.test:PORT/) $evil $extra"
"""
SOURCES = {"python": ("run.py", PYTHON), "node": ("index.js", NODE), "shell": ("run.sh", SHELL)}


def write(folder: Path, language: str, port: int, **members: Any) -> dict[str, str]:
    """Writes a connector as somebody else would; gives the parameters that install it."""
    name, source = SOURCES[language]
    folder.mkdir()
    (folder / name).write_text(source.replace("PORT", str(port)).lstrip("\n"))
    manifest: dict[str, Any] = {"name": "Shop", "slug": "shop", "type": "konnector", "language": language}
    manifest |= {"version": "1.0.0", "entrypoint": name, "permissions": {"a": {"type": "io.cozy.accounts"}}, **members}
    (folder / "manifest.konnector").write_bytes(orjson.dumps(manifest))
    return {"Source": f"file://{folder}"}


async def run(place: Any, **message: Any) -> Job:
    shelf = Shelf(place.house.need(Documents))
    await shelf.ensure_account(place.instance.key, "account", {"account_type": "shop", "name": "me"})
    jobs = place.house.need(Jobs)
    job = await jobs.push(place.instance.key, "konnector", {"account": "account", "konnector": "shop", **message})
    ended: Job = await jobs.wait(place.instance.key, job.id)
    return ended


def needs(language: str) -> None:
    if language == "shell" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    if language == "node":
        try:
            find_node()
        except NoNode as error:
            pytest.skip(str(error))


@pytest.mark.slow("a whole server, and a program of another language")
@pytest.mark.parametrize("language", SOURCES)
async def test_a_connector_in_any_language_keeps_one_contract(language: str, open_place: Any, tmp_path: Path) -> None:
    needs(language)
    async with speaking(said(b"{}", b"Connection: close")) as port:
        place = await open_place(trusted_networks="127.0.0.1")
        at = write(tmp_path / "shop", language, port, egress=[f"shop.test:{port}"])
        answer = await place.client.post("/konnectors/shop", params=at)
        assert answer.status_code == 202, answer.text
        ended = await run(place, extra="more")
        assert (ended.state, ended.error) == ("errored", "me 200 held back more")
        told = [(line["who"], line["host"], line["verdict"]) for line in await place.documents(EGRESS)]
        assert sorted(told) == [("shop", "evil.test", "refused"), ("shop", "shop.test", "done")]


@pytest.mark.slow("a whole server, and Node")
async def test_what_node_writes_to_is_limited_and_not_what_it_reserves(open_place: Any, tmp_path: Path) -> None:
    needs("node")
    place = await open_place()
    folder = tmp_path / "shop"
    at = write(folder, "node", 1)
    (folder / "index.js").write_text("const kept = []\nwhile (true) kept.push(Buffer.alloc(1 << 26, 1))\n")
    assert (await place.client.post("/konnectors/shop", params=at)).status_code == 202
    assert "1024 MiB of memory" in (await run(place)).error


async def test_what_cannot_be_started_is_said(open_place: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = await open_place()
    at = write(tmp_path / "shop", "shell", 1, entrypoint="../other")
    assert (await place.client.post("/konnectors/shop", params=at)).status_code == 202
    assert (await run(place)).error == "shop has no file '../other' to begin with"
    monkeypatch.setattr("alcove.connectors.service.languages.find_spec", lambda name: None)
    monkeypatch.setattr("alcove.connectors.service.languages.shutil.which", lambda name: None)
    at = write(tmp_path / "node", "node", 1)
    assert (await place.client.put("/konnectors/shop", params={**at, "PermissionsAcked": "true"})).status_code == 202
    assert "install alcove[node]" in (await run(place)).error
