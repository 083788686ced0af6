"""A forgotten passphrase is set anew where the server runs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import httpx
import orjson
import pytest
from alcove_client import Operator
from click.testing import CliRunner, Result

from alcove.cli import instance
from alcove.cli.running import Running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alcove.base.config import Settings

NEW = "staple of another colour"


class Directory:
    """The operator's side of a server: an instance, and the passphrases that it was given."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            self.said.append((request.url.path, orjson.loads(request.content)["passphrase"]))
            return httpx.Response(204)
        return httpx.Response(200, json={"data": [{"attributes": {"domain": "me.localhost:8080"}}], "links": {}})


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Directory:
    here = Directory()

    @contextlib.contextmanager
    def running(settings: Settings) -> Iterator[Running]:
        yield Running(settings, "http://here", Operator("http://admin", "x", httpx.MockTransport(here.answer)))

    monkeypatch.setattr(instance, "running", running)
    return here


def run(typed: str, domain: str = "me.localhost:8080") -> Result:
    return CliRunner().invoke(instance.instance, ["passphrase", domain], input=typed)


@pytest.mark.parametrize("domain", ["me.localhost:8080", "me.localhost"])
def test_it_is_asked_for_twice_and_never_shown(directory: Directory, domain: str) -> None:
    ran = run(f"{NEW}\n{NEW}\n", domain)
    assert ran.exit_code == 0, ran.output
    assert directory.said == [("/instances/me.localhost:8080/passphrase", NEW)]
    assert NEW not in ran.output
    assert "me.localhost:8080 is changed" in ran.output


def test_what_was_typed_differently_changes_nothing(directory: Directory) -> None:
    ran = run(f"{NEW}\nother words that differ\n")
    assert ran.exit_code == 1
    assert directory.said == []
    assert NEW not in ran.output


def test_a_short_one_is_refused_with_advice(directory: Directory) -> None:
    ran = run("short\nshort\n")
    assert ran.exit_code == 2
    assert "at least 8 characters" in ran.output
    assert directory.said == []
