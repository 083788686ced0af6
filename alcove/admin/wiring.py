"""Puts the operator's side into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.admin.http.access import AccessRoutes
from alcove.admin.http.contexts import ContextRoutes
from alcove.admin.http.instances import InstanceRoutes
from alcove.identity import Passphrases, Tokens
from alcove.instances import Contexts, Instances, InstanceSettings

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Adds the operator's routes."""
    instances = house.need(Instances)
    house.add_routes(*InstanceRoutes(instances, house.need(InstanceSettings)).routes())
    house.add_routes(*AccessRoutes(instances, house.need(Tokens), house.need(Passphrases)).routes())
    house.add_routes(*ContextRoutes(house.need(Contexts)).routes())
