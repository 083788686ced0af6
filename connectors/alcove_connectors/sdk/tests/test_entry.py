"""How a run begins and ends: environment in, JSON lines and a status out."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alcove_connectors.sdk import Connector, Context, LoginFailed, command
from alcove_connectors.sdk.entry import context_of, main, recogniser_in, run
from alcove_connectors.sdk.testing import FakeStack, context_for
from click.testing import CliRunner

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
from alcove_connectors.sdk import Connector, FileEntry, save_files

class Small(Connector):
    slug = "small"

    @staticmethod
    def recognise(head, name):
        return 1.0 if head == b"small" else 0.0

    def take(self, ctx, item):
        (file,) = save_files(ctx, [FileEntry(item.name, item.path)])
        ctx.result(item, file.outcome, counts={"files": 1})
"""


class Faulty(Connector):
    slug = "faulty"
    error: Exception = RuntimeError("hunter22")

    def run(self, ctx: Context) -> None:
        ctx.state["moved"] = True
        raise self.error


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a connector, that no other test has imported."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    for name in [name for name in sys.modules if name.startswith("small_connector")]:
        del sys.modules[name]
    folder = tmp_path / "small_connector"
    folder.mkdir()
    (folder / "code.py").write_text(SOURCE)
    manifest = {"slug": "small", "entrypoint": "small_connector.code:Small"}
    (folder / "manifest.konnector").write_text(json.dumps(manifest))
    return folder


def failed(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[dict[str, Any], str]:
    """The last line of a run that raises, and its standard error."""
    stack = FakeStack()
    stack.add("io.cozy.accounts", {"_id": "fake-account", "auth": {"password": "hunter22"}})
    ctx, lines = context_for(Faulty, stack=stack)
    connector = Faulty()
    connector.error = error
    assert run(connector, ctx) == 1
    assert "data" not in stack.documents["io.cozy.accounts"]["fake-account"]
    return lines[-1], capsys.readouterr().err


def test_a_known_error_gives_its_code_alone(capsys: pytest.CaptureFixture[str]) -> None:
    line, _ = failed(LoginFailed("no hunter22", detail="TOO_MANY_ATTEMPTS", retry=False), capsys)
    expected = {"type": "critical", "message": "LOGIN_FAILED.TOO_MANY_ATTEMPTS", "detail": "no ***", "no_retry": True}
    assert line == expected


def test_an_unknown_error_keeps_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    line, stderr = failed(RuntimeError("hunter22"), capsys)
    assert line == {"type": "critical", "message": "UNKNOWN_ERROR", "detail": "RuntimeError"}
    assert "RuntimeError: ***" in stderr
    assert "hunter22" not in stderr


def test_the_environment_makes_the_context(tmp_path: Path) -> None:
    listed = tmp_path / "inputs.json"
    listed.write_text(json.dumps([{"id": "1", "name": "a", "path": str(listed)}]))
    environ = {
        "COZY_URL": "http://me.localhost:8080/",
        "COZY_FIELDS": '{"account": "x"}',
        "COZY_LOCALE": "fr",
        "COZY_TIME_LIMIT": "65",
        "ALCOVE_INPUTS": str(listed),
    }
    ctx = context_of(Faulty, environ)
    assert (ctx.account_id, ctx.locale, ctx.inputs[0].name) == ("x", "fr", "a")
    assert 55 < ctx.time_left <= 60


def test_what_cannot_start_says_so(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (small / "code.py").write_text("import nothing_of_that_name")
    assert main([str(small)]) == 1
    line = json.loads(capsys.readouterr().out)
    assert line["detail"] == "The connector cannot start: ModuleNotFoundError."


def test_a_connector_runs_standalone(small: Path, tmp_path: Path) -> None:
    assert recogniser_in(small)(b"small", "") == 1.0
    given = tmp_path / "given.txt"
    given.write_text("text")
    done = CliRunner().invoke(command.main, ["run", "--standalone", str(small), str(given)])
    assert done.exit_code == 0, done.output
    stored = json.loads(done.stdout)["io.cozy.files"]
    assert "given.txt" in [document["name"] for document in stored]
    assert '"outcome":"new"' in done.stderr


def test_the_command_lists_what_came_with_the_kit() -> None:
    done = CliRunner().invoke(command.main, ["list"])
    assert "bankfiles\t" in done.stdout
    assert CliRunner().invoke(command.main, ["run", "none"]).exit_code == 2
    assert CliRunner().invoke(command.main, ["run", "--standalone", "none"]).exit_code == 2


def test_the_name_of_an_account_is_no_secret() -> None:
    stack = FakeStack()
    auth = {"accountName": "Invoices", "login": "jane.doe", "password": "hunter22"}
    stack.add("io.cozy.accounts", {"_id": "fake-account", "auth": auth})
    ctx, lines = context_for(Faulty, stack=stack)
    ctx.load()
    ctx.log.info("Invoices of jane.doe, hunter22")
    assert lines[-1]["message"] == "Invoices of jane.doe, ***"
