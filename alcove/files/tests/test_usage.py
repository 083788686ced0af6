"""How much space is taken, as clients ask for it."""

from __future__ import annotations

from alcove.server.testing import front

DOMAIN = "alice.example"


async def test_space_is_told_to_who_may_know_or_must() -> None:
    async with front() as entry:
        await entry.instance(DOMAIN, DiskQuota="1000")
        async with entry.client(DOMAIN, "io.cozy.files io.cozy.settings") as client:
            before = (await client.get("/settings/disk-usage")).json()["data"]
            assert before["attributes"] == {"used": "0", "files": "0", "versions": "0", "quota": "1000"}
            assert (before["id"], before["links"]) == (
                "io.cozy.settings.disk-usage",
                {"self": "/settings/disk-usage"},
            )
            made = await client.post("/files/?Type=file&Name=a.txt", content=b"x" * 40)
            await client.post("/files/?Type=file&Name=b.txt", content=b"x" * 2)
            assert (await client.delete(f"/files/{made.json()['data']['id']}")).status_code == 200
            after = (await client.get("/settings/disk-usage?include=trash")).json()["data"]["attributes"]
            assert after == {"used": "42", "files": "42", "versions": "0", "quota": "1000", "trash": "40"}
            await client.post("/files/?Type=file&Name=c.jpg", content=b"x" * 5, headers={"Content-Type": "image/jpeg"})
            kinds = (await client.get("/settings/disk-usage?include=kinds,trash")).json()["data"]["attributes"]
            assert kinds == {"used": "47", "files": "47", "versions": "0", "quota": "1000", "trash": "40"} | {
                "kinds": {"image": "5", "text": "2", "trash": "40"}
            }
            await client.post(f"/files/trash/{made.json()['data']['id']}")
            again = (await client.get("/settings/disk-usage?include=kinds")).json()["data"]["attributes"]["kinds"]
            assert again == {"image": "5", "text": "42"}
        for scope, status in (("io.cozy.files:POST", 200), ("io.cozy.files:GET", 403), ("io.cozy.settings:GET", 200)):
            async with entry.client(DOMAIN, scope) as client:
                assert (await client.get("/settings/disk-usage")).status_code == status
        async with entry.client(DOMAIN) as stranger:
            assert (await stranger.get("/settings/disk-usage")).status_code == 401
