"""`/settings/vault`: a client of the person begins a vault (contract-a section 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from starlette.responses import Response

from alcove.base.http import Call, Guard, Route, jsonapi_errors

if TYPE_CHECKING:
    from alcove.identity.passphrases.vault import Vault
    from alcove.instances import Instance

CIPHERS = "com.bitwarden.ciphers"


class VaultRoutes:
    """The route of this file."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def routes(self) -> list[Route]:
        """The route table of this file."""
        return [Route("POST", "/settings/vault", self.open, Guard.TOKEN, jsonapi_errors)]

    async def open(self, call: Call) -> Response:
        """Makes what a vault needs of the server; 204, also when it was there."""
        call.caller.allow_type("POST", CIPHERS)
        await self._vault.open(cast("Instance", call.instance))
        return Response(status_code=204)
