"""`alcove app` and `alcove connector`: from the words of a command line to what is then installed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
from click.testing import CliRunner, Result

from alcove.apps.testing import write_app
from alcove.cli import alcove

if TYPE_CHECKING:
    from pathlib import Path

    from alcove.server.testing import Front


def run(*words: str, status: int = 0) -> Result:
    ran = CliRunner().invoke(alcove, list(words), env={"LANG": "C.UTF-8"})
    assert ran.exit_code == status, ran.output
    return ran


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


def test_an_app_is_installed_updated_listed_and_removed(door: Front, tmp_path: Path) -> None:
    run("instance", "add", "alice.example", "--invite")
    folder = write_app(tmp_path, "other", permissions={})
    assert run("app", "install", "other", str(folder)).stdout.startswith("other  1.0.0-")
    assert "already exists" in run("app", "install", "other", str(folder), status=1).output
    assert [one["slug"] for one in told("app", "ls")] == ["other"]
    write_app(tmp_path, "other", permissions={"f": {"type": "io.cozy.files"}}, version="2.0.0")
    asked = run("app", "update", "other").stdout
    assert "say --yes" in asked
    assert asked.endswith("  wants io.cozy.files ALL  (f)\n")
    assert run("app", "show", "other").stdout.endswith("2.0.0 waits for a yes\n  wants io.cozy.files ALL  (f)\n")
    assert told("app", "update", "other", "--yes")["version"].startswith("2.0.0")
    shown = told("app", "show", "other")
    assert (shown["permissions"], "pending" in shown) == ({"f": {"type": "io.cozy.files"}}, False)
    assert run("app", "show", "other").stdout.endswith("  may io.cozy.files ALL  (f)\n")
    assert run("app", "ls", "--instance", "alice.example").stdout.endswith(f"ready  file://{folder}\n")
    assert run("app", "rm", "other").stdout == "other is removed\n"
    assert "not installed" in run("app", "rm", "other", status=1).output
    assert "no registry" in run("app", "install", "drive", status=1).output


def test_a_connector_is_installed_and_removed(door: Front, tmp_path: Path) -> None:
    run("instance", "add", "alice.example", "--invite")
    (tmp_path / "manifest.konnector").write_bytes(orjson.dumps({"slug": "shop", "type": "konnector"}))
    before = told("konnector", "list")
    run("connector", "install", "shop", tmp_path.as_uri())
    assert len(told("connector", "ls")) == len(before) + 1
    run("connector", "uninstall", "shop")
    assert told("connector", "ls") == before
