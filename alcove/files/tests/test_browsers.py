"""What a browser is told of bytes that somebody sent: nothing of it acts in the person's name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from alcove.files.tests.conftest import Door

SCRIPT = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(document.domain)</script></svg>"
KINDS = {
    "a.svg": "image/svg+xml",
    "a.html": "text/html",
    "a.xhtml": "application/xhtml+xml",
    "a.xml": "text/xml",
    "a.js": "text/javascript",
    "a.mht": "message/rfc822",
    "a.png": "image/png",
    "a.mp4": "video/mp4",
    "a.unknown": "application/octet-stream",
}


async def ways(door: Door, file_id: str) -> list[str]:
    """Every address at which the bytes of a file, and of its old version, are given."""
    await door.ask(f"PUT /files/{file_id}", 200, content=SCRIPT + b" ")
    old = (await door.ask(f"GET /files/{file_id}", 200)).json()["data"]["relationships"]["old_versions"]["data"][0][
        "id"
    ]
    name = (await door.ask(f"GET /files/{file_id}", 200)).json()["data"]["attributes"]["name"]
    links = [
        (await door.ask(f"POST /files/downloads?{which}", 200)).json()["links"]["related"]
        for which in (f"Id={file_id}", f"VersionId={old}")
    ]
    return [f"/files/download/{file_id}", f"/files/download?Path=/{name}", f"/files/download/{old}", *links]


@pytest.mark.parametrize("name", KINDS)
async def test_no_script_runs_at_the_origin(door: Door, name: str) -> None:
    file_id = await door.make(f"?Type=file&Name={name}", SCRIPT, **{"Content-Type": KINDS[name]})
    for way in await ways(door, file_id):
        whole = await door.ask(f"GET {way}", 200)
        headers = {"If-None-Match": whole.headers["etag"]}
        answers = (
            whole,
            await door.ask(f"HEAD {way}", 200),
            await door.ask(f"GET {way}", 206, headers={"Range": "bytes=0-4"}),
            await door.ask(f"GET {way}", 416, headers={"Range": "bytes=1000-"}),
            await door.ask(f"GET {way}", 304, headers=headers),
        )
        for answer in answers:
            policy = [line.strip() for line in answer.headers["content-security-policy"].split(";")]
            assert "sandbox" in policy, (way, answer.status_code)  # no word after it: neither scripts nor the origin
            assert {"default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"} <= set(policy)
            assert not [line for line in policy if line.startswith("script-src")]
            assert answer.headers["content-disposition"].startswith("inline")
        attached = await door.ask(f"GET {way}{'&' if '?' in way else '?'}Dl=1", 200)
        assert attached.headers["content-disposition"] == f'attachment; filename="{name}"'


async def test_a_pdf_is_shown_by_the_apps_of_the_person(door: Door) -> None:
    file_id = await door.make("?Type=file&Name=a.pdf", b"%PDF-1.4")
    policy = (await door.ask(f"GET /files/download/{file_id}", 200)).headers["content-security-policy"].split(";")
    assert "sandbox" not in policy
    assert {"default-src 'none'", "frame-ancestors http://*.me.localhost:8080"} <= set(policy)


async def test_a_name_breaks_no_header(door: Door) -> None:
    file_id = await door.make("?Type=file&Name=a%22%3B%20filename%3D%22evil.exe%E2%80%AE.svg", SCRIPT)
    said = (await door.ask(f"GET /files/download/{file_id}", 200)).headers["content-disposition"]
    plain, _, true = said.partition("; filename*=UTF-8''")
    assert plain.count('"') == 2
    assert true == "a%22%3B%20filename%3D%22evil.exe%E2%80%AE.svg"


async def test_an_archive_is_never_opened_in_place(door: Door) -> None:
    file_id = await door.make("?Type=file&Name=a.html", SCRIPT)
    body = {"json": {"data": {"attributes": {"name": "x", "ids": [file_id]}}}}
    link = (await door.ask("POST /files/archive", 200, **body)).json()["links"]["related"]
    answer = await door.ask(f"GET {link}", 200)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith("attachment")
