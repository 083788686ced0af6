"""The folder that a connector saves into (contract-b section 8): found by its reference, else made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.connectors.model import KONNECTORS, Konnector
from alcove.files import Author

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alcove.files import Files
    from alcove.instances import Instance


class Folders:
    """The connectors' folders of every instance."""

    def __init__(self, files: Files) -> None:
        self._files = files

    async def ensure(
        self, instance: Instance, konnector: Konnector, account: Mapping[str, Any], known: str = ""
    ) -> str:
        """The id of the folder: the known one if it lives, else the one that names the connector, else a new one.

        A connector whose manifest names no `folders` has none: empty.
        """
        if known:
            node = await self._files.find(instance, known)
            if node is not None and node.is_dir and not node.trashed:
                return known
        if not konnector.manifest.get("folders"):
            return ""
        for node in await self._files.referring(instance, KONNECTORS, konnector.document_id):
            if node.is_dir and not node.trashed:
                return node.id
        return await self._make(instance, konnector, account)

    async def _make(self, instance: Instance, konnector: Konnector, account: Mapping[str, Any]) -> str:
        author = Author(slug=konnector.slug)
        path = str(account.get("defaultFolderPath") or "")
        if not path.startswith("/"):
            above = await self._files.administrative(instance, author)
            path = f"{above.path}/{konnector.local_name(instance.locale).replace('/', '-')}"
            if account.get("name") and not is_file_account(account):
                path += f"/{str(account['name']).replace('/', '-')}"
        made = await self._files.ensure_path(instance, path, author)
        await self._files.refer(instance, made.id, [{"type": KONNECTORS, "id": konnector.document_id}])
        return made.id


def is_file_account(account: Mapping[str, Any]) -> bool:
    """Whether it is the one account of a connector of files: no folder of its own is needed."""
    return (account.get("data") or {}).get("source") == "files"
