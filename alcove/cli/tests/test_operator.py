"""The operator's commands, against the whole house: from the words of a command line to what the server then says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from alcove.base.errors import TokenInvalid
from alcove.cli import alcove
from alcove.identity import Tokens
from alcove.instances import Instances

if TYPE_CHECKING:
    from alcove.server.testing import Front

PASSPHRASE = "four words are best"


def run(*words: str, typed: str = "", status: int = 0) -> Result:
    ran = CliRunner().invoke(alcove, list(words), input=typed, env={"LANG": "C.UTF-8"})
    assert ran.exit_code == status, ran.output
    return ran


def told(*words: str) -> Any:
    return json.loads(run(*words, "--json").stdout)


@pytest.fixture
def alice(door: Front) -> str:
    run("instance", "add", "alice.example", "--invite", "--locale", "fr", "--name", "Alice")
    return "alice.example"


def test_an_instance_is_made_with_everything_that_is_said(door: Front) -> None:
    said = ("--quota", "2GB", "--alias", "al.example", "--alias", "a.example", "--context", "beta")
    run("instance", "add", "alice.example", "--invite", *said, "--no-auto-update", "--setting", "offer:x")
    record = told("instance", "show", "alice.example")
    assert (record["disk_quota"], record["domain_aliases"]) == ("2000000000", ["al.example", "a.example"])
    assert (record["context"], record["no_auto_update"]) == ("beta", True)
    assert told("setting", "alice.example")["offer"] == "x"
    assert run("instance", "ls").stdout == "alice.example  en\n"
    assert run("instance", "count").stdout == "1\n"


def test_apps_are_asked_for_and_a_place_is_made_without_those_that_cannot_be_had(
    door: Front, caplog: pytest.LogCaptureFixture
) -> None:
    run("instance", "add", "alice.example", "--invite", "--app", "notes", "--app", "nothing")
    logged = [record.__dict__["app"] for record in caplog.records if "was not installed" in record.message]
    assert sorted(logged) == ["notes", "nothing"]
    assert run("instance", "count").stdout == "1\n"


def test_a_person_is_invited_with_a_link(door: Front) -> None:
    made = run("instance", "add", "alice.example", "--invite").stdout
    assert "http://alice.example/?registerToken=" in made
    assert told("instance", "show", "alice.example").get("onboarding_finished") is False
    run("instance", "add", "bob.example", "--invite", "--passphrase", PASSPHRASE, status=2)


def test_a_passphrase_is_asked_for_when_it_is_not_given(door: Front) -> None:
    ran = run("instance", "add", "alice.example", typed=f"{PASSPHRASE}\n{PASSPHRASE}\n")
    assert PASSPHRASE not in ran.output
    assert told("instance", "show", "alice.example")["password_defined"] is True


def test_what_is_changed_is_told(door: Front, alice: str) -> None:
    run("instance", "modify", alice, "--quota", "none", "--domain", "alice.other", "--email", "a@example.org")
    record = told("instance", "show", "alice.other")
    assert (record["disk_quota"], record["old_domain"]) == ("", "alice.example")
    assert told("setting", "alice.other")["email"] == "a@example.org"
    assert told("instance", "modify", "alice.other", "--alias", "b.example")["domain_aliases"] == ["b.example"]
    assert told("instance", "modify", "alice.other", "--alias", "")["domain_aliases"] == []


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("instance", "modify", "alice.example"), "Say what to change"),
        (("instance", "modify", "alice.example", "--quota", "much"), "'much' is no size"),
        (("instance", "modify", "alice.example", "--tos-latest", "soon"), "TOS version"),
        (("instance", "show", "nobody.example"), "there is no instance nobody.example; there are alice.example"),
        (("instance", "add", "alice.example", "--passphrase", "x"), "is the domain of an instance already"),
        (("flags", "set", "a", "1"), "say one of --instance"),
        (("setting", "alice.example", "tz"), "write it as NAME=VALUE"),
        (("token", "oauth", "alice.example", "nobody", "io.cozy.files"), "Client not found"),
        (("client", "add", "alice.example", "", "App", "app"), "invalid_redirect_uri"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(door: Front, alice: str, words: tuple[str, ...], reason: str) -> None:
    ran = CliRunner().invoke(alcove, list(words))
    assert ran.exit_code in (1, 2)
    assert reason in ran.output
    assert "Traceback" not in ran.output


def test_an_instance_is_blocked_and_opened(door: Front, alice: str) -> None:
    run("instance", "block", alice, "--reason", "Gone fishing")
    assert "(blocked)" in run("instance", "ls").stdout
    assert told("instance", "show", alice)["blocking_reason"] == "Gone fishing"
    run("instance", "unblock", alice)
    assert "blocked" not in run("instance", "ls").stdout


def test_an_instance_is_removed_only_when_that_is_meant(door: Front, alice: str) -> None:
    run("instance", "rm", alice, typed="n\n", status=1)
    assert told("instance", "count") == {"count": 1}
    run("instance", "rm", alice, "--force")
    assert told("instance", "count") == {"count": 0}


def test_tokens_are_alone_on_their_line(door: Front, alice: str) -> None:
    for words in (
        (alice, "io.cozy.files"),
        ("cli", alice, "*"),
        ("app", alice, "files"),
        ("connector", alice, "bankfiles"),
    ):
        assert run("token", *words).stdout.count(".") == 2
    ident = run("client", "add", alice, "https://app.example/", "App", "app").stdout.strip()
    assert run("client", "find", alice, "app").stdout.strip() == ident
    assert run("token", "oauth", alice, ident, "io.cozy.files", "--expire", "1h").stdout.count(".") == 2
    assert run("client", "remove", alice, "--force").stdout == "Removed 1 clients\n"


def test_flags_are_set_in_their_layers(door: Front, alice: str) -> None:
    run("flags", "set", "new.menu", "--instance", alice)
    run("flags", "set", "limit", "100", "--defaults")
    run("flags", "set", "half", '[{"ratio":0.5,"value":true}]', "--context", "beta")
    run("flags", "set", "more", "--set", "paid")
    assert run("flags", "give", alice, "paid").stdout == "alice.example has the sets: paid\n"
    assert run("flags", "list", "--instance", alice).stdout == "new.menu = true\n"
    assert told("flags", "list", "--defaults") == {"limit": 100}
    assert told("flags", "list", "--context", "beta") == {"half": [{"ratio": 0.5, "value": True}]}
    run("flags", "unset", "half", "--context", "beta")
    run("flags", "unset", "new.menu", "--instance", alice)
    assert told("flags", "list", "--context", "beta") == told("flags", "list", "--instance", alice) == {}


def test_settings_are_changed_one_by_one(door: Front, alice: str) -> None:
    run("setting", alice, "tz=Europe/Paris", "own=[1]", "public_name=")
    said = told("setting", alice)
    assert (said["tz"], said["own"]) == ("Europe/Paris", [1])
    assert "public_name" not in said


def test_bytes_are_checked_and_scrubbed(door: Front, alice: str) -> None:
    assert run("fsck", alice).stdout == "alice.example is well\n"
    assert run("fsck", "--hashes", "--json").stdout == ""
    assert run("scrub", alice, "--report").stdout == "alice.example was not scrubbed yet\n"
    (report,) = [json.loads(line) for line in run("scrub", "--json").stdout.splitlines()]
    assert (report["instance"], report["files"], report["damaged"]) == ("alice.example", 0, 0)
    assert "0 files" in run("scrub", alice, "--report").stdout
    run("scrub", "bob.example", status=1)


def test_a_check_says_what_is_well(door: Front, alice: str) -> None:
    assert run("instance", "fsck", alice).stdout == "alice.example is well\n"
    assert run("instance", "fsck", alice, "--part", "content", "--json").stdout == ""
    assert "used" in run("instance", "usage", alice).stdout
    run("instance", "log-out", alice)
    assert run("instance", "notify", alice, "Away on Monday", "A new disk").stdout == "alice.example is told\n"
    run("instance", "notify", alice, "", status=1)
    assert run("instance", "debug", alice, "30m").stdout == "Requests of alice.example are logged for 30m\n"
    run("instance", "debug", alice, "a while", status=1)
    assert "as those of others" in run("instance", "debug", alice, "0").stdout


def test_connectors_are_closed_and_opened(door: Front) -> None:
    run("connector", "close", "bankfiles", "--not-by-hand")
    assert run("connector", "closed").stdout == "bankfiles  (not by hand either)\n"
    run("connector", "open", "bankfiles")
    assert told("connector", "closed") == []


def test_secrets_are_renewed_and_end_at_once_only_when_asked(door: Front, alice: str) -> None:
    token = run("token", alice, "io.cozy.contacts").stdout.strip()
    instance = door.house.need(Instances).by_domain(alice)
    assert run("instance", "renew-secrets", alice).stdout == "alice.example has new secrets\n"
    renewed = door.house.need(Instances).by_domain(alice)
    assert renewed.fields["cli_secret"] != instance.fields["cli_secret"]
    assert door.house.need(Tokens).read(renewed, token)[0]["aud"] == "cli"
    run("instance", "renew-secrets", "--now", alice, typed="n\n", status=1)
    run("instance", "renew-secrets", "--now", alice, typed="y\n")
    with pytest.raises(TokenInvalid):
        door.house.need(Tokens).read(door.house.need(Instances).by_domain(alice), token)
