"""Why a file of the operator is not taken, or not there.

Refusal ── AssetRefused 400, AssetMissing 404
"""

from __future__ import annotations

from alcove.base.errors import BadRequest, NotFound


class AssetRefused(BadRequest):
    """One of the files is not as it was said: none of them was taken."""


class AssetMissing(NotFound):
    """The context has no file of that name."""

    def __init__(self) -> None:
        super().__init__("Asset not found")
