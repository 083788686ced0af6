"""A place that shares nothing says so."""

from __future__ import annotations

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
