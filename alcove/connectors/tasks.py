"""The workers `konnector` (contract-b sections 6 and 8) and `gather`."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from alcove.apps import SERVICE
from alcove.base.confined import Limits
from alcove.connectors.errors import NoSuchConnector
from alcove.connectors.model import CONDITIONS, FINAL
from alcove.connectors.service.languages import CannotStart, NoNode
from alcove.connectors.service.reaching import UNCONFIRMED, NotConfirmed
from alcove.connectors.service.runs import MEMORY, WAITING, Run, RunEnd
from alcove.connectors.texts import said
from alcove.jobs import BadTrigger, NoRetry, Running, Worker

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alcove.apps import Installer
    from alcove.connectors.maintenance import Maintenance
    from alcove.connectors.model import Konnector
    from alcove.connectors.providers import Providers
    from alcove.connectors.service.folders import Folders
    from alcove.connectors.service.gather import Gatherings
    from alcove.connectors.service.journal import Journal
    from alcove.connectors.service.konnectors import Konnectors
    from alcove.connectors.service.reaching import Reaching
    from alcove.connectors.service.runs import OnLine, Runs
    from alcove.connectors.service.services import AppServices
    from alcove.connectors.store import Shelf
    from alcove.instances import Instance, Instances
    from alcove.jobs import Jobs

log = logging.getLogger("alcove.connectors")

SECONDS = 300.0
"""How long a run of the worker `konnector` may take."""

ATTEMPTS = 2
GATHER_ATTEMPTS = 3


class RunFailed(Exception):
    """A connector's own error: its code, as clients match it."""


def _judge(end: RunEnd) -> None:
    """Raises the error of a run, in a way that says whether trying again is of use."""
    if end.failure:
        final = end.heard.no_retry or end.failure.startswith(FINAL)
        raise NoRetry(end.failure) if final else RunFailed(end.failure)


