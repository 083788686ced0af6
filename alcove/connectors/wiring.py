"""Puts connectors into the house."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from alcove.apps import CLOSED, Apps, DownloadHTTP, Installers, InstallHTTP, LogsHTTP, Renewals
from alcove.base.confined import Here, Level
from alcove.base.crypto import Sealer
from alcove.base.outgoing import Outgoing
from alcove.connectors import store
from alcove.connectors.http.accounts import AccountsHTTP
from alcove.connectors.http.catalogue import Catalogue
from alcove.connectors.http.gathering import ConnectorsHTTP
from alcove.connectors.http.reaching import ReachHTTP
from alcove.connectors.maintenance import Maintenance
from alcove.connectors.model import ACCOUNTS, GATHERINGS, INTAKE, KIND, QUESTIONS, RUNS
from alcove.connectors.providers import Providers
from alcove.connectors.reach import REACH
from alcove.connectors.service.answers import Answers
from alcove.connectors.service.clearing import CLEARING, Clearing
from alcove.connectors.service.credentials import SEALING, Credentials
from alcove.connectors.service.folders import Folders
from alcove.connectors.service.gather import Gatherings
from alcove.connectors.service.granting import Granting
from alcove.connectors.service.hanging import Hanging
from alcove.connectors.service.intake import Intake
from alcove.connectors.service.journal import Journal
from alcove.connectors.service.konnectors import Konnectors, built_in
from alcove.connectors.service.questions import Questions
from alcove.connectors.service.reaching import Reaching
from alcove.connectors.service.runs import Runs
from alcove.connectors.service.services import AppServices
from alcove.connectors.service.stops import Stops
from alcove.connectors.service.ways import Ways
from alcove.connectors.tasks import Tasks
from alcove.documents import FOLLOWERS, INDEXES, POLICIES, Documents, Follower, Policy
from alcove.egress import Brokers
from alcove.files import Files
from alcove.identity import GRANTS, Gate, SessionCodes, Tokens
from alcove.instances import PROVISIONERS, Allowances, Contexts, Flags, Instance, Instances
from alcove.jobs import HANDLERS, Jobs, Triggers
from alcove.realtime import Realtime

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.base.house import House

log = logging.getLogger("alcove.connectors")


def register(house: House) -> None:
    """Provides `Konnectors`, `Intake`, `Runs` and `Gatherings`; finds out at the start what confinement there is."""
    instances, files, settings = house.need(Instances), house.need(Files), house.settings
    shelf = store.Shelf(house.need(Documents))
    konnectors = house.provide(Konnectors, Konnectors(shelf, house.clock, built_in()))
    intake = house.provide(Intake, Intake(settings.home, shelf, house.clock))
    here = house.need(Here)
    questions, journal = Questions(shelf, house.clock), Journal(shelf, house.clock)
    ways = Ways(settings, house.need(Brokers))
    runs = house.provide(Runs, Runs(here.get, house.need(Tokens), house.need(Realtime), questions, ways, settings.node))
    reaching = Reaching(shelf, questions, house.clock)
    installer = house.need(Installers).of(KIND)
    folders, jobs, stops = Folders(files), house.need(Jobs), Stops(shelf, house.clock)
    gatherings = house.provide(
        Gatherings, Gatherings(shelf, intake, konnectors, runs, jobs, folders, questions, journal, stops, house.clock)
    )
    answers = Answers(shelf, questions, gatherings, intake, jobs, reaching)
    maintenance = house.provide(Maintenance, Maintenance(house.need(Documents), house.need(Flags)))
    house.registry(CLOSED).add("connectors", maintenance.options)
    providers = house.provide(Providers, Providers(house.need(Documents), house.need(Sealer)))
    services = AppServices(here.get, house.need(Apps), house.need(Tokens), ways, settings.node)
    tasks = Tasks(
        instances,
        shelf,
        konnectors,
        runs,
        folders,
        gatherings,
        journal,
        maintenance,
        services,
        providers,
        jobs,
        reaching,
        installer,
    )
    for name, worker in tasks.workers().items():
        house.registry(HANDLERS).add(name, worker)
    for index in store.INDEXES:
        house.registry(INDEXES).add(index.name, index)
    for doctype in (INTAKE, GATHERINGS, QUESTIONS, RUNS, REACH):
        house.registry(POLICIES).add(doctype, Policy(writable=False))
    credentials = Credentials(house.need(Sealer), shelf, house.clock)
    house.registry(POLICIES).add(ACCOUNTS, Policy(hooks=credentials))
    house.registry(FOLLOWERS).add(SEALING, Follower(SEALING, frozenset((ACCOUNTS,)), credentials.heard))
    clearing = Clearing(shelf, jobs)
    house.registry(FOLLOWERS).add(CLEARING, Follower(CLEARING, frozenset((ACCOUNTS,)), clearing.heard))
    house.registry(GRANTS).add("konn", konnectors.grant)

    async def provision(instance: Instance, options: Mapping[str, str]) -> None:  # noqa: ARG001 - a provisioner's shape
        await konnectors.install(instance)

    house.registry(PROVISIONERS).add("connectors", provision)
    house.add_routes(*ConnectorsHTTP(intake, gatherings, stops, answers, shelf, runs, house.need(Triggers)).routes())
    granting = Granting(
        providers, shelf, credentials, house.need(Outgoing), house.need(Sealer), settings.scheme, house.clock
    )
    accounts = AccountsHTTP(
        granting,
        credentials,
        shelf,
        house.need(Apps),
        house.need(Gate),
        house.need(SessionCodes),
        instances,
        house.need(Allowances),
        settings.scheme,
    )
    house.add_routes(*accounts.routes())
    triggers = house.need(Triggers)
    catalogue = Catalogue(
        installer, Renewals(installer, house.clock), konnectors, triggers, jobs, house.need(Gate), settings.scheme
    )
    house.add_routes(*catalogue.routes(), *ReachHTTP(shelf, reaching).routes())
    clean = Hanging(shelf, triggers, clearing).remove
    house.add_routes(*InstallHTTP(installer, house.need(Contexts), catalogue.shown, clean).routes())
    house.add_routes(*DownloadHTTP(installer, catalogue.files, house.need(Gate)).routes())
    house.add_routes(*LogsHTTP(installer, house.need(Allowances)).routes())
    instances.on_destroyed(lambda instance: intake.forget(instance.key))

    async def start() -> None:
        found = await here.find()
        if found.level is not Level.NAMESPACES:
            log.warning("connectors are not confined as they should be", extra={"reason": found.how})
        everyone = {instance.key: instance for instance in instances.all()}
        for key in await intake.used(list(everyone)):
            await gatherings.tidy(everyone[key])

    house.on_start("connectors", start)
