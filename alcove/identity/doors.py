"""The ways into a place beside the passphrase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alcove.identity.delegation.providers import Providers
    from alcove.identity.magic.service import MagicLinks
    from alcove.identity.passkeys.service import Passkeys


@dataclass(frozen=True, slots=True)
class Doors:
    """What the login page offers, and clients are told of."""

    providers: Providers
    passkeys: Passkeys
    links: MagicLinks
