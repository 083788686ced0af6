"""A small OpenID Connect provider on this machine, for tests: it really is asked over HTTP, and really signs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import functools
import hashlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from alcove.base.clock import Clock

SUB = "person-1"
CLIENT, SECRET = "alcove client", "s3cret+/="


@functools.cache
def new_key(kid: str, which: str = "") -> RSAKey:
    """A key to sign with; the same for the same words, for it takes long to make."""
    del which
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


class PretendProvider:
    """Knows one person. What it says can be changed by a test: `claims`, `userinfo`, `document`, `statuses`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.key = new_key("one")
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {"sub": SUB}
        self.document: dict[str, Any] = {}
        self.statuses: dict[str, int] = {}
        self.asked = list[str]()
        self.port = 0
        self._codes: dict[str, dict[str, str]] = {}

    @property
    def url(self) -> str:
        """Its issuer."""
        return f"http://127.0.0.1:{self.port}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """What the settings of Alcove say of it."""
        return {
            "issuer": self.url,
            "client_id": CLIENT,
            "client_secret": SECRET,
            "redirect_uri": "http://callback.example/oidc/redirect",
            "allow_custom_instance": True,
            **more,
        }

    def log_in(self, address: str) -> str:
        """What a person does there: gives the address that the browser is led back to."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def sign(self, *, key: RSAKey | None = None, alg: str = "RS256", **claims: Any) -> str:
        """A token; a claim that is None is left out."""
        now, key = int(self.clock.now().timestamp()), key or self.key
        said = {"iss": self.url, "aud": CLIENT, "sub": SUB, "iat": now, "exp": now + 300, **self.claims, **claims}
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode({"alg": alg, "kid": key.kid}, said, key, algorithms=[alg])

    def answer(self, target: str, headers: Mapping[str, str], body: str) -> tuple[int, Any]:
        """What it says over HTTP: JSON, or where it leads a browser to. Its person is logged in there already."""
        path = urlsplit(target).path
        self.asked.append(path)
        if path in self.statuses:
            return self.statuses[path], {"error": "out of order"}
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "/authorize?ui=simple", "token_endpoint": "/token"}
            places |= {"userinfo_endpoint": "/userinfo", "jwks_uri": "/keys"}
            return 200, {"issuer": self.url, **{k: self.url + v for k, v in places.items()}, **self.document}
        if path == "/authorize":
            return 303, self.log_in(target)
        if path == "/keys":
            return 200, {"keys": [{"kty": "new"}, *(key.as_dict(private=False) for key in self.published)]}
        if path == "/userinfo":
            return (200, self.userinfo) if headers.get("authorization") == "Bearer access" else (401, {})
        assert path == "/token"
        return self._token(headers, {name: values[0] for name, values in parse_qs(body).items()})

    def _token(self, headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[int, Any]:
        asked = self._codes.pop(form["code"], None)
        secret = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
        assert secret == "alcove%20client:s3cret%2B%2F%3D"
        digest = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode()
        if asked is None or asked["code_challenge"] != digest.rstrip("=") or asked["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        assert form["redirect_uri"] == asked["redirect_uri"]
        return 200, {"access_token": "access", "token_type": "Bearer", "id_token": self.sign(nonce=asked["nonce"])}


@contextlib.asynccontextmanager
async def provider_of(clock: Clock) -> AsyncIterator[PretendProvider]:
    """A provider that listens."""
    provider, serving = PretendProvider(clock), set[asyncio.Task[None]]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        status, said = provider.answer(head.split()[1], headers, body.decode())
        content = json.dumps(said)
        more = f"Location: {said}\r\n" if status == 303 else ""
        writer.write(
            f"HTTP/1.1 {status} X\r\nConnection: close\r\n{more}Content-Length: {len(content)}\r\n\r\n".encode()
        )
        writer.write(content.encode())
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            writer.close()
            await writer.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.create_task(serve(reader, writer)))

    server = await asyncio.start_server(begin, "127.0.0.1", 0)
    async with server:
        provider.port = server.sockets[0].getsockname()[1]
        yield provider
    for failed in await asyncio.gather(*serving, return_exceptions=True):
        if isinstance(failed, AssertionError):
            raise failed
