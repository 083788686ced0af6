"""What a vault stands on (contract-a sections 2 and 8): keys that the clients of the person made, and never the server.

They lie in the settings document that password managers know. The server keeps them as they come: it opens none. The
one key that it makes is that of the organization by which connectors reach what a person shares with them.
"""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from alcove.base.errors import Unprocessable
from alcove.base.ids import new_id
from alcove.identity.passphrases.hints import BITWARDEN, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from alcove.base.crypto import Sealer
    from alcove.documents import Documents, Tx
    from alcove.instances import Instance

KEYS = {"key": "key", "public_key": "public_key", "private_key": "private_key",
        "publicKey": "public_key", "privateKey": "private_key"}  # fmt: skip
"""The members of a passphrase's body that hold keys, in the two ways in which routes spell them."""
LENGTH = 16384
"""Characters of a key at the most."""
PURPOSE = "key of an organization"


class Vault:
    """Makes and changes the part of the settings that is about the vault."""

    def __init__(self, documents: Documents, sealer: Sealer) -> None:
        self._documents = documents
        self._sealer = sealer

    async def open(self, instance: Instance) -> None:
        """From now on there is a vault: what clients need of the server is there. Twice is no error."""
        await self._change(instance, lambda old: {**self._begun(instance), **old, "extension_installed": True})

    async def renewed(self, instance: Instance, keys: Mapping[str, str], iterations: int) -> None:
        """A passphrase was set: `keys` are those that it opens, and what clients hold of before is no longer good."""

        def change(old: Mapping[str, Any]) -> Mapping[str, Any] | None:
            if not keys and "security_stamp" not in old:
                return None
            kept = {**self._begun(instance), **old, **keys}
            return {**kept, "passphrase_kdf_iterations": iterations, "security_stamp": new_id()}

        await self._change(instance, change)

    def _begun(self, instance: Instance) -> dict[str, Any]:
        sealed = self._sealer.seal(secrets.token_bytes(64), PURPOSE)
        return {
            "passphrase_kdf": 0,
            "passphrase_kdf_iterations": int(instance.fields.get("kdf_iterations") or 0),
            "security_stamp": new_id(),
            "organization_id": new_id(),
            "collection_id": new_id(),
            "encrypted_organization_key": base64.b64encode(sealed).decode(),
        }

    async def _change(
        self, instance: Instance, change: Callable[[Mapping[str, Any]], Mapping[str, Any] | None]
    ) -> None:
        async def unit(tx: Tx) -> None:
            document = await tx.get(SETTINGS, BITWARDEN)
            old = document.fields() if document else {}
            changed = change(old)
            if changed is not None and changed != old:
                await tx.put(SETTINGS, BITWARDEN, changed, document.rev if document else "")

        await self._documents.work(instance.key, unit)


def keys_of(fields: Mapping[str, Any]) -> dict[str, str]:
    """The keys that come with a passphrase; raises `Unprocessable` for what is none."""
    found: dict[str, str] = {}
    for name, kept in KEYS.items():
        value = fields.get(name)
        if value in (None, ""):
            continue
        if not isinstance(value, str) or len(value) > LENGTH:
            raise Unprocessable(f"{name} is a text of {LENGTH} characters at the most", pointer=f"/{name}")
        found[kept] = value
    return found
