"""The passphrases of instances: chosen, changed, checked; and what the operator gave in clear, derived later."""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from alcove.base.crypto import SealBroken
from alcove.base.digits import whole
from alcove.identity.errors import RegisterTokenWrong
from alcove.identity.passphrases.model import ITERATIONS, SlowHash, salt_of
from alcove.identity.tokens.signing import SESSION, ended
from alcove.instances import RecordChanged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.crypto import Sealer
    from alcove.identity.sessions.service import Sessions
    from alcove.instances import Instance, Instances

log = logging.getLogger("alcove.identity")


class Passphrases:
    """The passphrase of each instance.

    One that the operator gives in clear must be hashed as a client would do it, which takes a third of a second. The
    instance does not wait for that: the passphrase is sealed in its record, and derived soon after; a crash in between
    is made good at the next start.
    """

    def __init__(self, instances: Instances, sessions: Sessions, sealer: Sealer, slow: SlowHash) -> None:
        self._instances = instances
        self._sessions = sessions
        self._sealer = sealer
        self._slow = slow
        self._deriving: dict[str, asyncio.Task[None]] = {}

    async def provision(self, instance: Instance, options: Mapping[str, str]) -> None:
        """Takes the operator's `Passphrase` of a new instance."""
        clear = options.get("Passphrase", "")
        if not clear:
            return
        iterations = whole(options.get("KdfIterations", ""), 7) or ITERATIONS
        record = {"passphrase_sealed": self.seal(clear), "kdf_iterations": iterations, "password_defined": True}
        self._start(await self._instances.change(instance, record))

    async def replace(self, instance: Instance, clear: str) -> None:
        """Sets another passphrase and renews the session secret: all sessions and app tokens end."""
        await self._renew(instance, await self._slow.derive(clear, salt_of(instance.salted), ITERATIONS), ITERATIONS)

    async def change(self, instance: Instance, form: str, iterations: int) -> Instance:
        """`replace` with the passphrase as a client hashed it. Gives the new record."""
        return await self._renew(instance, await self._slow.hash(form), iterations)

    async def _renew(self, instance: Instance, kept: str, iterations: int) -> Instance:
        # The secret first: from then on no cookie and no token of before is good, whatever happens next.
        changed = await self._instances.alter(
            instance, lambda old: {**_defined(kept, iterations), **ended(old, SESSION)}
        )
        await self._sessions.end_all(changed)
        return changed

    async def define(self, instance: Instance, register_token: str, form: str, iterations: int) -> Instance:
        """Sets the first passphrase, which a client hashed. Gives the new record.

        `register_token` is the one-time secret of a new instance, in hexadecimal digits; raises `RegisterTokenWrong`.
        """
        if not may_register(instance, register_token):
            raise RegisterTokenWrong
        kept = await self._slow.hash(form)
        expecting = {"register_token": instance.fields["register_token"]}
        try:
            return await self._instances.change(instance, _defined(kept, iterations), expecting=expecting)
        except RecordChanged:
            raise RegisterTokenWrong from None

    def resume(self) -> None:
        """Derives what an earlier run left sealed."""
        for instance in self._instances.all():
            if "passphrase_sealed" in instance.fields:
                self._start(instance)

    def seal(self, clear: str) -> str:
        """A passphrase as it may lie in the record for the moment until it is hashed."""
        return base64.b64encode(self._sealer.seal(clear.encode(), "passphrase")).decode()

    def _start(self, instance: Instance) -> None:
        self._deriving[instance.key] = asyncio.create_task(self._derive(instance))

    async def _derive(self, instance: Instance) -> None:
        try:
            clear = self._sealer.open(base64.b64decode(instance.fields["passphrase_sealed"]), "passphrase").decode()
            kept = await self._slow.derive(clear, salt_of(instance.salted), self.iterations(instance))
            if self._instances.by_key(instance.key) is not None:  # it may be gone by now
                await self._keep(instance, kept)
        except SealBroken as error:
            log.error("this passphrase must be set again: %s", error, extra={"domain": instance.domain})
        finally:
            self._deriving.pop(instance.key, None)

    async def _keep(self, instance: Instance, kept: str) -> None:
        derived = {"passphrase_hash": kept, "passphrase_sealed": None}
        # Another process may have derived it as well, and a newer passphrase may be set already.
        with suppress(RecordChanged):
            await self._instances.change(
                instance, derived, expecting={"passphrase_sealed": instance.fields["passphrase_sealed"]}
            )

    async def form(self, instance: Instance, clear: str, iterations: int = 0) -> str:
        """What a client would send for a passphrase in clear, with its present number of rounds or another one."""
        return await self._slow.form(clear, salt_of(instance.salted), iterations or self.iterations(instance))

    async def verify(self, instance: Instance, form: str) -> bool:
        """Whether a client's form of the passphrase opens this instance."""
        # As it is now: this call may have waited, and another process may have changed it a moment ago.
        present = await self._instances.fresh(instance)
        if "passphrase_sealed" in present.fields:
            if instance.key not in self._deriving:
                self._start(present)
            await asyncio.shield(self._deriving[instance.key])
            present = await self._instances.fresh(instance)
        return await self._slow.verify(present.fields.get("passphrase_hash", ""), form)

    @staticmethod
    def iterations(instance: Instance) -> int:
        """How many rounds of PBKDF2 a client must do."""
        return int(instance.fields.get("kdf_iterations") or ITERATIONS)

    async def stop_deriving(self) -> None:
        """Waits for what is being derived."""
        await asyncio.gather(*self._deriving.values(), return_exceptions=True)

    async def stop(self) -> None:
        """Waits for what is being derived, and ends the thread."""
        await self.stop_deriving()
        self._slow.close()


def _defined(kept: str, iterations: int) -> dict[str, Any]:
    """The members of a record whose passphrase is set."""
    return {
        "passphrase_hash": kept,
        "passphrase_sealed": None,
        "kdf_iterations": iterations,
        "password_defined": True,
        "onboarding_finished": True,
        "register_token": None,
    }


def may_register(instance: Instance, register_token: str) -> bool:
    """Whether this is the one-time secret of an instance that has no passphrase yet."""
    kept = instance.fields.get("register_token")
    if not kept or instance.fields.get("password_defined"):
        return False
    return hmac.compare_digest(base64.b64decode(kept).hex().encode(), register_token.encode())
