"""Puts the sample person into the house."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.apps import Apps
from alcove.connectors import GATHERINGS, Gatherings, Intake, Runs
from alcove.documents import POLICIES, Documents, Policy
from alcove.identity import Gate, Sessions
from alcove.instances import Allowances, Instances
from alcove.jobs import HANDLERS, Jobs
from alcove.sample.http import SampleHTTP
from alcove.sample.model import SAMPLES
from alcove.sample.service import WORKER, Samples, Sweeper
from alcove.sample.store import Shelf
from alcove.sample.tasks import worker

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Samples`, its routes and its worker."""
    settings, instances, documents = house.settings, house.need(Instances), house.need(Documents)
    samples = Samples(
        Shelf(documents),
        instances,
        house.need(Intake),
        house.need(Gatherings),
        house.need(Jobs),
        house.need(Allowances),
        house.clock,
        house.need(Runs).refusal,
        scheme=settings.scheme,
        offered=settings.samples == "on",
    )
    house.provide(Samples, samples)
    documents.watch(samples.hear, frozenset((GATHERINGS,)))
    house.registry(HANDLERS).add(WORKER, worker(samples, instances))
    house.registry(POLICIES).add(SAMPLES, Policy(writable=False))
    routes = SampleHTTP(samples, house.need(Gate), house.need(Sessions), house.need(Apps), settings.scheme)
    house.add_routes(*routes.routes())
    sweeper = Sweeper(samples)
    instances.on_destroyed(sweeper.destroyed)
    house.on_start("samples", sweeper.start)
    house.on_stop("samples", sweeper.stop)
