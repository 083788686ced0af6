"""Puts sharing into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.sharing.http import routes

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Adds the routes."""
    house.add_routes(*routes())
