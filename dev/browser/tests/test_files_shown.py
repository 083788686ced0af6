"""Files looked at in a browser: pictures that come by themselves, previews, and that nothing of a file ever runs."""

from __future__ import annotations

import base64
import io
import struct
import wave
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from alcove.files.testing import HEIC
from browser.filing import cell, put, row

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from browser.server import Person
    from browser.tests.conftest import Visiting

MARKDOWN = """# Recette

*Cuire* [doucement](https://example.org/four) et [vite](javascript:document.title='taken').

<script>document.title = 'taken'</script>
<img src="/x" onerror="document.title='taken'">
<svg onload="document.title='taken'"><a href="javascript:document.title='taken'">clic</a></svg>

![une photo](https://example.org/photo.png)
"""
ACTIVE = {
    "page.html": b"<!doctype html><title>page</title><script>document.title = 'taken'</script><p>du html</p>",
    "dessin.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><title>dessin</title>'
    b'<script>document.querySelector("title").textContent = "taken"</script><rect width="40" height="30"/></svg>',
}
FILM = """async () => {
  const canvas = document.createElement('canvas')
  Object.assign(canvas, {width: 64, height: 48})
  const brush = canvas.getContext('2d')
  const recorder = new MediaRecorder(canvas.captureStream(), {mimeType: 'video/webm;codecs=vp8'})
  const parts = []
  recorder.ondataavailable = part => parts.push(part.data)
  const over = new Promise(done => { recorder.onstop = done })
  recorder.start()
  for (let at = 0; at < 30; at += 1) {
    brush.fillStyle = `hsl(${at * 12} 90% 50%)`
    brush.fillRect(0, 0, 64, 48)
    await new Promise(requestAnimationFrame)
  }
  recorder.stop()
  await over
  const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
  return btoa(String.fromCharCode(...bytes))
}"""
"""A short film, made by the browser itself: nothing else on this machine can."""


def drawn(kind: str, colour: str = "red") -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (80, 60), colour).save(written, kind)
    return written.getvalue()


def sound(seconds: int) -> bytes:
    """A saw tooth."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", n % 64 * 200) for n in range(8000 * seconds)))
    return written.getvalue()


def picture(page: Page, name: str) -> Locator:
    """The thumbnail of a file in the list, once it is there."""
    return row(page, name).locator("[data-there] img")


def opened(page: Page, name: str) -> Locator:
    """Opens a file; what is shown of it."""
    cell(page, name).dblclick()
    return page.get_by_role("dialog", name=name)


@pytest.mark.parametrize(("name", "content"), [("rouge.png", drawn("PNG")), ("vert.heic", HEIC)])
def test_the_picture_of_what_is_sent_comes_by_itself(
    person: Person, visiting: Visiting, name: str, content: bytes
) -> None:
    page = visiting(person).open("files")
    page.get_by_role("button", name="Ajouter").click()
    with page.expect_file_chooser() as asked:
        page.get_by_role("menuitem", name="Envoyer des fichiers").click()
    sent: Any = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    asked.value.set_files([sent])
    expect(picture(page, name)).to_be_visible()


def test_pictures_of_what_other_programs_bring(person: Person, visiting: Visiting) -> None:
    page = visiting(person).open("files")
    expect(row(page, "Photos")).to_be_visible()
    for kind, colour in (("WEBP", "blue"), ("GIF", "green"), ("PDF", "white")):
        put(person, f"un.{kind.lower()}", drawn(kind, colour))
    put(person, "cassé.png", b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    for kind in ("webp", "gif", "pdf"):
        expect(picture(page, f"un.{kind}")).to_be_visible()
    expect(row(page, "cassé.png").locator("svg").first).to_be_visible()
    page.keyboard.press("v")
    expect(page.get_by_role("gridcell", name="un.webp").locator("[data-there] img")).to_be_visible()


def test_markdown_is_cleaned(person: Person, visiting: Visiting) -> None:
    put(person, "recette.md", MARKDOWN.encode())
    page = visiting(person).open("files")
    shown = opened(page, "recette.md").get_by_role("article")
    expect(shown.get_by_role("heading", name="Recette")).to_be_visible()
    expect(shown.get_by_role("link", name="doucement")).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(shown.get_by_text("vite")).to_be_visible()
    assert shown.get_by_role("link").count() == 1
    assert shown.locator("script, img, svg, [onerror], [onload]").count() == 0
    assert page.title() != "taken"


def test_a_text_and_a_pdf(person: Person, visiting: Visiting) -> None:
    put(person, "avis.txt", "Fermé dès l’été.\n".encode("cp1252"))
    put(person, "lettre.pdf", drawn("PDF"))
    visit = visiting(person)
    page = visit.open("files")
    expect(opened(page, "avis.txt").get_by_text("Fermé dès l’été.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    shown = page.get_by_role("dialog", name="lettre.pdf").get_by_role("group", name="Page 1 sur 1")
    expect(shown.locator("canvas")).to_be_visible()
    visit.check("files-pdf")


def test_a_sound_is_wound_to_where_its_bytes_are_asked_for(person: Person, visiting: Visiting) -> None:
    put(person, "chant.wav", sound(600))
    page = visiting(person).open("files")
    parts: list[int] = []
    page.on("response", lambda answer: parts.append(answer.status) if "/files/downloads/" in answer.url else None)
    player = opened(page, "chant.wav").locator("audio")
    expect(player).to_be_visible()
    wound = player.evaluate("""async sound => {
        if (!sound.readyState) await new Promise(done => { sound.onloadedmetadata = done })
        sound.currentTime = 590
        await new Promise(done => { sound.onseeked = done })
        return [sound.duration, sound.currentTime]
    }""")
    assert wound == [600, 590]
    assert len(parts) > 1
    assert set(parts) == {206}


def test_a_film(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("files")
    put(person, "film.webm", base64.b64decode(page.evaluate(FILM)))
    player = opened(page, "film.webm").locator("video")
    expect(player).to_be_visible()
    size = player.evaluate("""async film => {
        if (!film.readyState) await new Promise(done => { film.onloadedmetadata = done })
        return [film.videoWidth, film.videoHeight]
    }""")
    assert size == [64, 48]


@pytest.mark.parametrize("name", ACTIVE)
def test_what_could_run_never_does(person: Person, visiting: Visiting, name: str) -> None:
    put(person, name, ACTIVE[name])
    visit = visiting(person)
    page = visit.open("files")
    with page.expect_response(lambda answer: "/files/download" in answer.url and answer.ok) as given:
        shown = opened(page, name)
    seen = shown.get_by_text("<script>") if name.endswith("html") else shown.get_by_role("img", name=name)
    expect(seen).to_be_visible()
    assert page.title() != "taken"
    # Nor where the person opens its address by itself.
    link = person.place.ask("POST", "/files/downloads", params={"Path": f"/{name}"})["links"]["related"]
    assert "/files/" in given.value.url
    visit.allow(
        "Blocked script execution", "Refused to execute inline script", "violates the following Content Security"
    )
    alone = visit.context.new_page()
    alone.goto(f"http://{person.domain}{link}")
    assert alone.evaluate("() => document.querySelector('title').textContent") == name.partition(".")[0]
