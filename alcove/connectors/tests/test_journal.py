"""Each run of a connector can be followed, and read about afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alcove.base.confined import Confinement, Level
from alcove.connectors import Runs
from alcove.connectors.model import RUNS
from alcove.connectors.store import Shelf
from alcove.connectors.tests.test_worker import run, script
from alcove.documents import Documents

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

    from alcove.documents import Change

TAKER = """
import json, os
def tell(**line):
    print(json.dumps(line), flush=True)
for item in json.load(open(os.environ["ALCOVE_INPUTS"])):
    tell(type="begin", input=item["id"])
    text = open(item["path"]).read()
    outcome = "error" if "bad" in text else "new"
    tell(type="result", input=item["id"], outcome=outcome, reason=text, counts={"bills": 2 if outcome == "new" else 0})
"""


def states(place: Any) -> list[dict[str, Any]]:
    """The runs as they are written, as they are written."""
    seen: list[dict[str, Any]] = []

    def hear(changes: Sequence[Change]) -> None:
        seen.extend(change.document.fields() for change in changes if change.document.type == RUNS)

    place.house.need(Documents).watch(hear)
    return seen


async def test_a_gathering_is_one_run_of_each_connector(
    write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alcove.connectors.service.journal.PAUSE", 0)
    place = await open_place(write_connector("one", TAKER), write_connector("two", TAKER))
    seen = states(place)
    await place.gather({"a": b"one good", "b": b"one bad", "c": b"two bad"})
    by_slug = {fields["connector"]: fields for fields in await place.documents(RUNS)}
    one, two = by_slug["one"], by_slug["two"]
    assert (one["state"], one["outcomes"], one["counts"]) == ("done", {"new": 1, "error": 1}, {"bills": 2})
    assert one["files"] == [{"file": "b", "outcome": "error", "reason": "one bad"}]
    assert (one["done"], one["total"], two["state"]) == (2, 2, "errored")
    assert one["network"] == "none"
    assert one["started_at"] <= one["ended_at"]
    assert {fields["label"] for fields in seen if fields["connector"] == "one"} == {"", "a", "b"}
    await place.gather({"d": b"one better"})
    assert {fields["brought"].get("bills") for fields in await place.documents(RUNS)} >= {2, 4}


async def test_a_job_of_an_account_is_a_run_too(
    write_connector: Any, open_place: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alcove.connectors.service.journal.PAUSE", 0)
    lines = "tell(type='progress', done=3, total=7, label='March')\ntell(type='progress', done='x', total=-1)\n"
    lines += "tell(type='info', message='hunter22')\ntell(type='critical', message='VENDOR_DOWN', no_retry=True)"
    place = await open_place(write_connector("vendor", script(lines)))
    seen = states(place)
    job = await run(place, {"konnector": "vendor"})
    (fields,) = await place.documents(RUNS)
    assert (fields["state"], fields["error"], fields["job"]) == ("errored", "VENDOR_DOWN", job.id)
    assert {("March", 3, 7)} <= {(entry["label"], entry["done"], entry["total"]) for entry in seen}
    assert "hunter22" not in str(seen)


async def test_what_cannot_run_says_why(open_place: Any, write_connector: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = await open_place(write_connector("vendor", script("")))

    def refuse(*_: Any) -> Confinement:
        return Confinement(Level.NONE, "bubblewrap is not installed")

    monkeypatch.setattr(place.house.need(Runs), "_confinement", refuse)
    await run(place, {"konnector": "vendor"})
    (fields,) = await place.documents(RUNS)
    assert (fields["state"], fields["error"]) == ("errored", "Bubblewrap is not installed")
    assert fields["network"] == "unknown"


async def test_after_a_stop_nothing_runs_any_more(write_connector: Any, open_place: Any) -> None:
    konnector = write_connector("one", TAKER)
    place = await open_place(konnector, store="sqlite")
    await place.gather({"a": b"one good"})
    (fields,) = await place.documents(RUNS)
    ident = fields.pop("_id")
    shelf = Shelf(place.house.need(Documents))
    await shelf.put_run(place.instance.key, ident, {**fields, "state": "running"})
    await place.close()
    again = await open_place(konnector, store="sqlite")
    (fields,) = await again.documents(RUNS)
    assert (fields["state"], fields["error"]) == ("errored", "The server stopped while it ran.")
