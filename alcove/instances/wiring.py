"""Puts the instances into the house."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alcove.base.tables import Tables
from alcove.documents import INDEXES, POLICIES, Documents, Policy
from alcove.instances import CAPABILITIES, CHECKS, INDEX, INTRODUCTIONS, PROVISIONERS, Check
from alcove.instances.allowances import Allowances
from alcove.instances.contexts import Contexts
from alcove.instances.flags import Flags
from alcove.instances.http import SettingsRoutes
from alcove.instances.reading import Reading
from alcove.instances.records import DIRECTORY
from alcove.instances.service import Instances
from alcove.instances.settings import InstanceSettings
from alcove.instances.store.flags import FlagDocuments
from alcove.instances.store.settings import MYSELF, SETTINGS, SETTINGS_ID, SettingsDocument

if TYPE_CHECKING:
    from alcove.base.house import House
    from alcove.instances.model import Instance


def register(house: House) -> None:
    """Provides the table of instances, and the settings of each."""
    settings, documents = house.settings, house.need(Documents)
    provisioners = house.registry(PROVISIONERS)
    flat = settings.subdomains == "flat"
    capable = house.registry(CAPABILITIES)
    instances = Instances(documents, house.clock, provisioners, capable, locale=settings.locale, flat=flat)
    house.provide(Instances, instances)
    document = SettingsDocument(documents, house.clock, settings.scheme)
    house.registry(INDEXES).add(f"{MYSELF.type}/{MYSELF.name}", MYSELF)
    # Else whoever writes settings could give the place another mail address, and have its passphrase sent there.
    house.registry(POLICIES).add(SETTINGS, Policy(held=frozenset((SETTINGS_ID,))))
    provisioners.add("settings", document.provision)
    contexts = house.provide(Contexts, Contexts(settings.contexts))
    introductions = house.registry(INTRODUCTIONS)
    person = house.provide(InstanceSettings, InstanceSettings(document, instances, contexts, introductions))
    flags = house.provide(Flags, Flags(FlagDocuments(documents, DIRECTORY), instances, contexts))
    house.add_routes(*SettingsRoutes(person, instances, contexts, flags, house.clock).routes())
    house.registry(CHECKS).add("documents", Check(INDEX, Reading(documents).look))
    house.on_start("instances", instances.load)
    allowances = house.provide(Allowances, Allowances(house.need(Tables), house.clock))
    house.on_start("allowances", allowances.load)
    _forget(instances, allowances)


def _forget(instances: Instances, allowances: Allowances) -> None:
    forgetting: set[asyncio.Task[None]] = set()

    def gone(instance: Instance) -> None:
        task = asyncio.get_running_loop().create_task(allowances.forget(instance.key))
        forgetting.add(task)
        task.add_done_callback(forgetting.discard)

    instances.on_destroyed(gone)
