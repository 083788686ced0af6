"""What an operator does with whole stores: moving instances between files and a database, ending an upgrade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.assets import asset_documents
from alcove.base.config import WrongSetting
from alcove.base.errors import Refusal
from alcove.base.tables import Tables
from alcove.documents import CopyDiffers, StoredDocuments, copy_documents, copy_store
from alcove.instances import DIRECTORY, directory, flag_documents
from alcove.jobs import copy_queue
from alcove.server.compose import compose
from alcove.server.run import FolderTaken, take_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alcove.base.config import Settings
    from alcove.base.house import House


async def move_store(source: Settings, target: Settings, domains: Sequence[str], say: Callable[[str], None]) -> None:
    """Copies instances (all, without `domains`), each verified; the source stays as it is.

    Raises `WrongSetting` when a server runs, an instance is not there, or its copy is not the same.
    """
    if source.database == target.database:
        raise WrongSetting("the instances lie there already: name another place")
    try:
        lock = await take_folder(source)
    except FolderTaken as error:
        raise WrongSetting(str(error)) from None
    houses = compose(source), compose(target)
    try:
        await _move(*houses, domains, say)
    except (Refusal, CopyDiffers) as error:
        raise WrongSetting(f"not moved: {error}") from None
    finally:
        for house in houses:
            await house.need(StoredDocuments).close()
        lock.close()


async def _move(source: House, target: House, domains: Sequence[str], say: Callable[[str], None]) -> None:
    documents, copies = source.need(StoredDocuments), target.need(StoredDocuments)
    known = await directory(documents)
    unknown = [domain for domain in domains if domain not in known]
    if unknown:
        raise WrongSetting(f"there is no instance {unknown[0]}; there are {', '.join(known) or 'none'}")
    shared = [*await flag_documents(documents, DIRECTORY), *await asset_documents(documents, DIRECTORY)]
    for domain in domains or known:
        tenant, records = known[domain]
        extent = await copy_store(documents, copies, tenant)
        jobs = await copy_queue(source.need(Tables), target.need(Tables), tenant)
        await copy_documents(copies, DIRECTORY, [*shared, *records])
        say(
            f"{domain}: {extent.documents} documents, {jobs} jobs, sha256 {extent.digest[:16]}, the same in both places"
        )


async def finish_upgrade(settings: Settings) -> None:
    """Takes away what only older releases needed. Raises `WrongSetting` without a database, or when it is newer."""
    if not settings.database:
        raise WrongSetting("there is nothing to finish: ALCOVE_DATABASE is not set, and files need no second step")
    from alcove.base.postgres import Postgres

    postgres = compose(settings).need(Postgres)
    try:
        await postgres.clear()
    except Refusal as error:
        raise WrongSetting(f"not finished: {error}") from None
    finally:
        await postgres.close()
