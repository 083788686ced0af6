"""Where an app comes from, as `Source` says it (contract-a section 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from alcove.apps.errors import SlugWrong, SourceWrong

FOLDER, REGISTRY, WEB, GIT = "file", "registry", "https", "git"
SCHEMES = {FOLDER: FOLDER, REGISTRY: REGISTRY, WEB: WEB, "http": WEB, GIT: GIT, "git+https": GIT}
"""The schemes that a source is written with, and what each is."""
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_REGISTERED = re.compile(r"registry://[a-z0-9-]+(/[a-z]+)?(/([0-9][0-9a-z.+-]*|latest))?/?")
_BRANCH = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9._/+-]{0,199}")
CHANNEL = "stable"
LONGEST = 2000
"""Characters of a source at the most."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source that was understood: its scheme, and what stands behind it."""

    text: str
    scheme: str

    @property
    def path(self) -> str:
        """The folder of this machine that a `file://` names."""
        return unquote(self.text.partition("://")[2])

    @property
    def repository(self) -> str:
        """The address of a repository. What is written as `git://` is asked over https too: nobody reads along."""
        return f"https://{self.text.partition('://')[2].partition('#')[0]}"

    @property
    def branch(self) -> str:
        """The branch of a repository; empty for what it calls its head."""
        return unquote(self.text.partition("#")[2])

    @property
    def pinned(self) -> bool:
        """Whether a `registry://` names one version, which is always the same."""
        return not self.registered.endswith("/latest")

    @property
    def registered(self) -> str:
        """The path below `/registry/` of what a `registry://` names: a version, or the latest of a channel."""
        slug, *more = self.text.partition("://")[2].strip("/").split("/")
        if more and more[-1][:1].isdigit():
            return f"{slug}/{more[-1]}"
        return f"{slug}/{more[0] if more else CHANNEL}/latest"


def read_source(text: str) -> Source:
    """A source as it is written; raises `SourceWrong`.

    >>> read_source("file:///srv/my%20app").path
    '/srv/my app'
    >>> read_source("registry://drive/beta").registered, read_source("registry://drive/1.2.3").registered
    ('drive/beta/latest', 'drive/1.2.3')
    >>> read_source("git://code.example/app.git#build").repository
    'https://code.example/app.git'
    """
    if not text:
        raise SourceWrong("The parameter Source must say where the app comes from")
    try:
        said, host = urlsplit(text).scheme, urlsplit(text).netloc
    except ValueError:
        said, host = "", ""
    scheme = SCHEMES.get(said, "")
    if not scheme or len(text) > LONGEST or not text.startswith(f"{said}://"):
        raise SourceWrong("Invalid or not supported source scheme")
    if scheme in (WEB, GIT) and (not host or "@" in host):
        raise SourceWrong("A source names its server, and no password: everybody is told where an app comes from")
    if scheme == GIT and "#" in text and not _BRANCH.fullmatch(unquote(text.partition("#")[2])):
        raise SourceWrong("A branch stands behind #, as in git+https://code.example/app.git#build")
    if scheme == FOLDER and not unquote(text.partition("://")[2]).startswith("/"):
        raise SourceWrong("A folder is named by its whole path: file:///srv/app")
    if scheme == REGISTRY and not _REGISTERED.fullmatch(text):
        raise SourceWrong("A registry's app is named as registry://slug, with a channel or a version behind it")
    return Source(text, scheme)


def check_slug(slug: str) -> None:
    """Raises `SlugWrong` unless the slug can be the name of a host."""
    if not _SLUG.fullmatch(slug):
        raise SlugWrong
