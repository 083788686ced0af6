"""Logging in with another provider: a real flow with one on this machine, and everything that must not pass."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from joserfc.jwk import ECKey, OKPKey

from alcove.base.clock import SetClock
from alcove.base.config import WrongSetting
from alcove.identity import Clients, client_form, salt_of
from alcove.identity.delegation.providers import Provider, Providers
from alcove.identity.testing import CLIENT, SUB, PretendProvider, new_key, provider_of
from alcove.instances import Instances
from alcove.server.testing import ROUNDS, Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

WORDS = "long enough words"
HTML = {"Accept": "text/html"}
EVENT = "http://schemas.openid.net/event/backchannel-logout"


@contextlib.asynccontextmanager
async def delegating(*, only: bool = False, **more: Any) -> AsyncIterator[tuple[Front, PretendProvider]]:
    """A house whose context `work` logs in with a provider, with an instance of that context."""
    async with provider_of(SetClock()) as provider:
        said = {"work": {"oidc": provider.settings(**more), "disable_password_authentication": only}}
        async with front(authentication=said, trusted_networks="127.0.0.1") as entry:
            provider.clock = entry.clock
            await entry.instance(ContextName="work", OIDCID=SUB, DomainAliases="alias.example")
            yield entry, provider


async def begin(entry: Front, provider: PretendProvider, browser: httpx.AsyncClient, wanted: str = "") -> str:
    """Where a browser ends that has logged in at the provider: an address of `/oidc/login`."""
    there = await browser.get("/oidc/start", params={"redirect": wanted})
    assert there.status_code == 303, there.text
    address = provider.log_in(there.headers["location"])
    async with entry.client("callback.example") as generic:
        back = await generic.get(address)
    assert back.status_code == 303, back.text
    return str(back.headers["location"])


async def logged_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/auth/login")).status_code == 303


async def test_a_person_logs_in_with_a_provider() -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        there = await browser.get("/oidc/start", params={"redirect": "http://alice.example/"})
        asked = parse_qs(urlsplit(there.headers["location"]).query)
        assert there.headers["location"].startswith(f"{provider.url}/authorize?ui=simple&")
        assert asked["scope"] == ["openid"]
        assert asked["redirect_uri"] == ["http://callback.example/oidc/redirect"]
        assert asked["code_challenge_method"] == ["S256"]
        assert asked["login_hint"] == [SUB]
        end = await begin(entry, provider, browser, "drive/#/folder")
        assert end.startswith("http://alice.example/oidc/login?code=code-0&state=")
        done = await browser.get(end)
        assert (done.status_code, done.headers["location"]) == (303, "http://drive.alice.example/#/folder")
        assert await logged_in(browser)


async def test_addresses_and_keys_are_asked_for_once() -> None:
    async with delegating() as (entry, provider):
        for _ in range(2):
            async with entry.client() as browser:
                assert (await browser.get(await begin(entry, provider, browser))).status_code == 303
        assert provider.asked.count("/.well-known/openid-configuration") == 1
        assert provider.asked.count("/keys") == 1
        entry.clock.pass_time(hours=25)
        async with entry.client() as browser:
            assert (await browser.get(await begin(entry, provider, browser))).status_code == 303
        assert provider.asked.count("/keys") == 2


async def test_a_new_key_is_asked_for_once_a_minute() -> None:
    async with delegating() as (entry, provider):
        async with entry.client() as browser:
            assert (await browser.get(await begin(entry, provider, browser))).status_code == 303
        provider.key = new_key("two")
        for _ in range(3):
            async with entry.client() as browser:
                assert (await browser.get(await begin(entry, provider, browser))).status_code == 400
        assert provider.asked.count("/keys") == 1
        provider.published.append(provider.key)
        entry.clock.pass_time(seconds=61)
        async with entry.client() as browser:
            assert (await browser.get(await begin(entry, provider, browser))).status_code == 303


async def test_the_instance_can_be_named_by_a_claim() -> None:
    said: dict[str, Any] = {
        "userinfo_instance_field": "number",
        "userinfo_instance_suffix": ".example",
        "allow_custom_instance": False,
    }
    async with delegating(**said) as (entry, provider), entry.client() as browser:
        provider.userinfo["number"] = "A-li.ce"
        assert (await browser.get(await begin(entry, provider, browser))).status_code == 303
        provider.userinfo["number"] = "bob"
        async with entry.client() as other:
            assert (await other.get(await begin(entry, provider, other))).status_code == 400
            assert not await logged_in(other)


async def test_without_keys_the_provider_is_asked_who_it_is() -> None:
    async with provider_of(SetClock()) as provider:
        places = {f"{name}_url": f"{provider.url}/{name}" for name in ("authorize", "token", "userinfo")}
        said = {"default": {"oidc": {**provider.settings(), **places, "issuer": ""}}}
        async with front(authentication=said, trusted_networks="127.0.0.1") as entry, entry.client() as browser:
            await entry.instance(OIDCID=SUB)
            assert (await browser.get(await begin(entry, provider, browser))).status_code == 303
            assert provider.asked == ["/token", "/userinfo"]


async def test_it_ends_in_the_browser_that_began_it_and_once() -> None:
    async with delegating() as (entry, provider), entry.client() as browser, entry.client() as other:
        end = await begin(entry, provider, browser)
        stolen = await other.get(end, headers=HTML)
        assert stolen.status_code == 404
        assert "Begin again" in stolen.text
        assert (await browser.get(end)).status_code == 303
        await browser.get("/oidc/start")
        again = await browser.get(end, headers={"Accept": "application/json"})
        assert (again.status_code, again.json()) == (404, {"error": "Sorry, the session has expired."})
        assert not await logged_in(other)


async def test_an_alias_leads_back_to_itself() -> None:
    said: dict[str, Any] = {"userinfo_instance_field": "domain", "allow_custom_instance": False}
    async with delegating(**said) as (entry, provider), entry.client("alias.example") as browser:
        provider.userinfo["domain"] = "alice.example"
        end = await begin(entry, provider, browser)
        assert end.startswith("http://alias.example/oidc/login?")
        assert (await browser.get(end)).headers["location"] == "http://alias.example/"
        assert await logged_in(browser)


async def test_two_tabs_may_log_in_at_once() -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        first, second = await begin(entry, provider, browser), await begin(entry, provider, browser)
        assert (await browser.get(second)).status_code == 303
        assert (await browser.get(first)).status_code == 303


async def test_a_login_that_took_too_long_is_begun_anew() -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        end = await begin(entry, provider, browser)
        entry.clock.pass_time(minutes=16)
        assert (await browser.get(end)).status_code == 404


@pytest.mark.parametrize("state", ["", "x", "%00", "é", "a" * 9000])
async def test_a_state_that_is_not_ours_is_refused(state: str) -> None:
    async with delegating() as (entry, _), entry.client() as browser, entry.client("callback.example") as generic:
        assert (await generic.get("/oidc/redirect", params={"code": "x", "state": state})).status_code == 404
        assert (await browser.get("/oidc/login", params={"code": "x", "state": state})).status_code == 404


async def test_a_login_of_one_place_does_not_end_in_another() -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        await entry.instance("bob.example", ContextName="work")
        end = (await begin(entry, provider, browser)).replace("alice.example", "bob.example")
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with entry.client("bob.example", Cookie=cookies) as bob:
            assert (await bob.get(end)).status_code == 404


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody else"},
        {"aud": ["somebody", CLIENT], "azp": "somebody"},
        {"iss": "http://elsewhere.example"},
        {"sub": "person-2"},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"iat": None},
        {"iat": 1e12},
        {"events": {EVENT: {}}},
    ],
)
async def test_a_token_that_says_something_else_is_not_believed(claims: dict[str, Any]) -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        sign = provider.sign

        def signing(**more: Any) -> str:
            return sign(**{**more, **claims})

        provider.sign = signing  # type: ignore[method-assign]  # the test's own provider tells something else
        refused = await browser.get(await begin(entry, provider, browser), headers=HTML)
        assert refused.status_code == 400
        assert "did not say that this place is yours" in refused.text
        assert not await logged_in(browser)


def signed_with_a_secret(secret: bytes, token: str) -> str:
    """The same claims, signed as if the provider's public key were a secret that both know."""

    def encoded(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).decode().rstrip("=")

    said = ".".join((encoded(b'{"alg":"HS256","kid":"one"}'), token.split(".")[1]))
    return f"{said}.{encoded(hmac.digest(secret, said.encode(), 'sha256'))}"


