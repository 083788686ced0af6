"""Proving that one knows the passphrase, at the login page and through apps, as often as the limits allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.identity.errors import TooManyLogins
from alcove.identity.http.forms import visitor_of
from alcove.identity.limits import DEVICE_AGE, DEVICE_COOKIE, Guesser, device_of, network_of, new_device

if TYPE_CHECKING:
    from starlette.responses import Response

    from alcove.base.http import Call
    from alcove.identity.limits import Attempts
    from alcove.identity.passphrases.service import Passphrases
    from alcove.identity.sessions.service import Sessions
    from alcove.instances import Instance


class Proof:
    """Judges passphrases, and slows down who guesses."""

    def __init__(self, passphrases: Passphrases, sessions: Sessions, attempts: Attempts) -> None:
        self._passphrases = passphrases
        self._sessions = sessions
        self._attempts = attempts

    async def holds(self, call: Call, instance: Instance, form: str, session: str = "") -> bool:
        """Whether the form fits. `session` is that of a caller who is logged in; raises `TooManyLogins`."""
        who = await self._guesser(call, instance, session)
        wait = await self._attempts.begin(who)
        if wait > 0:
            raise TooManyLogins(wait, instance.locale)
        right = await self._passphrases.verify(instance, form)
        if right:
            await self._attempts.succeed(who)
        return right

    async def _guesser(self, call: Call, instance: Instance, session: str) -> Guesser:
        address = visitor_of(call).address
        device = device_of(instance, call.request.cookies.get(DEVICE_COOKIE, ""))
        known_as = f"session {session}" if session else f"device {device}" if device else ""
        at_home = False
        if not known_as and await self._attempts.under_attack(instance.key):
            networks = {network_of(known) for known in await self._sessions.addresses(instance)}
            at_home = network_of(address) in networks
        return Guesser(instance.key, network_of(address), known_as, at_home)


def remember(response: Response, instance: Instance, *, secure: bool) -> None:
    """Lets a browser that is logged in be known at its next login, whatever strangers do meanwhile."""
    made = new_device(instance)
    response.set_cookie(
        DEVICE_COOKIE, made, max_age=DEVICE_AGE, path="/auth/login", httponly=True, secure=secure, samesite="strict"
    )