class Tasks:
    """What the two workers do."""

    def __init__(
        self,
        instances: Instances,
        shelf: Shelf,
        konnectors: Konnectors,
        runs: Runs,
        folders: Folders,
        gatherings: Gatherings,
        journal: Journal,
        maintenance: Maintenance,
        services: AppServices,
        providers: Providers,
        jobs: Jobs,
        reaching: Reaching,
        installer: Installer,
    ) -> None:
        self._reaching = reaching
        self._installer = installer
        self._jobs = jobs
        self._providers = providers
        self._services = services
        self._maintenance = maintenance
        self._instances = instances
        self._shelf = shelf
        self._konnectors = konnectors
        self._runs = runs
        self._folders = folders
        self._gatherings = gatherings
        self._journal = journal

    def workers(self) -> dict[str, Worker]:
        """The workers by name."""
        konnector = Worker(
            self.konnector,
            max_attempts=ATTEMPTS,
            timeout_s=SECONDS + WAITING + 30,
            concurrency=2,
            hourly=100,
            admit=self.admit,
        )
        gather = Worker(
            self.gather, max_attempts=GATHER_ATTEMPTS, timeout_s=2 * 3600.0, concurrency=2, reserved=True, backoff_s=2.0
        )
        service = Worker(self.service, max_attempts=2, timeout_s=SECONDS + 30, concurrency=2, hourly=200)
        return {"konnector": konnector, "gather": gather, SERVICE: service}

    async def admit(self, tenant: str, said: Any, manual: bool, trigger_id: str) -> bool:
        """Whether a run makes sense: not of a connector out of service, nor by itself after the person is needed.

        A wrong password that is tried every week has the account closed at the vendor.
        """
        message = said if isinstance(said, dict) else {}
        slug, instance = str(message.get("konnector") or ""), self._instances.by_key(tenant)
        if instance is None or message.get("account_deleted") is True:
            return True
        if await self._maintenance.keeps(instance, slug, manual=manual):
            log.info("a connector is out of service: it is not run", extra={"tenant": tenant, "connector": slug})
            return False
        if manual or not trigger_id:
            return True
        last = next((job for job in await self._jobs.of_trigger(tenant, trigger_id) if job.ended), None)
        needed = last is not None and last.error.startswith(FINAL) and last.error != CONDITIONS
        if needed:
            log.info("a connector waits for the person", extra={"tenant": tenant, "connector": slug})
        return not needed

    async def service(self, running: Running) -> None:
        """What an app does in the background."""
        await self._services.run(self._instance(running.tenant), running)

    async def konnector(self, running: Running) -> None:
        """Runs a connector for one account. Raises with Cozy's code as the job's error."""
        message = running.message if isinstance(running.message, dict) else {}
        instance = self._instance(running.tenant)
        if message.get("account_deleted") is True:
            await self._clear_up(instance, message, running)
            return
        konnector = await self._konnector(instance, str(message.get("konnector", "")))
        account = await self._account(instance, message)
        fields = await self._fields(instance, konnector, account, message)
        run = await self._run(instance, konnector, fields, running)
        entry = await self._journal.begin(run.asker, apart=self._runs.apart, manual=running.manual, brokered=True)
        async with entry.closing():
            try:
                end = await self._reached(run, account, entry.hear)
            except NoRetry as error:
                entry.fail(str(error))
                raise
            entry.fail(end.failure)
        _judge(end)

    async def _reached(self, run: Run, account: Mapping[str, Any], on_line: OnLine | None = None) -> RunEnd:
        """One run, with the hosts that it may connect to. Raises `NoRetry` for one that cannot be, and what runs do."""
        locale = run.instance.locale
        try:
            reach = await self._reaching.begin(run.asker, run.konnector, account, locale)
        except NotConfirmed:
            raise NoRetry(UNCONFIRMED) from None
        try:
            return await self._runs.run(replace(run, reach=reach), on_line)
        except (NoNode, CannotStart) as error:
            raise NoRetry(str(error)) from None
        finally:
            await self._reaching.end(reach, locale)

    async def _run(
        self,
        instance: Instance,
        konnector: Konnector,
        fields: dict[str, Any],
        running: Running,
        *,
        clearing: bool = False,
    ) -> Run:
        provider = await self._providers.find(instance, konnector.slug)
        return Run(
            instance,
            konnector,
            fields,
            payload=running.payload,
            job_id=running.id,
            trigger_id=running.trigger_id,
            manual=running.manual,
            attended=running.manual and not clearing,
            secret=provider.shared_secret if provider is not None else None,
            clearing=clearing,
            limits=Limits(memory=MEMORY, wall=SECONDS, cpu=int(SECONDS)),
        )

    async def _clear_up(self, instance: Instance, message: dict[str, Any], running: Running) -> None:
        """Has a connector clear up after an account that is gone; what was kept of it goes with the last try."""
        last = True
        try:
            konnector = await self._konnector(instance, str(message.get("konnector", "")))
            if konnector.clears_up:
                run = await self._run(instance, konnector, message, running, clearing=True)
                _judge(await self._reached(run, {}))
        except NoRetry:
            raise
        except Exception:
            last = running.attempt >= ATTEMPTS
            raise
        finally:
            if last:
                await self._shelf.forget_deleted(instance.key, str(message.get("account") or ""))

    async def _konnector(self, instance: Instance, slug: str) -> Konnector:
        def place(slug: str, code: str) -> Path:
            return self._installer.shelf.place(instance.key, self._installer.kind, slug, code)

        try:
            return await self._konnectors.find(instance, slug, place)
        except NoSuchConnector as error:
            raise BadTrigger(error.detail) from None

    async def _account(self, instance: Instance, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """The account of a run; raises `BadTrigger` when it is gone."""
        account_id = str(message.get("account") or "")
        account = await self._shelf.account(instance.key, account_id) if account_id else None
        if account is None:
            raise BadTrigger("The account of this trigger is gone")
        return account

    async def _fields(
        self, instance: Instance, konnector: Konnector, account: Mapping[str, Any], message: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The message with its folder repaired."""
        known = str(message.get("folder_to_save") or "")
        folder = await self._folders.ensure(instance, konnector, account, known)
        return {**message, "folder_to_save": folder} if folder else dict(message)

    async def gather(self, running: Running) -> None:
        """Does a gathering; what fails in the server itself is tried again, then told in the gathering."""
        instance = self._instance(running.tenant)
        gathering_id = str(running.message["gathering"])
        try:
            await self._gatherings.run(instance, gathering_id)
        except Exception as error:
            if running.attempt >= GATHER_ATTEMPTS:
                reason = said("failed", instance.locale, error=type(error).__name__)
                await self._gatherings.give_up(instance, gathering_id, reason)
            raise

    def _instance(self, tenant: str) -> Instance:
        instance = self._instances.by_key(tenant)
        if instance is None:
            raise NoRetry("The instance is gone")
        return instance