async def test_a_token_that_is_signed_by_nobody_is_not_believed() -> None:
    async with delegating() as (entry, provider):
        public, sign = provider.key.as_pem(private=False), provider.sign
        another = new_key("one", "another")
        forgeries: list[Callable[..., str]] = [
            lambda **said: sign(key=another, **said),
            lambda **said: signed_with_a_secret(public, sign(**said)),
            lambda **_: "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwZXJzb24tMSJ9.",
            lambda **_: "x.y.z",
            lambda **_: "",
        ]
        for forge in forgeries:
            provider.sign = forge  # type: ignore[method-assign]  # the test's own provider forges
            async with entry.client() as browser:
                assert (await browser.get(await begin(entry, provider, browser))).status_code == 400


@pytest.mark.parametrize("path", ["/token", "/userinfo", "/keys"])
async def test_a_provider_that_fails_is_said(path: str) -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        end = await begin(entry, provider, browser)
        provider.statuses[path] = 500
        failed = await browser.get(end, headers={"Accept": "application/json"})
        assert (failed.status_code, failed.json()) == (502, {"error": "Error from the identity provider."})


async def test_a_provider_that_fails_is_given_a_moment() -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        provider.statuses["/.well-known/openid-configuration"] = 503
        answers = await asyncio.gather(*(browser.get("/oidc/start") for _ in range(5)))
        assert [answer.status_code for answer in answers] == [502] * 5
        assert len(provider.asked) == 1
        provider.statuses.clear()
        entry.clock.pass_time(seconds=11)
        assert (await browser.get("/oidc/start")).status_code == 303


