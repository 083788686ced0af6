"""The record of an instance as a document of the server's own store, and what a new one says (contract-a section 9)."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any

from alcove.instances.model import Instance, key_of
from alcove.instances.parameters import members_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.documents import Document, Documents

DIRECTORY = "alcove"
"""The tenant that holds the records of all instances."""
DOCTYPE = "instances"
NAMES = "instances.names"
"""Who has taken which domain: one small document a name, so that a name is taken once."""

SAMPLE_FLAG = "alcove.sample"
"""The flag by which the pages of an invented person mark themselves as such."""

_BYTES = {"session_secret": 64, "oauth_secret": 128, "cli_secret": 128}
"""Lengths of an instance's secrets (contract-a section 2)."""


def new_record(domain: str, options: Mapping[str, str], locale: str) -> dict[str, Any]:
    """The members of a new record, its secrets among them. Raises `WrongParameter`, `WrongTerms`."""
    return {
        "domain": domain,
        "prefix": key_of(domain),
        "locale": locale,
        "uuid": "",
        "context": "",
        "auth_mode": 0,
        "disk_quota": "",
        **({"sample": True, "feature_flags": {SAMPLE_FLAG: True}} if options.get("Sample") == "true" else {}),
        "onboarding_finished": bool(options.get("Passphrase")),
        **members_of(options),
        **{name: base64.b64encode(secrets.token_bytes(size)).decode() for name, size in _BYTES.items()},
        **({} if options.get("Passphrase") else {"register_token": base64.b64encode(secrets.token_bytes(16)).decode()}),
    }


def from_document(document: Document) -> Instance:
    """The instance of a record."""
    fields = document.fields()
    return Instance(fields["domain"], fields["prefix"], document.id, document.rev, fields.get("locale", "en"), fields)


async def directory(documents: Documents) -> dict[str, tuple[str, list[Document]]]:
    """Every instance by its domain: its key, and the documents that make it known, its record last."""
    names = await documents.all(DIRECTORY, NAMES)
    found = [(from_document(record), record) for record in await documents.all(DIRECTORY, DOCTYPE)]
    return {
        instance.domain: (
            instance.key,
            [*(name for name in names if name.fields().get("instance") == instance.id), record],
        )
        for instance, record in found
    }
