"""Why an app, or a file of it, is not served.

Refusal
├── NotInstalled 404     ├── AlreadyInstalled 409   ├── ManifestRefused 400   ├── CodeRefused 400
├── SlugWrong 422        ├── SourceWrong 422        ├── ComesAlong 400        ├── LinkedClient 400
├── SourceUnreachable 404 ├── ChangedMeanwhile 409  ├── ParametersWrong 400
├── IntentMissing 404    └── IntentWrong 422
PlainRefusal ── NoSuchApp 404, NoSuchFile 404, SessionNeeded 401, PageBroken 500, NotReady 503
ManifestWrong (ValueError): a folder that cannot be served as an app
"""

from __future__ import annotations

from alcove.base.errors import BadRequest, Conflict, NotFound, PlainRefusal, Unprocessable


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


class NotOfBrowser(PlainRefusal):
    """A report on a page that no browser made by itself."""

    status = 415

    def __init__(self) -> None:
        super().__init__("Only browsers report here, by themselves, as application/csp-report")


class PageBroken(PlainRefusal):
    """The page of an app asks for a value that there is none of."""

    status = 500

    def __init__(self, name: str) -> None:
        super().__init__(f"This app's page cannot be shown: it asks for {name}, which is not known here")


class NotReady(PlainRefusal):
    """The app is there, and its files are not yet."""

    status = 503

    def __init__(self) -> None:
        super().__init__("This app is not ready yet: try again in a moment")


class AlreadyInstalled(Conflict):
    """Another app has this slug: remove it first, or update it."""

    def __init__(self) -> None:
        super().__init__("Application with same slug already exists")


class ChangedMeanwhile(Conflict):
    """Somebody else updated or removed it at the same time: look again."""

    def __init__(self) -> None:
        super().__init__("The application was changed at the same time: try again")


class SlugWrong(Unprocessable):
    """A slug that cannot be the name of a host."""

    def __init__(self) -> None:
        super().__init__("A slug is made of small letters, digits and hyphens, 63 at the most", parameter="slug")


class SourceWrong(Unprocessable):
    """A source that cannot be understood, or that this server does not take."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail, parameter="Source")


class SourceUnreachable(NotFound):
    """Nothing can be read at the source."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Application manifest is not reachable: {reason}")


class ManifestRefused(BadRequest):
    """The manifest is not one, or not of this kind."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Application manifest is not valid: {reason}")


class CodeRefused(BadRequest):
    """The files of the app are too many, too large, or have names that cannot be kept."""


class ParametersWrong(BadRequest):
    """`Parameters` is no JSON object, or not for this source."""

    def __init__(self) -> None:
        super().__init__("Parameters must be a JSON object, for a connector from elsewhere than a registry")


class ComesAlong(BadRequest):
    """It comes with Alcove: it is updated with it, and not removed."""

    def __init__(self, slug: str) -> None:
        super().__init__(f"{slug} comes with Alcove: it is updated with it, and cannot be removed or replaced")


class LinkedClient(BadRequest):
    """A program of the person acts as this app: disconnect it first."""

    def __init__(self) -> None:
        super().__init__("A connected program acts as this app: disconnect it before the app is removed")


class IntentMissing(NotFound):
    """No app asked for this, or it is more than a day ago."""

    def __init__(self) -> None:
        super().__init__("There is no such intent: ask again")


class IntentWrong(Unprocessable):
    """It is not said what is asked for."""

    def __init__(self, detail: str, parameter: str) -> None:
        super().__init__(detail, parameter=parameter)


class ManifestWrong(ValueError):
    """A folder that cannot be served as an app; the message names it and says why."""