@pytest.mark.parametrize("document", [{"issuer": "http://other.example"}, {"token_endpoint": 3}, {"jwks_uri": None}])
async def test_a_provider_that_says_nonsense_of_itself_is_not_used(document: dict[str, Any]) -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        provider.document = {**document, **({"userinfo_endpoint": ""} if "jwks_uri" in document else {})}
        assert (await browser.get("/oidc/start")).status_code == 502


async def test_who_says_no_at_the_provider_is_told_so() -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        state = parse_qs(urlsplit((await browser.get("/oidc/start")).headers["location"]).query)["state"][0]
        async with entry.client("callback.example") as generic:
            back = await generic.get("/oidc/redirect", params={"error": "access_denied", "state": state})
        refused = await browser.get(back.headers["location"], headers=HTML)
        assert refused.status_code == 400
        assert '<a href="/auth/login">' in refused.text
        assert provider.asked == ["/.well-known/openid-configuration"]


async def test_nobody_is_led_elsewhere() -> None:
    async with delegating() as (entry, _), entry.client() as browser:
        assert (await browser.get("/oidc/start", params={"redirect": "https://evil.example/"})).status_code == 400


async def test_a_place_without_a_provider_says_so() -> None:
    async with delegating() as (entry, _), entry.client("bob.example") as browser:
        await entry.instance("bob.example")
        refused = await browser.get("/oidc/start", headers={"Accept": "application/json"})
        assert refused.status_code == 404
        assert refused.json() == {"error": "Sorry, the server is not configured for OpenID Connect."}
        assert "/oidc/start" not in (await browser.get("/auth/login")).text


