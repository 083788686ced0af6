"""Why an app, or a file of it, is not served.

Refusal ── NotInstalled 404
PlainRefusal ── NoSuchApp 404, NoSuchFile 404, SessionNeeded 401, PageBroken 500
ManifestWrong (ValueError): a folder that cannot be served as an app
"""

from __future__ import annotations

from alcove.base.errors import NotFound, PlainRefusal


class NotInstalled(NotFound):
    """No app of this slug is installed here."""

    def __init__(self) -> None:
        super().__init__("Application is not installed")


class NoSuchApp(PlainRefusal):
    """The sub-domain of an app that is not installed here."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Application is not installed")


class NoSuchFile(PlainRefusal):
    """The app has no such file."""

    status = 404

    def __init__(self) -> None:
        super().__init__("Asset not found")


class SessionNeeded(PlainRefusal):
    """A file of an app that only the person who lives here may have."""

    status = 401

    def __init__(self) -> None:
        super().__init__("You must be authenticated")


class PageBroken(PlainRefusal):
    """The page of an app asks for a value that there is none of."""

    status = 500

    def __init__(self, name: str) -> None:
        super().__init__(f"This app's page cannot be shown: it asks for {name}, which is not known here")


class ManifestWrong(ValueError):
    """A folder that cannot be served as an app; the message names it and says why."""
