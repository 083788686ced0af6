"""Folders of built files. Only what was listed is served: no path of a request ever reaches the file system."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alcove.apps.errors import ManifestWrong
from alcove.apps.model import MANIFEST, Manifest, Template, is_hashed, media_type, read_manifest
from alcove.base.config import WrongSetting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

log = logging.getLogger("alcove.apps")

SHARED = "_shared"
"""The folder of what all apps load from the instance's own domain."""
FIRST = ("/@alcove/refresh", "/@vite/client")
"""Scripts of the development server that come before those of a page: they replace what changes."""
TWINS = {"br": ".br", "gzip": ".gz"}
"""Ends of names of compressed twins, by content coding."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that may be served, and its compressed twins by content coding."""

    path: Path
    size: int
    etag: str
    media_type: str
    immutable: bool
    twins: dict[str, Path]


class Folder:
    """The files of a folder, as they were when it was last listed. Links are left out."""

    def __init__(self, root: Path, *, built: bool = False) -> None:
        self.root = root
        self._built = built
        self._assets: dict[str, Asset] = {}
        self._pages: dict[str, tuple[int, Template]] = {}
        self._listed = 0
        self.list()

    def list(self) -> None:
        """Lists the files again."""
        self._listed = self._changed()
        found = dict(_files(self.root))
        twins = {name + end for name in found for end in TWINS.values()} & set(found)
        self._assets = {name: self._asset(name, found) for name in found if name not in twins}

    def get(self, name: str) -> Asset | None:
        """The file of that name, relative to the folder; lists them again when the folder was built anew."""
        found = self._assets.get(name)
        if found is None and self._changed() != self._listed:
            self.list()
            found = self._assets.get(name)
        return found

    def paths(self) -> Sequence[tuple[str, Path]]:
        """All files by name, and where each lies; their compressed twins too."""
        found = ((name, [asset.path, *asset.twins.values()]) for name, asset in sorted(self._assets.items()))
        return [(name + path.name[len(paths[0].name) :], path) for name, paths in found for path in paths]

    def _read(self, name: str) -> str:
        """The text of a page, as the template is made from."""
        return (self.root / name).read_text("utf-8")

    def page(self, name: str) -> Template | None:
        """The page of that name. When it was built anew since, all files are listed again: for who develops apps."""
        if self.get(name) is None:
            return None
        path = self.root / name
        try:
            changed = path.stat().st_mtime_ns
            kept = self._pages.get(name)
            if kept is None or kept[0] != changed:
                if kept is not None:
                    self.list()
                kept = self._pages[name] = (changed, Template(self._read(name)))
        except FileNotFoundError:
            return None
        return kept[1]

    def _changed(self) -> int:
        try:
            return self.root.stat().st_mtime_ns
        except FileNotFoundError:
            return 0

    def _asset(self, name: str, found: dict[str, os.stat_result]) -> Asset:
        told = found[name]
        path = self.root / name
        twins = {coding: path.with_name(path.name + end) for coding, end in TWINS.items() if name + end in found}
        etag = f"{told.st_size:x}-{told.st_mtime_ns:x}"
        return Asset(path, told.st_size, etag, media_type(name), is_hashed(name, built=self._built), twins)


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for where, _, names in os.walk(root):
        for name in names:
            path = Path(where, name)
            if not path.is_symlink() and path.is_file():
                yield path.relative_to(root).as_posix(), path.stat()


class SourceFolder(Folder):
    """An app as it is written: its page takes scripts from the development server, which replaces them as they change.

    For who writes pages; the server asks nothing of that address itself, the browser does.
    """

    def __init__(self, root: Path, vite: str) -> None:
        self._vite = vite
        super().__init__(root)

    def get(self, name: str) -> Asset | None:
        """As built, what lies in `static` is found beside the page."""
        return super().get(name) or super().get(f"static/{name}")

    def _read(self, name: str) -> str:
        first = "".join(f'<script type="module" src="{self._vite}{path}"></script>' for path in FIRST)
        page = super()._read(name).replace('src="./', f'src="{self._vite}/{self.root.name}/')
        return page.replace("<head>", f"<head>{first}", 1)


@dataclass(frozen=True, slots=True)
class ServedApp:
    """An app as it is served: its manifest, its files, and a version that changes with its icon."""

    folder: Folder
    manifest: Manifest
    version: str


def read_built(root: Path, vite: str = "") -> ServedApp:
    """An app that comes with Alcove; raises `ManifestWrong`. With `vite` it holds sources, and pages name that address.

    The version ends with a mark that changes with the manifest or the icon: browsers keep icons by it.
    """
    content = (root / MANIFEST).read_bytes()
    folder = SourceFolder(root, vite) if vite else Folder(root)
    manifest = read_manifest(content, root.name)
    icon = folder.get(manifest.icon)
    digest = hashlib.sha256(content + (icon.path.read_bytes() if icon else b"")).hexdigest()[:10]
    for route in manifest.routes:
        if folder.get(f"{route.folder}/{route.index}".lstrip("/")) is None:
            raise ManifestWrong(f"{root.name}: its page {route.index} is not there")
    return ServedApp(folder, manifest, f"{manifest.version}-{digest}")


def built_folder(chosen: str, vite: str = "") -> Path:
    """Where the apps of this installation lie: the folder that is set, the package's own, or the checkout's build.

    With `vite`, the checkout's sources; raises `WrongSetting` where there are none.
    """
    if vite:
        sources = Path(__file__).parents[3] / "web" / "apps"
        if not sources.is_dir():
            raise WrongSetting("vite is for who writes pages: an installed package has no sources of them")
        return sources
    if chosen:
        return Path(chosen).expanduser()
    package = Path(__file__).parents[1] / "built"
    return package if package.is_dir() else Path(__file__).parents[3] / "web" / "dist"


def built_apps(folder: Path, vite: str = "") -> list[ServedApp]:
    """The apps in a folder, by slug. One that cannot be served is left out and logged."""
    found = []
    for path in sorted(folder.glob(f"*/{MANIFEST}")):
        try:
            found.append(read_built(path.parent, vite))
        except (ManifestWrong, OSError) as error:
            log.warning("an app is left out", extra={"reason": str(error)})
    return found
