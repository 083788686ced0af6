"""The workers of this room (contract-b section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alcove.jobs import Running, Worker

if TYPE_CHECKING:
    from alcove.files.service.thumbnails import Thumbnails

THUMBNAIL = "thumbnail"


class Drawing:
    """Draws the thumbnails of one file as a job: the operator asks for it, where a picture has none."""

    def __init__(self, thumbnails: Thumbnails) -> None:
        self._thumbnails = thumbnails

    def workers(self) -> dict[str, Worker]:
        """The worker by its name; for the server's own use and the operator's, as in the reference."""
        return {THUMBNAIL: Worker(self.draw, max_attempts=2, timeout_s=60, concurrency=1, reserved=True, hourly=20_000)}

    async def draw(self, running: Running) -> None:
        """The file is named by `file_id`, or is the document of the event; a message that names none is done."""
        message = running.message if isinstance(running.message, dict) else {}
        event = running.event if isinstance(running.event, dict) else {}
        document = event.get("doc")
        told = document.get("_id") if isinstance(document, dict) else None
        if named := message.get("file_id") or told:
            await self._thumbnails.renew(running.tenant, str(named))
