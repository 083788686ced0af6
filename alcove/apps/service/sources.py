"""Fetching an app from where its source says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alcove.apps.model import LIMIT
from alcove.apps.service.package import open_folder

if TYPE_CHECKING:
    from alcove.apps.model import Kind, Source
    from alcove.apps.service.package import Package


class Sources:
    """What can be installed from."""

    async def fetch(self, kind: Kind, source: Source) -> Package:
        """The app at a source, of which nothing is kept yet; raises `SourceUnreachable`."""
        return await asyncio.to_thread(open_folder, source.path, kind, LIMIT)
