"""Puts the operator's side into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.admin.http.access import AccessRoutes
from alcove.admin.http.adopting import AdoptRoutes
from alcove.admin.http.checks import CheckRoutes
from alcove.admin.http.contexts import ContextRoutes
from alcove.admin.http.debug import DebugRoutes
from alcove.admin.http.flags import FlagRoutes
from alcove.admin.http.instances import InstanceRoutes
from alcove.admin.http.maintenance import MaintenanceRoutes
from alcove.admin.http.notices import NoticeRoutes
from alcove.admin.http.providers import ProviderRoutes
from alcove.admin.http.remote import RemoteRoutes
from alcove.admin.http.scrub import ScrubRoutes
from alcove.admin.http.secrets import SecretRoutes
from alcove.admin.http.upkeep import UpkeepRoutes
from alcove.apps import Apps, Installer
from alcove.connectors import Maintenance, Providers
from alcove.documents import Documents
from alcove.files import Adopting, Files, Scrub
from alcove.identity import Clients, Keys, MagicLinks, Passphrases, SecondFactors, SessionCodes, Sessions, Tokens
from alcove.instances import CHECKS, Contexts, Flags, Instances, InstanceSettings
from alcove.jobs import Triggers
from alcove.notifications import Notifications
from alcove.remote import Definitions

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Adds the operator's routes."""
    instances, clients, sessions = house.need(Instances), house.need(Clients), house.need(Sessions)
    tokens, passphrases = house.need(Tokens), house.need(Passphrases)
    documents, files, apps = house.need(Documents), house.need(Files), house.need(Apps)
    codes, links, factors = house.need(SessionCodes), house.need(MagicLinks), house.need(SecondFactors)
    checks, triggers = house.registry(CHECKS), house.need(Triggers)
    house.add_routes(
        *InstanceRoutes(instances, house.need(InstanceSettings)).routes(),
        *AccessRoutes(instances, tokens, clients, sessions, codes, passphrases, links, factors).routes(),
        *ContextRoutes(house.need(Contexts)).routes(),
        *FlagRoutes(instances, house.need(Flags)).routes(),
        *UpkeepRoutes(instances, documents, files, apps, sessions, clients).routes(),
        *DebugRoutes(instances, house.clock).routes(),
        *MaintenanceRoutes(house.need(Maintenance)).routes(),
        *ProviderRoutes(house.need(Providers)).routes(),
        *RemoteRoutes(house.need(Definitions)).routes(),
        *NoticeRoutes(instances, house.need(Notifications), house.clock).routes(),
        *CheckRoutes(instances, checks, triggers, house.need(Installer)).routes(),
        *AdoptRoutes(instances, house.need(Adopting)).routes(),
        *ScrubRoutes(instances, house.need(Scrub)).routes(),
        *SecretRoutes(instances, house.need(Keys)).routes(),
    )
