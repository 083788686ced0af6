"""Passphrases: what a client sends instead of one, and what is kept of it (contract-a section 2).

A client sends base64 of PBKDF2(PBKDF2(passphrase, salt, n), passphrase, 1); of that, argon2id is kept. All of it is
slow by design, so it runs on a thread of its own, one at a time.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

ITERATIONS = 650_000
"""Rounds that a new passphrase gets."""

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def salt_of(domain: str) -> str:
    """The salt of an instance: `me@` and its domain without the port."""
    return "me@" + domain.split(":", 1)[0]


def client_form(passphrase: str, salt: str, iterations: int) -> str:
    """What a client sends instead of the passphrase."""
    master = hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt.encode(), iterations)
    return base64.b64encode(hashlib.pbkdf2_hmac("sha256", master, passphrase.encode(), 1)).decode()


class SlowHash:
    """Hashes and checks on one thread, so that a crowd at the login page cannot take all cores."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passphrase")

    async def hash(self, form: str) -> str:
        """What to keep of a client's form."""
        return await self._run(lambda: _hasher.hash(form))

    async def form(self, passphrase: str, salt: str, iterations: int) -> str:
        """What a client would send for a passphrase in clear."""
        return await self._run(lambda: client_form(passphrase, salt, iterations))

    async def derive(self, passphrase: str, salt: str, iterations: int) -> str:
        """What to keep of a passphrase in clear, as if a client had sent it."""
        return await self._run(lambda: _hasher.hash(client_form(passphrase, salt, iterations)))

    async def verify(self, kept: str, form: str) -> bool:
        """Whether the form fits. Takes as long for an empty `kept`, so that nothing is learnt from the time."""
        return await self._run(lambda: _fits(kept or _nobody(), form) and bool(kept))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)


@cache
def _nobody() -> str:
    """A hash that nothing fits, to spend the same time on."""
    return _hasher.hash("nobody's passphrase")


def _fits(kept: str, form: str) -> bool:
    try:
        return _hasher.verify(kept, form)
    except (VerificationError, InvalidHashError):
        return False
