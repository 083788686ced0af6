"""Puts people into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.contacts.http import PeopleRoutes
from alcove.contacts.service import Avatars
from alcove.contacts.store import AVATARS, AvatarDocument
from alcove.documents import POLICIES, Documents, Policy
from alcove.files import Thumbnails
from alcove.instances import Allowances, InstanceSettings

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Avatars`, and the routes."""
    document = AvatarDocument(house.need(Documents), house.clock)
    avatars = house.provide(Avatars, Avatars(document, house.need(Thumbnails), house.need(Allowances)))
    house.registry(POLICIES).add(AVATARS, Policy(readable=False, writable=False))
    house.add_routes(*PeopleRoutes(avatars, house.need(InstanceSettings)).routes())