async def test_the_login_page_names_the_provider() -> None:
    async with delegating(name="Example & Co") as (entry, _), entry.client() as browser:
        page = (await browser.get("/auth/login", params={"redirect": "drive/#/a b"})).text
        assert "Log in with Example &amp; Co" in page
        assert 'href="/oidc/start?redirect=drive/%23/a%20b"' in page


async def test_a_context_may_let_in_through_its_provider_alone() -> None:
    async with delegating(only=True) as (entry, _), entry.client() as browser:
        led = await browser.get("/auth/login", params={"redirect": "drive/"})
        assert (led.status_code, led.headers["location"]) == (303, "/oidc/start?redirect=drive%2F")
        async with entry.client(scope="io.cozy.settings") as client:
            told = (await client.get("/settings/capabilities")).json()["data"]["attributes"]
        assert told["can_auth_with_oidc"]
        assert not told["can_auth_with_password"]


async def test_who_logs_out_is_not_let_in_again_at_once() -> None:
    async with delegating(only=True, name="House", logout_url="https://id.example/bye") as (entry, provider):
        async with entry.client() as browser:
            await browser.get(await begin(entry, provider, browser))
            assert (await browser.post("/auth/logout")).headers["location"] == "/auth/login"
            page = await browser.get("/auth/login", params={"redirect": "drive/"})
            assert page.status_code == 200
            assert 'href="/oidc/start?redirect=drive/"' in page.text
            assert 'href="https://id.example/bye"' in page.text
        async with entry.client() as another:
            assert (await another.get("/auth/login")).status_code == 303


async def ended(entry: Front, provider: PretendProvider, path: str = "/oidc/logout", **claims: Any) -> httpx.Response:
    said = {"events": {EVENT: {}}, "jti": "1", "exp": None, "sid": "session-1", **claims}
    async with entry.client("callback.example") as generic:
        return await generic.post(path, data={"logout_token": provider.sign(**said)})


@pytest.mark.parametrize("path", ["/oidc/logout", "/oidc/work/logout"])
@pytest.mark.parametrize("sub", [SUB, None])
async def test_who_logs_out_at_the_provider_is_logged_out(path: str, sub: str | None) -> None:
    async with delegating() as (entry, provider), entry.client() as browser, entry.client() as other:
        provider.claims["sid"] = "session-1"
        await browser.get(await begin(entry, provider, browser))
        provider.claims["sid"] = "session-2"
        await other.get(await begin(entry, provider, other))
        answer = await ended(entry, provider, path, sub=sub)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert not await logged_in(browser)
        assert await logged_in(other)
        assert (await ended(entry, provider, sid=None)).status_code == 200
        assert not await logged_in(other)


@pytest.mark.parametrize(
    "claims",
    [
        {"events": None},
        {"events": {"other": {}}},
        {"jti": None},
        {"nonce": "x"},
        {"sid": None, "sub": None},
        {"aud": "other"},
        {"iss": "http://elsewhere.example"},
    ],
)
async def test_a_logout_that_the_provider_did_not_say_ends_nothing(claims: dict[str, Any]) -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        provider.claims["sid"] = "session-1"
        await browser.get(await begin(entry, provider, browser))
        provider.claims.clear()
        refused = await ended(entry, provider, **claims)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid logout token")
        assert await logged_in(browser)


