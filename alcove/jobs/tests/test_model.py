from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcove.jobs.model.duration import BadDuration, read_duration
from alcove.jobs.model.job import Job, stamp
from alcove.jobs.model.rules import BadRule, EventRule, read_rules
from alcove.jobs.model.timetable import BadTime, Next, timetable
from alcove.jobs.model.trigger import trigger_state

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)  # a Thursday


def when(kind: str, arguments: str = "", seed: str = "me") -> Next:
    return timetable(kind, arguments, made=NOW, seed=seed)


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h30m", 5400), ("1.5h", 5400), ("300ms", 0.3), ("-2s", -2), ("0", 0), (".5m", 30)]
)
def test_reads_durations_as_go_does(text: str, seconds: float) -> None:
    assert read_duration(text).total_seconds() == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "-", "soon", "1", "1d", "1h ", "2W", "1hh", "99999999999999h", "+-1s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadDuration):
        read_duration(text)


def test_retention_also_counts_in_weeks() -> None:
    assert read_duration("2W1D", long=True) == timedelta(days=15)


def test_at_and_in_name_one_moment() -> None:
    assert when("@at", "2030-01-01T00:00:00.5Z")(NOW) == datetime(2030, 1, 1, microsecond=500_000, tzinfo=UTC)
    assert when("@in", "1h")(NOW + timedelta(hours=9)) == NOW + timedelta(hours=1)


def test_every_keeps_its_beat_from_when_it_was_made() -> None:
    following = when("@every", "24h")
    assert following(NOW) == NOW + timedelta(days=1)
    assert following(NOW + timedelta(days=3, hours=1)) == NOW + timedelta(days=4)


def test_cron_has_six_fields() -> None:
    assert when("@cron", "0 0 3 * * 1")(NOW) == datetime(2026, 1, 5, 3, tzinfo=UTC)
    assert when("@cron", "30 */20 * ? JAN MON-FRI")(NOW) == NOW.replace(minute=0, second=30)


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("@at", "tomorrow"),
        ("@at", "2030-01-01T00:00:00"),
        ("@in", "soon"),
        ("@in", "-1h"),
        ("@every", "0s"),
        ("@every", "10ms"),
        ("@cron", "x y z"),
        ("@cron", "0 3 * * 1"),
        ("@cron", "0 0 0 30 2 *"),
        ("@hourly", "x"),
        ("@daily", "at noon"),
        ("@daily", "before 13pm"),
        ("@daily", "before 12am"),
        ("@weekly", "on someday"),
        ("@monthly", "on the 32"),
        ("@monthly", "on the 5-1"),
    ],
)
def test_what_is_no_time_is_refused(kind: str, arguments: str) -> None:
    with pytest.raises(BadTime):
        when(kind, arguments)


@given(st.text(max_size=20))
def test_the_loose_ones_are_stable_and_within_their_hours(seed: str) -> None:
    moment = when("@daily", "between 8am and 6pm", seed)(NOW)
    assert moment is not None
    assert 8 <= moment.hour < 18
    assert when("@daily", "between 8am and 6pm", seed)(NOW) == moment
    assert when("@daily", "between 8am and 6pm", seed)(moment) == moment + timedelta(days=1)
    late = when("@daily", "between 10pm and 2am", seed)(NOW)
    assert late is not None
    assert late.hour in (22, 23, 0, 1)
    hourly = when("@hourly", "", seed)(NOW)
    assert hourly is not None
    assert hourly - NOW <= timedelta(hours=1)
    weekly = when("@weekly", "on sat,sun-mon before 5am", seed)(NOW)
    assert weekly is not None
    assert weekly.weekday() in (5, 6, 0)
    assert weekly.hour < 5
    weekend = when("@weekly", "on weekend", seed)(NOW)
    assert weekend is not None
    assert weekend.weekday() in (5, 6)
    monthly = when("@monthly", "on the 1-5 after 10pm", seed)(NOW)
    assert monthly is not None
    assert 1 <= monthly.day <= 5
    assert monthly.hour >= 22


def test_reads_the_rules_of_events() -> None:
    contacts, todos = read_rules("io.cozy.contacts:created,UPDATED:fam,work:kind io.cozy.todos")
    assert contacts == EventRule("io.cozy.contacts", frozenset({"CREATED", "UPDATED"}), ("fam", "work"), "kind")
    assert contacts.covers("CREATED", "io.cozy.contacts")
    assert not contacts.covers("DELETED", "io.cozy.contacts")
    assert todos.covers("DELETED", "io.cozy.todos")
    for text in ("", ":CREATED", "io.cozy.todos:NOTIFIED"):
        with pytest.raises(BadRule):
            read_rules(text)


def test_rules_match_ids_values_lists_references_and_what_changed() -> None:
    def matches(rule: str, fields: dict[str, object], old: dict[str, object] | None = None) -> bool:
        return read_rules(rule)[0].matches("id1", fields, old)

    assert matches("t", {})
    assert matches("t::id1,id2", {})
    assert not matches("t::id2", {})
    assert matches("t::fam:kind", {"kind": "fam"})
    assert matches("t::fam:a.kinds", {"a": {"kinds": ["work", "fam"]}})
    assert matches("t::true:flag", {"flag": True})
    assert matches("t::io.cozy.apps/x:refs", {"refs": [{"type": "io.cozy.apps", "id": "x"}]})
    assert not matches("t::fam:kind", {})
    assert matches("t:UPDATED:!=:kind", {"kind": 1}, {"kind": 2})
    assert not matches("t:UPDATED:!=:kind", {"kind": 1}, {"kind": 1})
    assert not matches("t:UPDATED:!=:kind", {}, {})


def test_the_state_of_a_trigger_comes_from_its_last_jobs() -> None:
    assert trigger_state("t", []) == {"trigger_id": "t", "status": "done"}
    jobs = [
        Job("j3", "", {"state": "running", "started_at": "3"}),
        Job("j2", "", {"state": "errored", "started_at": "2", "error": "no", "manual_execution": True}),
        Job("j1", "", {"state": "done", "started_at": "1"}),
        Job("j0", "", {"state": "done", "started_at": "0"}),
    ]
    assert trigger_state("t", jobs) == {
        "trigger_id": "t",
        "status": "running",
        "last_execution": "3",
        "last_executed_job_id": "j3",
        "last_failure": "2",
        "last_failed_job_id": "j2",
        "last_error": "no",
        "last_manual_execution": "2",
        "last_manual_job_id": "j2",
        "last_success": "1",
        "last_successful_job_id": "j1",
    }


@given(st.timedeltas(timedelta(0), timedelta(9999)), st.timedeltas(timedelta(0), timedelta(9999)))
def test_stamps_sort_as_times_do(one: timedelta, other: timedelta) -> None:
    assert (stamp(NOW + one) < stamp(NOW + other)) == (one < other)
