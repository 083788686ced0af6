"""Sources as a person uses them: files handed over, a question answered while the reading waits, runs looked at."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from alcove_client import Place
from playwright.sync_api import expect

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Route

    from browser.server import Person, Server
    from browser.tests.conftest import Visiting

confined = pytest.mark.skipif(shutil.which("bwrap") is None, reason="connectors cannot be confined here")
pytestmark = confined

CLEAR = b"Date;Libelle;Montant\n01/02/2024;EDF FEVRIER;-80,20\n02/02/2024;VIR SALAIRE;1950,00\n"
UNCLEAR = (
    "Jour;Quoi;X;Y\n01/02/2024;Boulangerie;12,50;1,00\n02/02/2024;Librairie;13,50;7,00\n03/02/2024;Marché;9,10;2,00\n"
).encode()
LATER = UNCLEAR.replace(b"/02/2024", b"/03/2024")
BROKEN = b'%PDF-1.4\n<script>alert("no")</script>'


def upload(name: str, content: bytes) -> Any:
    """A file as the browser's dialog gives it."""
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_a_file_is_handed_over_asked_about_and_read(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("sources")
    expect(page.get_by_role("heading", name="Sources", exact=True)).to_be_visible()
    expect(page.get_by_text("Pas encore utilisée").first).to_be_visible()
    visit.check("sources-empty")
    page.get_by_role("button", name=re.compile("Relevés bancaires")).click()
    expect(page.get_by_role("heading", name="Relevés bancaires")).to_be_visible()
    expect(page.get_by_text("Aucun passage encore")).to_be_visible()
    expect(page.get_by_text("Rien : elle n’a pas encore tourné.")).to_be_visible()
    visit.check("source-empty")

    files = [
        upload("clair.csv", CLEAR),
        upload("doute.csv", UNCLEAR),
        upload("abîmé <b>.ofx", b"OFXHEADER:100\n<OFX><BANKTRANLIST><STMTTRN>"),
    ]
    page.set_input_files("input[type=file]:not([webkitdirectory])", files)
    card = page.locator("form", has_text="Quelle colonne est le montant de l’opération ?")
    expect(card).to_contain_text("la lecture attend votre réponse")
    expect(card).to_contain_text("doute.csv")
    expect(page.get_by_text("Vous pouvez fermer cette page")).to_be_visible()
    visit.check("source-asked")
    card.get_by_role("radio", name="X").check()
    card.get_by_role("button", name="Répondre").click()
    expect(page.get_by_text("Merci : la lecture continue.")).to_be_visible()
    expect(card).to_have_count(0)
    expect(page.get_by_text("5 opérations").first).to_be_visible()
    expect(page.get_by_text(re.compile("Rien : son passage n’avait pas de réseau"))).to_be_visible()
    expect(page.get_by_text("Vos réponses sur 1 sorte de fichier")).to_be_visible()
    page.get_by_role("region", name="Avis").get_by_role("button", name="Fermer").first.click()
    visit.check("source")

    # The same layout again: the answer is remembered.
    page.set_input_files("input[type=file]:not([webkitdirectory])", [upload("mars.csv", LATER)])
    expect(page.get_by_text("3 opérations et 1 compte")).to_be_visible()
    page.get_by_role("button", name="Oublier").click()
    page.get_by_role("dialog").get_by_role("button", name="Oublier").click()
    expect(page.get_by_text("C’est fait.")).to_be_visible()
    expect(page.get_by_text("Rien sur vous : seulement qu’elle a servi.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Sources", exact=True)).to_be_visible()
    visit.check("sources")


def test_reading_is_stopped_and_what_was_read_stays(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("sources")
    page.get_by_role("button", name=re.compile("Relevés bancaires")).click()
    page.set_input_files(
        "input[type=file]:not([webkitdirectory])", [upload("clair.csv", CLEAR), upload("doute.csv", UNCLEAR)]
    )
    card = page.locator("form", has_text="Quelle colonne est le montant de l’opération ?")
    expect(card).to_contain_text("la lecture attend votre réponse")
    stop = page.get_by_role("button", name="Arrêter")
    stop.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("arrêté par vous")).to_be_visible()
    expect(stop).to_have_count(0)
    # The question outlives the reading: its answer reads the file.
    expect(card).not_to_contain_text("la lecture attend votre réponse")
    page.get_by_role("link", name="Accueil").click()
    expect(page.get_by_text("Arrêté : 1 fichier lu sur 2")).to_be_visible()
    visit.check("home-stopped")
    assert person.settle()["operations"] == 2


def test_by_keyboard_alone_and_left_for_later(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("sources")
    row = page.get_by_role("button", name=re.compile("Factures"))
    row.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Factures")).to_be_visible()
    page.set_input_files(
        "input[type=file]:not([webkitdirectory])", [upload("a.pdf", BROKEN), upload("doute.csv", UNCLEAR)]
    )
    expect(page.get_by_text("en échec").first).to_be_visible()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Déposer de nouveau")).to_be_visible()
    page.keyboard.press("Escape")
    card = page.locator("form", has_text="Quelle colonne est le montant de l’opération ?")
    expect(card).to_be_visible()
    card.get_by_role("radio", name="X").focus()
    page.keyboard.press("ArrowRight")
    expect(card.get_by_role("radio", name="Y")).to_be_checked()
    card.get_by_role("button", name="Laisser").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    visit.check("sources-leave")
    dialog.get_by_role("button", name="Laisser").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Laissée sans réponse.")).to_be_visible()
    expect(card).to_have_count(0)


def test_what_cannot_be_shown_says_why(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    page = visit.open("sources", "?source=none")
    expect(page.get_by_text("Cette source n’existe pas")).to_be_visible()
    visit.check("source-unknown")
    visit.allow("Failed to load resource")
    page.route("**/data/io.cozy.konnectors/**", lambda route: route.fulfill(status=500, body="{}"))
    visit.open("sources")
    expect(page.get_by_text("Quelque chose s’est mal passé ici")).to_be_visible()
    visit.check("sources-error")


NEIGHBOUR = {
    "_id": "io.cozy.konnectors/voisin",
    "slug": "voisin",
    "name": "Voisin",
    "fields": {"login": {"type": "text", "min": 3}, "password": {"type": "password"}},
    "egress": ["voisin.example:443"],
}


def neighbour(route: Route) -> None:
    """Answers that there is one connector, which no server has."""
    origin = {"Access-Control-Allow-Origin": route.request.headers["origin"]}
    route.fulfill(json={"docs": [NEIGHBOUR]}, headers={**origin, "Access-Control-Allow-Credentials": "true"})


def test_a_source_and_home_tell_at_what_time_it_runs_next(server: Server, person: Person, visiting: Visiting) -> None:
    person.give({"io.cozy.accounts": [{"_id": "mine", "account_type": "voisin", "name": "Chez le voisin"}]})
    token = server.operator.token(person.domain, scope="io.cozy.triggers")
    said = {"type": "@cron", "arguments": "0 12 5 * * *", "worker": "konnector"}
    message = {"account": "mine", "konnector": "voisin"}
    with closing(Place(f"http://127.0.0.1:{server.port}", person.domain, token)) as place:
        place.ask("POST", "/jobs/triggers", json={"data": {"attributes": {**said, "message": message}}})
    visit = visiting(person)  # whose browser is in Paris, where 5 h 12 is one or two hours later
    visit.page.route("**/data/io.cozy.konnectors/_find", neighbour)
    page = visit.open("sources")
    when = re.compile(r"(aujourd’hui|demain) vers [67] h 12")
    expect(page.get_by_role("button", name=when)).to_be_visible()
    visit.check("sources-next")
    page.get_by_role("button", name=when).click()
    expect(page.get_by_text(when)).to_be_visible()
    page = visit.open("place")
    page.locator("input[type=file]").first.set_input_files([upload("clair.csv", CLEAR)])
    expect(page.get_by_role("listitem").filter(has_text="Chez le voisin")).to_have_text(when)
    visit.check("home-next")


def test_an_account_is_connected_and_removed(person: Person, visiting: Visiting) -> None:
    visit = visiting(person)
    # No server has this connector: its run ends at once and takes its trigger along, maybe before the page removes it.
    visit.allow(r"404 \(Not Found\) .*/jobs/triggers/")
    visit.page.route("**/data/io.cozy.konnectors/_find", neighbour)
    page = visit.open("sources", "?source=voisin")
    expect(page.get_by_text("Pas encore connectée")).to_be_visible()
    expect(page.get_by_text("voisin.example:443, et personne d’autre")).to_be_visible()
    page.get_by_role("button", name="Connecter").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Identifiant").fill("ab")
    form.get_by_role("button", name="Connecter et lancer").click()
    expect(form.get_by_text("C’est trop court.")).to_be_visible()
    expect(form.get_by_text("Il faut remplir ceci.")).to_be_visible()
    visit.check("source-connect")
    form.get_by_label("Identifiant").fill("camille")
    form.get_by_label("Mot de passe").fill("clairière")
    form.get_by_role("button", name="Connecter et lancer").click()
    expect(page.get_by_text("Voisin est connectée et tourne.")).to_be_visible()
    (account,) = [one for one in person.place.documents("io.cozy.accounts") if one["account_type"] == "voisin"]
    assert set(account["auth"]) == {"login", "credentials_encrypted"}
    assert account["auth"]["login"] == "camille"
    page.get_by_role("button", name="Modifier").click()
    expect(form.get_by_label("Identifiant")).to_have_value("camille")
    expect(form.get_by_label("Mot de passe")).to_have_value("")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Retirer").click()
    expect(form).to_contain_text("Tout ce qu’elle a apporté reste")
    form.get_by_role("button", name="Retirer").click()
    expect(page.get_by_text("Pas encore connectée")).to_be_visible()
    assert not [one for one in person.place.documents("io.cozy.accounts") if one["account_type"] == "voisin"]


SHOP = """
import socket
for host in ("boutique.invalid", "images.boutique.invalid"):
    try:
        socket.create_connection((host, 443), 5)
    except OSError:
        pass
"""


def test_the_hosts_of_a_source_are_shown_and_confirmed(
    server: Server, person: Person, visiting: Visiting, tmp_path: Path
) -> None:
    scope = "io.cozy.konnectors io.cozy.jobs org.alcove.reach org.alcove.questions"
    manifest: dict[str, Any] = {
        "slug": "boutique",
        "name": "Boutique",
        "type": "konnector",
        "version": "1.0.0",
        "language": "python",
    }
    manifest |= {"entrypoint": "run.py", "fields": {"login": {"type": "text"}}}
    (tmp_path / "manifest.konnector").write_text(json.dumps(manifest))
    (tmp_path / "run.py").write_text(SHOP)
    token = server.operator.token(person.domain, scope=scope)
    with closing(Place(f"http://127.0.0.1:{server.port}", person.domain, token)) as place:
        place.ask("POST", "/konnectors/boutique", params={"Source": f"file://{tmp_path}"})
        person.give({"io.cozy.accounts": [{"_id": "mine", "account_type": "boutique", "name": "camille"}]})
        said = {"arguments": {"account": "mine", "konnector": "boutique"}, "manual": True}
        place.ask("POST", "/jobs/queue/konnector", json={"data": {"attributes": said}})
        while not place.ask("GET", "/connectors/questions")["data"]:
            pass  # the run goes on: there is nothing to be seen yet
        visit = visiting(person)
        page = visit.open("sources")
        card = page.locator("form", has_text="« Boutique » s’est connecté à ces serveurs")
        expect(card).to_contain_text("images.boutique.invalid")
        visit.check("source-hosts")
        card.get_by_role("radio", name="Oui, à ceux-là").check()
        card.get_by_role("button", name="Répondre").click()
        expect(card).to_have_count(0)
        (known,) = place.ask("GET", "/connectors/reach")["data"]
        assert {one["state"] for one in known["attributes"]["hosts"].values()} == {"allowed"}
    page = visit.open("sources", "?source=boutique")
    expect(page.get_by_text("Chaque connexion est notée dans le journal de ce qui est sorti.")).to_be_visible()
    expect(page.get_by_role("link", name="Voir chaque connexion")).to_be_visible()
    visit.check("source-reach")
    page.get_by_role("button", name="Refuser boutique.invalid", exact=True).click()
    expect(page.get_by_role("button", name="Permettre boutique.invalid", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Refuser images.boutique.invalid")).to_be_visible()
