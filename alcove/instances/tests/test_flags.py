"""Feature flags: five layers, and the first that names a flag wins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alcove.apps.testing import write_app
from alcove.base.errors import Unprocessable
from alcove.instances import Flags, Instances
from alcove.instances.flags import drawn_for, features
from alcove.server.testing import Front, front

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alcove.instances import Instance

DOMAIN = "alice.example"
CONTEXTS = {"beta": {"features": ["listed", {"measured": 3}]}, "default": {"features": {"plain": "x"}}}


@pytest.fixture
async def door() -> AsyncIterator[Front]:
    async with front(contexts=CONTEXTS) as entry:
        await entry.instance(DOMAIN, ContextName="beta")
        yield entry


def of(door: Front) -> tuple[Flags, Instance]:
    return door.house.need(Flags), door.house.need(Instances).by_domain(DOMAIN)


async def told(door: Front, include: str = "") -> dict[str, Any]:
    async with door.client(DOMAIN, "io.cozy.nothing") as client:
        answer = await client.get("/settings/flags", params={"include": include} if include else {})
    assert answer.status_code == 200
    said: dict[str, Any] = answer.json()
    return said


async def test_the_first_layer_that_names_a_flag_wins(door: Front) -> None:
    flags, alice = of(door)
    await flags.change_defaults({f"l{n}": "default" for n in range(5)})
    await flags.change_shares("beta", {f"l{n}": [{"ratio": 1, "value": "context"}] for n in range(4)})
    await flags.change_set("second", {"l0": "manager", "l1": "manager", "listed": "manager"})
    await flags.change_set("first", {"l1": "first"})
    assert await flags.choose_sets(alice, ["second", "first"]) == ["first", "second"]
    await flags.change_own(of(door)[1], {"l0": "instance"})
    said = (await told(door))["data"]
    assert (said["id"], said["type"], said["links"]) == (
        "io.cozy.settings.flags",
        "io.cozy.settings",
        {"self": "/settings/flags"},
    )
    assert said["attributes"] == {
        "l0": "instance",
        "l1": "first",
        "l2": "context",
        "l3": "context",
        "l4": "default",
        "listed": "manager",
        "measured": 3,
    }


async def test_the_sources_are_told_when_they_are_asked_for(door: Front) -> None:
    flags, alice = of(door)
    assert "included" not in await told(door)
    await flags.change_own(alice, {"own": True})
    await flags.change_shares("beta", {"half": [{"ratio": 0.5, "value": 1}]})
    included = (await told(door, include="true"))["included"]
    assert [source["id"].removeprefix("io.cozy.settings.flags.") for source in included] == [
        "instance",
        "config",
        "context",
    ]
    assert included[2]["attributes"] == {"half": [{"ratio": 0.5, "value": 1}]}


async def test_a_null_takes_a_flag_away_and_an_empty_list_a_share(door: Front) -> None:
    flags, alice = of(door)
    assert await flags.change_own(alice, {"a": 1, "b": {"c": [False]}}) == {"a": 1, "b": {"c": [False]}}
    assert await flags.change_own(alice, {"a": None, "missing": None}) == {"b": {"c": [False]}}
    assert await flags.change_defaults({"a": False, "b": 2}) == {"a": False, "b": 2}
    assert await flags.change_defaults({"b": None}) == await flags.defaults() == {"a": False}
    await flags.change_shares("beta", {"a": [{"ratio": 0, "value": 1}], "b": [{"ratio": 1, "value": 1}]})
    assert await flags.change_shares("beta", {"b": []}) == await flags.shares("beta")
    assert (await told(door))["data"]["attributes"] == {
        "a": False,
        "b": {"c": [False]},
        "listed": True,
        "measured": 3,
    }


@pytest.mark.parametrize(
    "shares", [None, True, [1], [{"ratio": 2, "value": 1}], [{"ratio": True, "value": 1}], [{"ratio": 0.5}]]
)
async def test_what_is_no_share_is_refused_and_changes_nothing(door: Front, shares: Any) -> None:
    flags, _ = of(door)
    with pytest.raises(Unprocessable, match="ratio"):
        await flags.change_shares("beta", {"good": [{"ratio": 1, "value": 1}], "bad": shares})
    assert await flags.shares("beta") == {}


@pytest.mark.parametrize("name", ["", "_id", "x" * 201])
async def test_what_is_no_name_is_refused(door: Front, name: str) -> None:
    flags, alice = of(door)
    for refused in (flags.change_own(alice, {name: 1}), flags.change_defaults({name: 1}), flags.change_set(name, {})):
        with pytest.raises(Unprocessable, match="no name"):
            await refused


async def test_too_many_flags_are_refused(door: Front) -> None:
    flags, alice = of(door)
    with pytest.raises(Unprocessable, match="1000"):
        await flags.change_own(alice, {f"f{n}": 1 for n in range(1001)})


def test_shares_split_people_and_who_is_in_stays_in() -> None:
    people = [f"{n:032x}" for n in range(2000)]
    tenth = {who for who in people if drawn_for(who, "f", [{"ratio": 0.1, "value": 1}])}
    fifth = {who for who in people if drawn_for(who, "f", [{"ratio": 0.2, "value": 1}])}
    assert tenth < fifth
    assert 150 < len(tenth) < 250
    both = [{"ratio": 0.1, "value": "a"}, {"ratio": 0.9, "value": "b"}]
    drawn = {who: drawn_for(who, "f", both) for who in people}
    assert {who for who, value in drawn.items() if value == "a"} == tenth
    assert set(drawn.values()) == {"a", "b"}
    assert drawn_for("x", "f", [{"ratio": 0, "value": "never"}, {"ratio": 1, "value": "always"}]) == "always"


def test_the_place_of_an_instance_is_the_one_that_the_reference_gives_it() -> None:
    # CRC-32 (IEEE) of "id:flag" lies 4.3 % of the way.
    assert drawn_for("id", "flag", [{"ratio": 0.04, "value": 1}]) is None
    assert drawn_for("id", "flag", [{"ratio": 0.05, "value": 1}]) == 1


@pytest.mark.parametrize(
    ("said", "flags"),
    [
        (["a", {"b": 2}], {"a": True, "b": 2}),
        ({"a": 1}, {"a": 1}),
        (None, {}),
        ("a", {}),
        ([], {}),
    ],
)
def test_features_of_a_context_are_names_or_tables(said: Any, flags: dict[str, Any]) -> None:
    assert features({"features": said}) == flags


async def test_an_unknown_context_has_what_the_default_one_says(door: Front) -> None:
    await door.instance("bob.example", ContextName="unknown")
    async with door.client("bob.example", "io.cozy.nothing") as client:
        assert (await client.get("/settings/flags")).json()["data"]["attributes"] == {"plain": "x"}
        assert (await client.get("/settings/context")).json()["data"]["attributes"] == CONTEXTS["default"]


async def test_an_empty_context_is_not_the_default_one() -> None:
    async with front(contexts={**CONTEXTS, "bare": {}}) as entry:
        await entry.instance(DOMAIN, ContextName="bare")
        assert (await told(entry))["data"]["attributes"] == {}


async def test_without_a_token_neither_flags_nor_context_are_told(door: Front) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}):
        async with door.client(DOMAIN, **headers) as client:
            for path in ("/settings/flags", "/settings/context"):
                assert (await client.get(path)).status_code == 403, path


async def test_an_app_gets_the_flags_with_its_page(tmp_path: Path) -> None:
    write_app(tmp_path)
    async with front(apps=str(tmp_path)) as entry:
        await entry.instance(DOMAIN, Passphrase="x")
        await entry.house.need(Flags).change_defaults({"shown.everywhere": True})
        async with entry.client(f"mini.{DOMAIN}") as client:
            page = await client.get("/public")
        assert "shown.everywhere" in page.text
