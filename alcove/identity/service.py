"""Who is asking: the guard of every route."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from alcove.base.errors import PlainRefusal, TokenExpired, TokenInvalid, TokenMissing
from alcove.base.http import Call, Guard, Tenant
from alcove.identity.app_passwords.model import APP_PASSWORDS
from alcove.identity.errors import DeviceUnknown, LinkLocked, LoginNeeded
from alcove.identity.limits import network_of
from alcove.identity.model import NEWCOMER, OWNER, Who, WrongScope, read_scope, read_set
from alcove.identity.passphrases.service import may_register
from alcove.identity.permissions.codes import cookie_name, may_be_code, unlocks
from alcove.identity.permissions.model import HOLDERS
from alcove.instances import PlaceMoved, moved_warning

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import HTTPConnection, Request

    from alcove.base.clock import Clock
    from alcove.documents import Change, Documents
    from alcove.identity.app_passwords.service import AppPasswords
    from alcove.identity.clients.service import Clients
    from alcove.identity.permissions.codes import Codes
    from alcove.identity.permissions.service import Permissions
    from alcove.identity.sessions.service import Session, Sessions
    from alcove.identity.tokens.service import Tokens
    from alcove.instances import Instance, InstanceSettings

log = logging.getLogger("alcove.identity")

MAKING = (
    "io.cozy.permissions",
    *(kind for kinds in HOLDERS.values() for kind in kinds),
    "io.cozy.oauth.clients",
    APP_PASSWORDS,
)
"""What callers are made from."""


class OperatorUnknown(PlainRefusal):
    """The operator's passphrase is missing or wrong."""

    status = 401

    def __init__(self) -> None:
        super().__init__("Unauthorized", headers={"WWW-Authenticate": 'Basic realm="alcove operator"'})