async def test_a_logout_needs_a_token_and_a_known_context() -> None:
    async with delegating() as (entry, provider):
        assert (await ended(entry, provider, "/oidc/nobody/logout")).status_code == 400
        async with entry.client("callback.example") as generic:
            missing = await generic.post("/oidc/logout", data={})
        assert (missing.status_code, missing.json()) == (400, {"error": "missing logout_token"})


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([], "authentication.work"),
        ({"oidc": {}}, "has no client_id"),
        ({"odic": {}}, "authentication.work.odic"),
        ({"disable_password_authentication": True}, "nobody could log in"),
        ({"oidc": {"client_id": 3}}, "client_id must be a text"),
        ({"oidc": {"allow_oauth_token": "yes"}}, "true or false"),
        ({"oidc": {"colour": "red"}}, "'colour'"),
    ],
)
def test_a_wrong_setting_names_itself(said: Any, words: str) -> None:
    with pytest.raises(WrongSetting, match=words):
        Providers({"work": said})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"issuer": "elsewhere"}, "issuer is"),
        ({"issuer": ""}, "needs issuer"),
        ({"allow_custom_instance": False}, "userinfo_instance_field"),
        ({"redirect_uri": "javascript:x"}, "redirect_uri"),
    ],
)
def test_a_provider_that_cannot_be_used_names_itself(more: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongSetting, match=words):
        Providers({"work": {"oidc": PretendProvider(SetClock()).settings(**{"issuer": "https://id.example", **more})}})


def test_a_claim_is_made_a_domain() -> None:
    provider = Provider(
        "work", "id", "secret", "uri", userinfo_instance_prefix="n", userinfo_instance_suffix=".cozy.tld"
    )
    assert provider.domain("A-1.b") == "na1b.cozy.tld"
    assert Provider("work", "id", "secret", "uri").domain("Me.Cozy.TLD") == "me.cozy.tld"


async def registered(entry: Front, **more: Any) -> dict[str, str]:
    """A client's id and secret."""
    said = {"redirect_uris": ["app://back"], "client_name": "Pocket", "software_id": "pocket", **more}
    async with entry.client(Accept="application/json") as client:
        told = (await client.post("/auth/register", json=said)).json()
    return {"client_id": told["client_id"], "client_secret": told["client_secret"], "scope": "io.cozy.files"}


async def exchanged(entry: Front, **said: Any) -> httpx.Response:
    async with entry.client(Accept="application/json") as client:
        return await client.post("/oidc/access_token", json=said)


@pytest.mark.parametrize("token", ["id_token", "oidc_token"])
async def test_a_client_brings_a_token_of_the_provider(token: str) -> None:
    async with delegating(allow_oauth_token=True) as (entry, provider):
        made = await registered(entry)
        brought = {token: "access" if token == "oidc_token" else provider.sign(azp="the telephone")}
        answer = await exchanged(entry, **made, **brought)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert set(told) == {"token_type", "scope", "access_token", "refresh_token"}
        assert (told["token_type"], told["scope"]) == ("bearer", "io.cozy.files")
        assert answer.headers["cache-control"] == "no-store"
        async with entry.client(Authorization=f"Bearer {told['access_token']}") as client:
            assert (await client.get("/files/io.cozy.files.root-dir")).status_code == 200
            assert (await client.get("/data/io.cozy.contacts/_all_docs")).status_code == 403


async def test_a_client_ends_with_the_session_of_the_provider() -> None:
    async with delegating(allow_oauth_token=True) as (entry, provider):
        made = await registered(entry)
        told = (await exchanged(entry, **made, id_token=provider.sign(sid="session-1"))).json()
        async with entry.client(Authorization=f"Bearer {told['access_token']}") as client:
            assert (await ended(entry, provider, sid="session-2")).status_code == 200
            assert (await client.get("/files/io.cozy.files.root-dir")).status_code == 200
            assert (await ended(entry, provider)).status_code == 200
            assert (await client.get("/files/io.cozy.files.root-dir")).status_code == 400


