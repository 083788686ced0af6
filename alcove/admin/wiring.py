"""Puts the operator's side into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.admin.http import Operator
from alcove.identity import Passphrases, Tokens
from alcove.instances import Instances

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Adds the operator's routes."""
    operator = Operator(house.need(Instances), house.need(Tokens), house.need(Passphrases))
    house.add_routes(*operator.routes())