class Gate:
    """Lets calls in: reads tokens, cookies and the operator's passphrase."""

    def __init__(
        self,
        documents: Documents,
        tokens: Tokens,
        sessions: Sessions,
        permissions: Permissions,
        codes: Codes,
        clients: Clients,
        app_passwords: AppPasswords,
        settings: InstanceSettings,
        clock: Clock,
        operator: str,
        *,
        flat: bool,
        secure: bool,
    ) -> None:
        self._tokens = tokens
        self._sessions = sessions
        self._permissions = permissions
        self._codes = codes
        self._clients = clients
        self._settings = settings
        self._app_passwords = app_passwords
        self._clock = clock
        self._operator = operator.encode()
        self._flat = flat
        self._secure = secure
        self._known: dict[str, dict[str, tuple[Who, float]]] = {}
        self._heard = 0
        documents.watch(self._hear, frozenset((*MAKING, "instances")))

    async def admit(self, call: Call, guard: Guard) -> None:
        """Lets a call through its route's guard; raises the refusal that the contract names."""
        if guard is Guard.OPERATOR:
            self.check_operator(call.request)
            return
        if guard is Guard.DEVICE:
            call.admit(await self._device(call))
            return
        token = token_of(call.request) if guard is not Guard.SESSION else ""
        if token:
            call.admit(await self.read(call.instance, token, call.request))
        elif guard is Guard.TOKEN:
            if not may_register(cast("Instance", call.instance), call.query("registerToken")):
                raise TokenMissing
            call.admit(Who("register", "", "", [NEWCOMER]))
        else:
            session = await self.session(call)
            if session is None:
                raise TokenMissing if guard is Guard.EITHER else LoginNeeded
            call.admit(Who("session", session.id, "", [OWNER], session.id))

    async def read(self, tenant: Tenant, token: str, connection: HTTPConnection) -> Who:
        """The caller of a token; raises `TokenInvalid`, `TokenExpired`.

        A web app's token comes with the cookie of the session that it was made for (contract-a section 0, fact 4): it
        ends with that session, and is worth nothing in other hands.
        """
        who = await self._caller(tenant, token, connection)
        if who.session:
            session = await self._session(cast("Instance", tenant), connection)
            if session is None or session.id != who.session:
                raise TokenInvalid
        if who.lock and not self.unlocked(cast("Instance", tenant), who.document, who.lock, connection):
            raise LinkLocked
        return who

    @staticmethod
    def unlocked(instance: Instance, ident: str, lock: str, connection: HTTPConnection) -> bool:
        """Whether this browser has said the password of a link."""
        cookie = cookie_of(connection, cookie_name(ident))
        return unlocks(instance, ident, lock, cookie)

    async def _caller(self, tenant: Tenant, token: str, connection: HTTPConnection) -> Who:
        if may_be_code(token):
            token = await self._codes.long(tenant, token, _network(connection))
        known = self._recall(tenant, token)
        if known is not None:
            return known
        instance, heard = cast("Instance", tenant), self._heard
        claims, ends = self._tokens.read(instance, token)
        who = await self._who(instance, claims, token)
        self._keep(tenant, token, who, ends, heard)
        return who

    async def _device(self, call: Call) -> Who:
        """The caller of an app password, or of a token; raises `DeviceUnknown`, `TooManyDeviceTries`.

        Devices ask the person again after 401 alone, so whatever is wrong with a token is said that way too.
        """
        header, instance = call.request.headers.get("authorization", ""), cast("Instance", call.instance)
        known = self._recall(instance, header)
        if known is not None:
            return known
        login, said = _name_and_password(header) or ("", header.removeprefix("Bearer ").strip())
        if said.count(".") == 2 or not header.startswith("Basic "):
            try:
                return await self.read(instance, said, call.request)
            except PlainRefusal:
                raise DeviceUnknown from None
        heard = self._heard
        who = await self._app_passwords.enter(instance, login, said, _network(call.request))
        self._keep(instance, header, who, who.until, heard)
        return who

    def _recall(self, tenant: Tenant, said: str) -> Who | None:
        """The caller that was made of a token or a header before, while it holds."""
        known = self._known.get(tenant.key, {}).get(said)
        return known[0] if known is not None and known[1] > self._clock.now().timestamp() else None

    def _keep(self, tenant: Tenant, said: str, who: Who, ends: float, heard: int) -> None:
        """Keeps a caller, unless what it was made from may have changed while it was read."""
        if heard != self._heard:
            return
        cache = self._known.setdefault(tenant.key, {})
        if len(cache) > 1000:
            cache.clear()
        cache[said] = (who, min(ends, who.until))

    async def _who(self, instance: Instance, claims: Mapping[str, str], token: str) -> Who:
        audience, subject = claims["aud"], claims.get("sub", "")
        try:
            if audience == "cli":
                return Who(audience, subject, "", read_scope(claims.get("scope") or ""))
            if audience == "access":
                await self._check_here(instance)
                return await self._clients.who(instance, claims)
            if audience == "share":
                return await self._codes.who(instance, claims, token)
            permissions = await self._permissions.granted(instance, audience, subject)
            if permissions is None:
                raise TokenInvalid
            kind = "konnectors" if audience == "konn" else "apps"
            session = claims.get("session_id", "")
            return Who(audience, subject, f"io.cozy.{kind}/{subject}", read_set(permissions), session)
        except WrongScope as error:
            log.warning("a token with an unreadable scope", extra={"domain": instance.domain, "reason": str(error)})
            raise TokenInvalid from None

    async def _check_here(self, instance: Instance) -> None:
        """Raises `PlaceMoved` to clients of a place that is elsewhere: they keep what they have, and go there."""
        if instance.fields.get("moved"):
            warning = moved_warning(instance, (await self._settings.read(instance)).get("moved_to"))
            if warning is not None:
                raise PlaceMoved(warning)

    async def session(self, call: Call) -> Session | None:
        """The session of the browser that sent this call, if it is logged in."""
        return await self._session(cast("Instance", call.instance), call.request)

    async def _session(self, instance: Instance, connection: HTTPConnection) -> Session | None:
        cookie = cookie_of(connection, self.cookie_name(instance))
        return await self._sessions.find(instance, cookie) if cookie else None

    def cookie(self, instance: Instance, value: str, max_age: int | None = None) -> str:
        """The `Set-Cookie` header of a session; without `max_age` (seconds) it ends with the browser."""
        cookie: SimpleCookie = SimpleCookie()
        name = self.cookie_name(instance)
        cookie[name] = value
        morsel = cookie[name]
        morsel.update({"path": "/", "samesite": "Lax"})
        morsel["httponly"] = True
        morsel["secure"] = self._secure
        if domain := self.cookie_domain(instance):
            morsel["domain"] = domain
        if max_age is not None:
            morsel["max-age"] = max_age
        return morsel.OutputString()

    def cookie_name(self, instance: Instance) -> str:
        """The name of the session's cookie: shared hosts need one for each instance."""
        return f"sess-{instance.key}" if self._flat else "cozysessid"

    def cookie_domain(self, instance: Instance) -> str | None:
        """Whom the browser sends the cookie to: the instance and its apps; None for exactly the host that set it."""
        host = instance.domain.split(":", 1)[0]
        domain = host.partition(".")[2] if self._flat else host
        return f".{domain}" if "." in domain else None

    def check_operator(self, request: Request) -> None:
        """Raises `OperatorUnknown` unless the operator's passphrase came as HTTP basic auth."""
        said = _password(request.headers.get("authorization", ""))
        if said is None or not hmac.compare_digest(said.encode(), self._operator):
            raise OperatorUnknown

    def from_command_line(self, request: Request, instance: Instance) -> bool:
        """Whether a request brings a good token of the command line: it passes where an instance is blocked."""
        token = token_of(request)
        try:
            return bool(token) and not may_be_code(token) and self._tokens.read(instance, token)[0]["aud"] == "cli"
        except (TokenInvalid, TokenExpired):
            return False

    def forget(self, instance: Tenant) -> None:
        """Drops what is known of an instance's callers."""
        self._known.pop(instance.key, None)
        self._codes.forget(instance)

    def _hear(self, changes: Sequence[Change]) -> None:
        """A changed permission set or record makes the callers made from it stale."""
        for change in changes:
            if change.document.type in MAKING:
                self._known.pop(change.tenant, None)
            elif change.document.type == "instances":
                self._known.clear()
            else:
                continue
            self._heard += 1


