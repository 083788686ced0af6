"""The second factor of each place: set up, asked for, proved (contract-a sections 2 and 3).

Between the passphrase and the code the browser holds a slip: nothing is kept here of who got half-way. The mailed code
stands on the slip, which nobody can open but the server.
"""

from __future__ import annotations

import base64
import hmac
import logging
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alcove.base.clock import rfc3339
from alcove.base.crypto import SealBroken
from alcove.identity import letters
from alcove.identity.errors import FactorRefused, TooManyLogins
from alcove.identity.factors.model import (
    BASIC,
    BY_APP,
    BY_MAIL,
    address_of,
    digits,
    new_digits,
    new_recovery_codes,
    new_secret,
    recovery_digest,
    step_of,
)
from alcove.identity.limits import Guesser
from alcove.identity.tokens.signing import mark, marked
from alcove.instances import Allowance, TooOften
from alcove.outbox import AddressWrong, MailUnset

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.base.clock import Clock
    from alcove.base.crypto import Sealer
    from alcove.documents import Document, Documents, Tx
    from alcove.identity.limits import Attempts
    from alcove.identity.tokens.slips import Slips
    from alcove.instances import Allowances, Instance, Instances, InstanceSettings
    from alcove.outbox import Letter, Outbox

DOCTYPE, ONLY = "org.alcove.secondfactor", "one"
"""Where the secret lies, sealed. `/data` opens none of them."""
SECRETS = frozenset({"secret", "used", "offered", "mailed", "recovery"})
"""Its members: realtime tells none of them."""
PURPOSE = "second factor"
VERIFIED = "verified address"
LIVES = timedelta(minutes=15)
"""How long a code can be typed: as long as the contract's (14 steps of a minute)."""
MAILS = Allowance("mails with a code", 20)
TRIES = Allowance("codes tried", 30)
"""However many addresses they come from. It only slows down who has said the passphrase already."""

log = logging.getLogger("alcove.identity")