UNBELIEVED = "the authentication has failed"
NOT_BROUGHT: list[tuple[dict[str, Any], dict[str, Any] | None, str]] = [
    ({"code": "x"}, None, "invalid code"),
    ({}, None, UNBELIEVED),
    ({"oidc_token": "another"}, None, UNBELIEVED),
    ({"oidc_token": "with space"}, None, UNBELIEVED),
    ({"id_token": 3}, None, "invalid_request"),
    ({}, {"sub": "person-2"}, UNBELIEVED),
    ({}, {"aud": "the telephone"}, UNBELIEVED),
    ({}, {"events": {EVENT: {}}}, UNBELIEVED),
    ({}, {"exp": None}, UNBELIEVED),
    ({"client_id": "nobody"}, {}, "the client must be registered"),
    ({"client_secret": "wrong"}, {}, "invalid client_secret"),
    ({"scope": ""}, {}, "invalid scope"),
    ({"scope": "Ä"}, {}, "invalid scope"),
    ({"scope": "*:GET"}, {}, "invalid scope"),
    ({"scope": "@io.cozy.apps/nothing"}, {}, "invalid scope"),
]
"""What is said, the claims of an ID token beside it if there is one, and the refusal."""


async def test_what_a_client_may_not_bring_or_ask_for() -> None:
    async with delegating(allow_oauth_token=True) as (entry, provider):
        for said, claims, error in NOT_BROUGHT:
            entry.clock.pass_time(hours=2)  # wrong tokens are slowed down
            made = await registered(entry)
            brought = {} if claims is None else {"id_token": provider.sign(**claims)}
            answer = await exchanged(entry, **{**made, **brought, **said})
            assert (answer.status_code, answer.json()["error"]) == (400, error), (said, claims)


async def test_everything_is_for_certified_clients_alone() -> None:
    async with delegating(allow_oauth_token=True) as (entry, provider):
        made = {**await registered(entry), "scope": "*"}
        answer = await exchanged(entry, **made, id_token=provider.sign())
        assert answer.status_code == 202
        assert set(answer.json()) == {"session_code"}
        instance = entry.house.need(Instances).by_domain("alice.example")
        await entry.house.need(Clients).certify(instance, made["client_id"])
        answer = await exchanged(entry, **made, id_token=provider.sign())
        assert (answer.status_code, answer.json()["scope"]) == (200, "*")


async def test_who_brings_wrong_tokens_is_slowed_down() -> None:
    async with delegating(allow_oauth_token=True) as (entry, provider):
        made = await registered(entry)
        statuses = [(await exchanged(entry, **made, oidc_token="wrong")).status_code for _ in range(7)]
        assert statuses == [400] * 5 + [429] * 2
        assert provider.asked.count("/userinfo") == 5


async def test_a_client_brings_tokens_only_where_that_is_allowed() -> None:
    async with delegating() as (entry, provider):
        answer = await exchanged(entry, **await registered(entry), id_token=provider.sign())
        assert (answer.status_code, answer.json()) == (400, {"error": "this endpoint is not enabled"})
    async with delegating(allow_oauth_token=True) as (entry, provider):
        made = await registered(entry)
        provider.statuses["/keys"] = 500
        answer = await exchanged(entry, **made, id_token=provider.sign())
        assert (answer.status_code, answer.json()) == (400, {"error": "error from the identity provider"})


async def with_an_app(entry: Front) -> pyotp.TOTP:
    """Turns the second factor of an authenticator app on."""
    async with entry.client(scope="io.cozy.settings") as client:
        form = client_form(WORDS, salt_of("alice.example"), int(ROUNDS))
        offered = await client.post("/settings/second_factor/app", json={"passphrase": form})
        app = pyotp.TOTP(offered.json()["data"]["attributes"]["secret"])
        code = app.at(entry.clock.now())
        assert (await client.put("/settings/second_factor/app", json={"code": code})).status_code == 200
    entry.clock.pass_time(seconds=30)
    return app