def login_url(scheme: str, instance: Instance, wanted: str) -> str:
    """The login page that leads back to a page."""
    return f"{scheme}://{instance.domain}/auth/login?redirect={quote(wanted, safe='')}"


def cookie_of(connection: HTTPConnection, name: str) -> str:
    """A cookie of a request; "" for none. Reads the headers themselves: each call of an app comes through here."""
    for header, value in connection.scope["headers"]:
        if header == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                said, _, content = pair.strip().partition("=")
                if said == name:
                    return str(content)
    return ""


def token_of(request: Request) -> str:
    """The token of a request: Bearer, the password of Basic, or the query's `bearer_token`; "" for none."""
    header = request.headers.get("authorization", "")
    if header.startswith("Bearer "):
        return header[7:].strip()
    basic = _password(header)
    return basic if basic is not None else request.query_params.get("bearer_token", "")


def _network(connection: HTTPConnection) -> str:
    """By what the address of a request is counted."""
    return network_of(connection.client.host if connection.client else "")


def _password(header: str) -> str | None:
    """The password of HTTP Basic."""
    said = _name_and_password(header)
    return said[1] if said is not None else None


def _name_and_password(header: str) -> tuple[str, str] | None:
    """What HTTP Basic says (RFC 7617); None for anything else."""
    if not header.startswith("Basic "):
        return None
    try:
        name, _, password = base64.b64decode(header[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, password
