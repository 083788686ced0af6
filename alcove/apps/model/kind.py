"""The two kinds of what is installed: web apps here, connectors in the room above."""

from __future__ import annotations

from dataclasses import dataclass

from alcove.apps.model.manifest import APPS, MANIFEST, OURS


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells the two apart: doctype, name of the manifest, its `type`, and the first segment of the routes.

    `ours` is the doctype of those that come with Alcove, where these are kept apart.
    """

    doctype: str
    manifest: str
    type: str
    name: str
    ours: str = ""

    def id_of(self, slug: str) -> str:
        """The id of the document of what is installed under a slug."""
        return f"{self.doctype}/{slug}"


WEBAPPS = Kind(APPS, MANIFEST, "webapp", "apps", OURS)
