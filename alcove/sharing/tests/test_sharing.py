"""A place that shares nothing says so."""

from __future__ import annotations

from alcove.apps.testing import log_in
from alcove.server.testing import front


async def test_nothing_is_shared_yet() -> None:
    async with front() as entry:
        await entry.instance()
        async with entry.client(scope="io.cozy.files") as client:
            for path in ("/sharings/doctype/io.cozy.files", "/sharings/drives"):
                answer = await client.get(path)
                assert (answer.status_code, answer.json()) == (200, {"data": [], "meta": {"count": 0}})
                assert answer.headers["content-type"] == "application/vnd.api+json"
            assert (await client.get("/sharings/doctype/io.cozy.bills")).status_code == 403
        async with entry.client(scope="io.cozy.files:GET:one") as poor:
            assert (await poor.get("/sharings/drives")).status_code == 403
            assert (await poor.get("/sharings/doctype/io.cozy.files")).status_code == 403


async def test_nobody_accepts_what_was_not_offered() -> None:
    async with front() as entry:
        await entry.instance("alice.example", Passphrase="correct horse battery")
        async with entry.client("alice.example") as browser:
            path = "/auth/authorize/sharing"
            assert (await browser.get(path)).status_code == 400
            told = await browser.get(path, params={"sharing_id": "s", "state": "x"}, headers={"Accept": "text/html"})
            assert (told.status_code, "No sharing" in told.text) == (400, True)
            assert (await browser.post(path, data={"sharing_id": "s"})).status_code == 400
            assert (await browser.get(f"{path}/s/cancel")).status_code == 401
            await log_in(browser, "alice.example", "correct horse battery")
            assert (await browser.get(f"{path}/s/cancel")).status_code == 404
