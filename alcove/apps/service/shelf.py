"""The files of installed apps: `$ALCOVE_HOME/instances/<key>/<apps|konnectors>/<slug>/<32 hexadecimal digits>/`.

A folder is written whole and durably before a document names it, and never changed after. One that no document names
is what a crash or an update left: it goes with the next installation of that app, once it is an hour old.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING

from alcove.apps.errors import CodeRefused
from alcove.base.folders import full_disk, make_folder
from alcove.base.ids import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.apps.model import Kind
    from alcove.apps.service.package import Package

LEFT = 3600.0
"""Seconds after which a folder that no document names is nobody's: none is written for so long."""


class Shelf:
    """Keeps, finds and drops the files of apps. `tenant` is an instance's key."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def place(self, tenant: str, kind: Kind, slug: str, code: str) -> Path:
        """Where the files lie that a document names by `code`."""
        return self._all(tenant, kind, slug) / code

    async def keep(self, tenant: str, kind: Kind, slug: str, package: Package) -> tuple[str, str]:
        """Writes the files of a package; gives what names them, and their checksum.

        Raises `CodeRefused`, `StorageFull`, `SourceUnreachable`.
        """
        code = new_id()
        folder = self.place(tenant, kind, slug, code)
        try:
            with full_disk():
                await asyncio.to_thread(make_folder, folder)
                return code, await package.write(folder)
        except OSError as error:
            await self.drop(tenant, kind, slug, code)
            raise CodeRefused(f"The files of the app cannot be read: {error.strerror}") from None
        except BaseException:
            await self.drop(tenant, kind, slug, code)
            raise

    async def drop(self, tenant: str, kind: Kind, slug: str, code: str) -> None:
        """Removes files; does nothing when they are gone."""
        if code:
            await asyncio.to_thread(shutil.rmtree, self.place(tenant, kind, slug, code), ignore_errors=True)

    async def tidy(self, tenant: str, kind: Kind, slug: str, code: str) -> None:
        """Removes what nobody names any more beside `code`."""
        await asyncio.to_thread(_tidy, self._all(tenant, kind, slug), code)

    def forget(self, tenant: str) -> None:
        """Removes everything of an instance that is gone."""
        for name in ("apps", "konnectors"):
            shutil.rmtree(self._home / "instances" / tenant / name, ignore_errors=True)

    def _all(self, tenant: str, kind: Kind, slug: str) -> Path:
        return self._home / "instances" / tenant / kind.name / slug


def _tidy(above: Path, code: str) -> None:
    for folder in above.iterdir() if above.is_dir() else ():
        if folder.name != code and folder.stat().st_mtime < time.time() - LEFT:
            shutil.rmtree(folder, ignore_errors=True)
