"""The passphrase of who runs the server."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from alcove.base.crypto import write_private

if TYPE_CHECKING:
    from alcove.base.config import Settings


def operator_passphrase(settings: Settings) -> str:
    """The operator's passphrase: the one that is set, or the one made in the data folder at the first start."""
    if settings.admin_passphrase:
        return settings.admin_passphrase
    path = settings.home / "admin-passphrase"
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        made = secrets.token_urlsafe(24)
        write_private(path, made.encode() + b"\n")
        return made
