"""Puts the outbox into the house."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alcove.base.crypto import Sealer
from alcove.base.tables import Tables
from alcove.egress import Journal
from alcove.instances import Allowances, Contexts, Instance, Instances, InstanceSettings
from alcove.jobs import HANDLERS, Jobs
from alcove.outbox.appmail import SENDMAIL, AppMails
from alcove.outbox.http import SupportHTTP
from alcove.outbox.post import Post
from alcove.outbox.service import WORKER, Outbox
from alcove.outbox.store import Waiting
from alcove.outbox.tasks import Tasks

if TYPE_CHECKING:
    from alcove.base.house import House


def register(house: House) -> None:
    """Provides `Outbox`, and the worker that hands mails over."""
    waiting = Waiting(house.need(Tables), house.need(Sealer))
    contexts, settings, clock = house.need(Contexts), house.settings, house.clock
    outbox = Outbox(waiting, house.need(Jobs), house.need(Allowances), contexts, clock, settings)
    house.provide(Outbox, outbox)
    person = house.need(InstanceSettings)
    for_apps = AppMails(outbox, house.need(Instances), person, contexts)
    house.add_routes(*SupportHTTP(outbox, for_apps, contexts, person, house.need(Allowances)).routes())
    post = Tasks(waiting, Post.of(settings, house.need(Journal)), clock)
    for name, worker in ((WORKER, post.worker()), (SENDMAIL, for_apps.worker())):
        house.registry(HANDLERS).add(name, worker)
    house.on_start("outbox", outbox.prepare)
    _forget(house.need(Instances), waiting)


def _forget(instances: Instances, waiting: Waiting) -> None:
    forgetting: set[asyncio.Task[None]] = set()

    def gone(instance: Instance) -> None:
        task = asyncio.get_running_loop().create_task(waiting.forget(instance.key))
        forgetting.add(task)
        task.add_done_callback(forgetting.discard)

    instances.on_destroyed(gone)
