"""What all tests share: the fast import, before anything imports cdktf, and the rule that CI skips nothing."""

from __future__ import annotations

import os

import hypothesis
import pytest

from sagekeep import bindings

bindings.enable()
# Machines are shared: how long a case takes says nothing about the code, and is measured in bench/.
hypothesis.settings.register_profile("shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("shared")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With CI=true a skipped test is a failed one: what it needs must be there."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI skips nothing: {report.longrepr}"
