"""Rules for every test: in CI nothing may be skipped, and what is drawn at random is drawn the same each time."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from alcove.base.postgres.testing import NoPostgres, TestServer

if TYPE_CHECKING:
    from collections.abc import Iterator

# A busy machine is no fault of the code under test.
settings.register_profile("house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Turns a skip into a failure where everything must run (CI=true)."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"skipped, and nothing may be in CI: {report.longrepr}"  # type: ignore[attr-defined]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells why a test was tried once more: what fails by chance wants mending, and one must know where."""
    for report in terminalreporter.stats.get("rerun", []):
        crash = getattr(report.longrepr, "reprcrash", None)
        terminalreporter.write_sep("-", f"{report.nodeid}, at the first try")
        terminalreporter.write_line(str(crash or report.longrepr)[:2000])


@pytest.fixture(scope="session")
def postgres() -> Iterator[TestServer]:
    """A PostgreSQL of this run's own."""
    try:
        server = TestServer()
    except NoPostgres as error:
        pytest.skip(str(error))
    try:
        server.start()
        yield server
    finally:
        server.remove()
