"""Puts apps into the house."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from alcove.apps.finding import FINDABLE
from alcove.apps.http.catalogue import Catalogue
from alcove.apps.http.download import DownloadHTTP
from alcove.apps.http.installing import InstallHTTP
from alcove.apps.http.intents import IntentHTTP
from alcove.apps.http.kept import KeptIn
from alcove.apps.http.logs import LogsHTTP
from alcove.apps.http.registry import RegistryHTTP
from alcove.apps.http.serving import AppPages
from alcove.apps.model import OURS, WEBAPPS
from alcove.apps.service import Apps
from alcove.apps.service.folders import SHARED, Folder, built_apps, built_folder
from alcove.apps.service.installing import Installer, Installers
from alcove.apps.service.intents import Intents
from alcove.apps.service.offering import RegistryOffers
from alcove.apps.service.registries import CLOSED, Registries
from alcove.apps.service.renewing import Renewals
from alcove.apps.service.services import Services
from alcove.apps.service.shelf import Shelf
from alcove.apps.service.sources import Sources
from alcove.apps.service.wished import Wished
from alcove.apps.store import Asked, Installed
from alcove.base.http import AppHost
from alcove.base.outgoing import Outgoing
from alcove.documents import POLICIES, Documents, Policy
from alcove.egress import Journal
from alcove.identity import (
    GRANTS,
    OFFERS,
    Clients,
    DeviceLimit,
    Gate,
    LinkPages,
    Permissions,
    SessionCodes,
    Sessions,
    Tokens,
)
from alcove.instances import PROVISIONERS, Allowances, Contexts, Flags, Instance, Instances, InstanceSettings
from alcove.jobs import Triggers
from alcove.realtime import Realtime
from alcove.search import FINDABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.house import House


log = logging.getLogger("alcove.apps")


def register(house: House) -> None:
    """Provides `Apps` and the `AppHost`; installs the apps that come with Alcove in every instance."""
    scheme, vite = house.settings.scheme, house.settings.vite
    folder = built_folder(house.settings.apps, vite)
    if vite:
        log.warning("pages come from a development server", extra={"address": vite})
    gate, instances, person = house.need(Gate), house.need(Instances), house.need(InstanceSettings)
    documents = house.need(Documents)
    installed, shelf = Installed(documents, WEBAPPS), Shelf(house.settings.home)
    contexts, built = house.need(Contexts), built_apps(folder, vite)
    clients, realtime, sources = house.need(Clients), house.need(Realtime), Sources(house.need(Outgoing))
    services = Services(house.need(Triggers))
    installers = Installers(documents, shelf, sources, clients, contexts, realtime, services, house.clock)
    house.provide(Installers, installers)
    house.provide(Installer, installers.of(WEBAPPS))
    renewals = Renewals(installers.of(WEBAPPS), house.clock)
    apps = house.provide(
        Apps, Apps(installed, shelf, renewals, built, instances, person, contexts, house.clock, scheme)
    )
    tokens, links = house.need(Tokens), house.need(LinkPages)
    codes, limit = house.need(SessionCodes), house.need(DeviceLimit)
    registries, flags = Registries(house.need(Outgoing), contexts, house.clock), house.need(Flags)
    intents = Intents(Asked(documents), apps, registries, flags, house.clock)
    kept_in = KeptIn(house.need(Journal), gate, instances, house.need(Allowances), house.clock)
    pages = AppPages(
        apps, gate, tokens, instances, person, flags, intents, registries, links, codes, limit, kept_in, scheme, vite
    )
    house.provide(AppHost, pages)
    shared = Folder(folder / SHARED, built=True)
    instances.on_destroyed(lambda instance: shelf.forget(instance.key))
    catalogue = Catalogue(apps, pages, gate, house.need(Sessions), instances, shared, scheme)
    house.add_routes(*catalogue.routes())
    house.add_routes(*InstallHTTP(installers.of(WEBAPPS), contexts, catalogue.shown).routes())
    house.add_routes(*DownloadHTTP(installers.of(WEBAPPS), apps.files, gate).routes())
    house.add_routes(*LogsHTTP(installers.of(WEBAPPS), house.need(Allowances)).routes())
    house.add_routes(*RegistryHTTP(registries, house.registry(CLOSED), gate).routes())
    house.add_routes(*IntentHTTP(intents, house.need(Permissions), house.need(Allowances), gate).routes())
    house.registry(FINDABLES).add("apps", FINDABLE)
    house.registry(POLICIES).add(OURS, Policy(readable=False, writable=False))
    house.registry(GRANTS).add("app", apps.grant)
    house.registry(OFFERS).add("registries", RegistryOffers(installers.of(WEBAPPS)))

    wished = Wished(installers.of(WEBAPPS))

    async def provision(instance: Instance, options: Mapping[str, str]) -> None:
        await apps.install(instance)
        await wished.install(instance, options.get("Apps", ""))

    house.registry(PROVISIONERS).add("apps", provision)
    house.on_start("apps", apps.refresh)