class SecondFactors:
    """Asks for a second proof where the person wants that."""

    def __init__(
        self,
        documents: Documents,
        instances: Instances,
        settings: InstanceSettings,
        outbox: Outbox,
        slips: Slips,
        sealer: Sealer,
        attempts: Attempts,
        allowances: Allowances,
        clock: Clock,
    ) -> None:
        self._documents = documents
        self._instances = instances
        self._settings = settings
        self._outbox = outbox
        self._slips = slips
        self._sealer = sealer
        self._attempts = attempts
        self._allowances = allowances
        self._clock = clock

    async def mode(self, instance: Instance) -> int:
        """BASIC, BY_MAIL or BY_APP, as it is now."""
        present = await self._instances.fresh(instance)
        said = present.fields.get("auth_mode", BASIC)
        if said == BY_APP and "secret" not in await self._kept(instance):
            return BASIC  # somebody wrote so into the record: there is nothing to ask for
        return said if said in (BY_MAIL, BY_APP) else BASIC

    async def state(self, instance: Instance) -> dict[str, Any]:
        """What the person's account shows: the mode, the recovery codes left, and whether this server sends mail."""
        kept = await self._kept(instance)
        return {
            "mode": {BY_MAIL: "mail", BY_APP: "app"}.get(await self.mode(instance), "none"),
            "recovery_codes": len(kept.get("recovery", [])),
            "mail": self._outbox.ready,
        }

    # Proving

    async def begin(self, instance: Instance, **said: Any) -> str:
        """A slip for who has given the first proof, with what must be known after the second one; mails the code.

        When no mail can be sent, recovery codes still lead in.
        """
        code = ""
        if await self.mode(instance) == BY_MAIL:
            code = new_digits()
            try:
                await self._mail(instance, code)
            except (AddressWrong, MailUnset, TooOften) as refusal:
                log.warning("a code cannot be mailed", extra={"domain": instance.domain, "reason": str(refusal)})
                code = ""
        content = {"tenant": instance.key, "of": mark(instance, PURPOSE), "code": code, **said}
        return self._slips.write(PURPOSE, content, LIVES)

    def read(self, instance: Instance, slip: str) -> Mapping[str, Any] | None:
        """What stands on a slip of this place; None when it is over, or from before the passphrase was changed."""
        said = self._slips.read(PURPOSE, slip)
        fits = said is not None and said["tenant"] == instance.key and marked(instance, PURPOSE, said["of"])
        return said if fits else None

    async def prove(self, instance: Instance, slip: str, passcode: str, network: str) -> Mapping[str, Any]:
        """What stands on the slip, when the code is right: mailed, of the app, or a recovery code. Once.

        Raises `FactorRefused`, `TooManyLogins`.
        """
        said = self.read(instance, slip)
        if said is None:
            raise FactorRefused(instance.locale, "over")
        guesser = Guesser(instance.key, network)
        await self._count(instance, guesser)
        if not await self._right(instance, said, passcode):
            raise FactorRefused(instance.locale, "wrong")
        if not await self._slips.spend(PURPOSE, slip):
            raise FactorRefused(instance.locale, "over")
        await self._attempts.succeed(guesser)
        return said

    async def _count(self, instance: Instance, guesser: Guesser) -> None:
        wait = await self._attempts.begin(guesser)
        if wait > 0:
            raise TooManyLogins(wait, instance.locale)
        try:
            await self._allowances.take(instance.key, TRIES)
        except TooOften as refusal:
            raise TooManyLogins(float(refusal.headers["Retry-After"]), instance.locale) from None

    async def _right(self, instance: Instance, said: Mapping[str, Any], passcode: str) -> bool:
        code = digits(passcode)
        if said["code"] and code and hmac.compare_digest(code, said["code"]):
            return True
        if code and await self.mode(instance) == BY_APP:
            return await self._use_app(instance, code)
        return await self._use_recovery(instance, recovery_digest(passcode))

    async def _use_app(self, instance: Instance, code: str) -> bool:
        now = self._clock.now()

        async def unit(tx: Tx) -> bool:
            document = await tx.get(DOCTYPE, ONLY)
            fields = document.fields() if document else {}
            step = (
                step_of(self._open(fields["secret"]), code, now, fields.get("used", 0)) if "secret" in fields else None
            )
            if document is not None and step is not None:
                await tx.put(DOCTYPE, ONLY, {**fields, "used": step}, document.rev)
            return step is not None

        try:
            return await self._documents.work(instance.key, unit)
        except SealBroken:  # the place was moved here without its server's key: recovery codes still open it
            log.error("the secret of an authenticator app cannot be read", extra={"domain": instance.domain})
            return False

    async def _use_recovery(self, instance: Instance, digest: str) -> bool:
        async def unit(tx: Tx) -> bool:
            document = await tx.get(DOCTYPE, ONLY)
            fields = document.fields() if document else {}
            left = [one for one in fields.get("recovery", []) if not hmac.compare_digest(one, digest)]
            used = len(left) < len(fields.get("recovery", []))
            if document is not None and used:
                await tx.put(DOCTYPE, ONLY, {**fields, "recovery": left}, document.rev)
            return used

        return bool(digest) and await self._documents.work(instance.key, unit)

    def vouch(self, instance: Instance) -> str:
        """A code for who has shown elsewhere that mails reach them: `vouched`."""
        return self._slips.write(VERIFIED, {"tenant": instance.key, "of": mark(instance, VERIFIED)}, LIVES)

    async def vouched(self, instance: Instance, code: str) -> bool:
        """Whether such a code stands for a mailed one; it may be used again while it lasts."""
        said = self._slips.read(VERIFIED, code) if code else None
        fits = said is not None and said["tenant"] == instance.key and marked(instance, VERIFIED, said["of"])
        return fits and await self.mode(instance) == BY_MAIL

    # Setting up

    async def offer(self, instance: Instance) -> tuple[str, str]:
        """A new secret for an authenticator app, and its address. It holds once a code of it was said: `accept`."""
        secret = new_secret()
        ends = rfc3339(self._clock.now() + LIVES)
        await self._change(instance, lambda kept: {**kept, "offered": {"secret": self._seal(secret), "ends": ends}})
        return secret, address_of(secret, instance.domain)

    async def accept(self, instance: Instance, code: str, network: str) -> list[str]:
        """Turns the app on that says this code; gives the recovery codes. Raises `FactorRefused`, `TooManyLogins`."""
        guesser = Guesser(instance.key, network)
        await self._count(instance, guesser)
        offered = (await self._kept(instance)).get("offered")
        if offered is None or offered["ends"] < rfc3339(self._clock.now()):
            raise FactorRefused(instance.locale, "again")
        step = step_of(self._open(offered["secret"]), digits(code), self._clock.now(), 0)
        if step is None:
            raise FactorRefused(instance.locale, "wrong")
        await self._attempts.succeed(guesser)
        codes = new_recovery_codes()
        kept = {"secret": offered["secret"], "used": step, "recovery": [recovery_digest(one) for one in codes]}
        await self._change(instance, lambda _: kept)
        await self._instances.change(instance, {"auth_mode": BY_APP})
        await self._tell(instance, letters.second_factor(instance.locale, instance.domain, on=True))
        return codes

    async def propose_mail(self, instance: Instance) -> None:
        """Mails a code that turns mailed codes on: `accept_mail`. Raises `FactorRefused`, `MailUnset`, `TooOften`."""
        if await self.mode(instance) == BY_APP:
            raise FactorRefused(instance.locale, "app")
        code, ends = new_digits(), rfc3339(self._clock.now() + LIVES)
        await self._mail(instance, code)
        await self._change(instance, lambda kept: {**kept, "mailed": {"code": self._seal(code), "ends": ends}})

    async def accept_mail(self, instance: Instance, code: str, network: str) -> None:
        """Turns mailed codes on. Raises `FactorRefused`, `TooManyLogins`."""
        if await self.mode(instance) == BY_APP:
            raise FactorRefused(instance.locale, "app")
        guesser = Guesser(instance.key, network)
        await self._count(instance, guesser)
        mailed = (await self._kept(instance)).get("mailed")
        if mailed is None or mailed["ends"] < rfc3339(self._clock.now()):
            raise FactorRefused(instance.locale, "again")
        if not hmac.compare_digest(self._open(mailed["code"]), digits(code)):
            raise FactorRefused(instance.locale, "wrong")
        await self._attempts.succeed(guesser)
        await self._change(instance, lambda kept: {k: v for k, v in kept.items() if k not in ("mailed", "offered")})
        await self._instances.change(instance, {"auth_mode": BY_MAIL})

    async def renew_recovery(self, instance: Instance) -> list[str]:
        """Ten new recovery codes; those of before open nothing any more. Raises `FactorRefused` where none is asked."""
        if await self.mode(instance) == BASIC:
            raise FactorRefused(instance.locale, "off")
        codes = new_recovery_codes()
        digests = [recovery_digest(one) for one in codes]
        await self._change(instance, lambda kept: {**kept, "recovery": digests})
        return codes

    async def turn_off(self, instance: Instance) -> None:
        """From now on the passphrase is enough; twice is no error."""
        before = await self.mode(instance)
        await self._instances.change(instance, {"auth_mode": BASIC})
        await self._change(instance, lambda _: {})
        if before != BASIC:
            await self._tell(instance, letters.second_factor(instance.locale, instance.domain, on=False))

    async def _mail(self, instance: Instance, code: str) -> None:
        if not self._outbox.ready:
            raise MailUnset
        await self._allowances.take(instance.key, MAILS)
        email = str((await self._settings.read(instance)).get("email") or "")
        letter = letters.code(instance.locale, instance.domain, code, int(LIVES.total_seconds() // 60))
        await self._outbox.send(instance, letter, email, until=self._clock.now() + LIVES)

    async def _tell(self, instance: Instance, letter: Letter) -> None:
        email = str((await self._settings.read(instance)).get("email") or "")
        if email:
            with suppress(AddressWrong, MailUnset, TooOften):  # the change holds, whether or not it can be told
                await self._outbox.send(instance, letter, email)

    async def _kept(self, instance: Instance) -> dict[str, Any]:
        document = await self._documents.get(instance.key, DOCTYPE, ONLY)
        return document.fields() if document else {}

    async def _change(self, instance: Instance, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        async def unit(tx: Tx) -> Document:
            document = await tx.get(DOCTYPE, ONLY)
            changed = change(document.fields() if document else {})
            return await tx.put(DOCTYPE, ONLY, changed, document.rev if document else "")

        await self._documents.work(instance.key, unit)

    def _seal(self, clear: str) -> str:
        return base64.b64encode(self._sealer.seal(clear.encode(), PURPOSE)).decode()

    def _open(self, sealed: str) -> str:
        return self._sealer.open(base64.b64decode(sealed), PURPOSE).decode()