async def test_a_second_factor_is_asked_for_all_the_same() -> None:
    async with delegating(allow_oauth_token=True) as (entry, provider), entry.client() as browser:
        async with entry.client(Accept="application/json", scope="io.cozy.settings") as client:
            said = {"new_passphrase": client_form(WORDS, salt_of("alice.example"), int(ROUNDS)), "force": True}
            answer = await client.put("/settings/passphrase", json={**said, "iterations": int(ROUNDS)})
            assert answer.status_code == 204, answer.text
        app = await with_an_app(entry)
        provider.claims["sid"] = "session-1"
        led = await browser.get(await begin(entry, provider, browser, "drive/"))
        step = {name: value for name, (value,) in parse_qs(urlsplit(led.headers["location"]).query).items()}
        assert urlsplit(led.headers["location"]).path == "/auth/twofactor"
        assert not await logged_in(browser)
        form = {"two-factor-token": step["two_factor_token"], "two-factor-passcode": app.at(entry.clock.now())}
        done = await browser.post("/auth/twofactor", data={**form, "redirect": step["redirect"]})
        assert (done.status_code, done.headers["location"]) == (303, "http://drive.alice.example/")
        assert await logged_in(browser)
        entry.clock.pass_time(seconds=30)
        made = await registered(entry)
        asked = await exchanged(entry, **made, id_token=provider.sign())
        assert (asked.status_code, asked.json()["error"]) == (401, "two factor needed")
        token = asked.json()["two_factor_token"]
        wrong = {"two_factor_token": token, "two_factor_passcode": "000000"}
        assert (await exchanged(entry, **made, **wrong, id_token=provider.sign())).status_code == 403
        right = {"two_factor_token": token, "two_factor_passcode": app.at(entry.clock.now())}
        assert (await exchanged(entry, **made, **right, id_token=provider.sign())).status_code == 200
        # What stands on the provider's session ends with it, also with a second factor between.
        assert (await ended(entry, provider)).status_code == 200
        assert not await logged_in(browser)


async def test_who_it_is_can_be_confirmed_by_the_provider() -> None:
    async with delegating(only=True) as (entry, provider), entry.client() as browser:
        query = {"state": "abc", "redirect": "http://alice.example/"}
        await browser.get(await begin(entry, provider, browser))
        led = await browser.get("/auth/confirm", params=query)
        assert led.headers["location"] == "/oidc/start?redirect=http%3A%2F%2Falice.example%2F&confirm_state=abc"
        there = await browser.get(led.headers["location"])
        assert parse_qs(urlsplit(there.headers["location"]).query)["prompt"] == ["login"]
        async with entry.client("callback.example") as generic:
            back = await generic.get(provider.log_in(there.headers["location"]))
        done = await browser.get(back.headers["location"])
        code = parse_qs(urlsplit(done.headers["location"]).query)["code"][0]
        assert (await browser.get(f"/auth/confirm/{code}")).status_code == 204
        assert "cozysessid" not in done.headers.get("set-cookie", "")
        assert (await browser.get("/oidc/start", params={"confirm_state": "x" * 201})).status_code == 400


def key_of(alg: str) -> Any:
    if alg.startswith("PS"):
        return new_key("one")
    if alg.startswith("ES"):
        return ECKey.generate_key("P-256" if alg == "ES256" else "P-521", {"kid": "curve", "use": "sig"})
    return OKPKey.generate_key("Ed25519", {"kid": "curve", "use": "sig"})


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # the name is; providers use it still
@pytest.mark.parametrize("alg", ["PS256", "ES256", "ES512", "Ed25519", "EdDSA"])
async def test_other_kinds_of_keys_are_believed(alg: str) -> None:
    async with delegating() as (entry, provider), entry.client() as browser:
        provider.key = key_of(alg)
        provider.published, sign = [provider.key], provider.sign

        def signing(**said: Any) -> str:
            return sign(alg=alg, **said)

        provider.sign = signing  # type: ignore[method-assign]  # with another algorithm
        assert (await browser.get(await begin(entry, provider, browser))).status_code == 303
