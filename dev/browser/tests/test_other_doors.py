"""The ways in beside the passphrase, in a browser: a provider that really is another server, and mailed links."""

from __future__ import annotations

import itertools
import re
import socket
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from alcove.base.clock import SystemClock
from alcove.identity.testing import SUB, PretendProvider, provider_of
from browser.beside import beside
from browser.post import Post, post
from browser.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser.tests.conftest import Visiting

MAIL = "camille@example.org"
SETTINGS = """
trusted_networks = "127.0.0.1"

[authentication.work.oidc]
name = "Maison & Cie"
issuer = "{issuer}"
client_id = "alcove client"
client_secret = "s3cret+/="
redirect_uri = "http://login.localhost:{port}/oidc/redirect"
allow_custom_instance = true

[authentication.strict]
disable_password_authentication = true

[authentication.strict.oidc]
issuer = "{issuer}"
client_id = "alcove client"
client_secret = "s3cret+/="
redirect_uri = "http://login.localhost:{port}/oidc/redirect"
allow_custom_instance = true
"""


_numbers = itertools.count(1)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Post, PretendProvider]]:
    """A server with a settings file as an operator writes it, beside a provider and a mail server."""
    with beside(provider_of(SystemClock())) as (provider, _), post() as box:
        server = Server(tmp_path_factory.mktemp("doors"), **box.settings())
        server.port = _free_port()
        (server.home / "alcove.toml").write_text(SETTINGS.format(issuer=provider.url, port=server.port))
        server.start()
        yield server, box, provider
        server.stop()


def test_a_person_logs_in_with_the_provider_of_their_house(
    house: tuple[Server, Post, PretendProvider], visiting: Visiting
) -> None:
    server, _, provider = house
    person = server.person(f"maison{next(_numbers)}", ContextName="work", OIDCID=SUB)
    visit = visiting(person)
    visit.allow("asked of another origin: http://(127.0.0.1|login.localhost)", "status of 40")
    page = visit.page
    page.goto(f"http://{person.domain}/auth/login?redirect=account/")
    link = page.get_by_role("link", name="Se connecter avec Maison & Cie")
    expect(page.locator("#login-form button[type=submit]")).to_be_enabled()
    visit.check("login-provider")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()

    visit.context.clear_cookies()
    provider.userinfo["sub"] = "somebody else"
    page.goto(f"http://{person.domain}/oidc/start")
    expect(page.get_by_role("alert")).to_contain_text("n’a pas dit que ce lieu est à vous")
    visit.check("login-provider-refused")
    provider.userinfo["sub"] = SUB
    page.get_by_role("link", name="Retour à la connexion").click()
    expect(link).to_be_visible()


def test_a_house_may_let_in_through_its_provider_alone(
    house: tuple[Server, Post, PretendProvider], visiting: Visiting
) -> None:
    server, _, _ = house
    person = server.person(f"stricte{next(_numbers)}", ContextName="strict", OIDCID=SUB)
    visit = visiting(person)
    visit.allow("asked of another origin: http://(127.0.0.1|login.localhost)")
    page = visit.page
    page.goto(person.address("account"))
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Déconnecter ")).click()
    expect(page.get_by_role("heading", name="Vous êtes déconnecté")).to_be_visible()
    visit.check("login-left")
    page.get_by_role("link", name="Se reconnecter avec").click()
    expect(page).to_have_url(person.address("place"))


def test_a_mailed_link_opens_the_place(house: tuple[Server, Post, PretendProvider], visiting: Visiting) -> None:
    server, box, _ = house
    person = server.person(f"courrier{next(_numbers)}", MagicLink="true", Email=MAIL)
    visit, other = visiting(person), visiting(person)
    for one in (visit, other):
        one.allow("status of 40")
    page = visit.page
    page.goto(f"http://{person.domain}/auth/login?redirect=account/")
    expect(page.locator("#login-form button[type=submit]")).to_be_enabled()
    visit.check("login-magic")
    page.get_by_role("button", name="M’envoyer un lien par mail").click()
    expect(page.get_by_role("status")).to_contain_text("Un mail est en route")
    visit.check("magic-sent")
    found = re.search(r"http://\S+/auth/magic_link\S+", box.next())
    assert found
    other.page.goto(found[0])
    expect(other.page.get_by_text("Ouvrir votre lieu dans ce navigateur ?")).to_be_visible()
    other.check("magic-elsewhere")
    page.goto(found[0])
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
    other.page.get_by_role("button", name="Ouvrir").click()
    expect(other.page.get_by_role("alert")).to_contain_text("Ce lien a déjà servi")
    other.check("magic-over")


def test_a_mailed_link_and_the_passphrase_are_two_proofs(
    house: tuple[Server, Post, PretendProvider], visiting: Visiting
) -> None:
    server, box, _ = house
    person = server.person(f"deux{next(_numbers)}", MagicLink="true", Email=MAIL, AuthMode="two_factor_mail")
    visit = visiting(person)
    visit.allow("status of 401")
    page = visit.page
    page.goto(f"http://{person.domain}/auth/login?redirect=account/")
    page.get_by_role("button", name="M’envoyer un lien par mail").click()
    found = re.search(r"http://\S+/auth/magic_link\S+", box.next())
    assert found
    page.goto(found[0])
    expect(page.get_by_text("donnez aussi votre phrase de passe")).to_be_visible()
    visit.check("magic-both")
    visit.log_in("autre chose")
    expect(page.get_by_text("Le mot de passe est incorrect")).to_be_visible()
    visit.log_in(person.passphrase)
    expect(page.get_by_role("heading", name="Votre compte")).to_be_visible()
