"""Puts the operator's files into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.assets.http import AssetRoutes
from alcove.assets.store import Assets
from alcove.base.outgoing import Outgoing
from alcove.documents import Documents
from alcove.instances import DIRECTORY

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Adds the routes."""
    assets = Assets(house.need(Documents), DIRECTORY)
    house.add_routes(*AssetRoutes(assets, house.need(Outgoing), house.clock).routes())
