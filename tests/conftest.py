"""What all tests share: the fast import, before anything imports cdktf, and the rule that CI skips nothing."""

from __future__ import annotations

import os
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from sagekeep import bindings
from tests.witnesses import summary
from tests.witnesses.summary import witnessed

__all__ = ["witnessed"]

bindings.enable()
# Machines are shared: how long a case takes says nothing about the code, and is measured in bench/.
hypothesis.settings.register_profile("shared", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("shared")
_DEPLOYED = "tests/terraform/"
# These have accounts of their own.
_ALONE = ("cdktf_cli", "house_rules", "live_forms", "lockout_live", "runner_bootstrap")


class _ByFile(LoadScopeScheduling):
    """For several processes: a file's tests stay together, and so do all that use the one deployed environment."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        alone = file in {f"{_DEPLOYED}test_{name}.py" for name in _ALONE}
        return _DEPLOYED if file.startswith(_DEPLOYED) and not alone else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """How tests are shared out with `--numprocesses`."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What uses the deployed environment takes longest, so it begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(_DEPLOYED))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With CI=true a skipped test is a failed one: what it needs must be there."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI skips nothing: {report.longrepr}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Lists the witnesses, with what each looked at."""
    found = summary.lines(terminalreporter.stats.get("passed", ()))
    if found:
        terminalreporter.section("witnesses")
        terminalreporter.write_line("\n".join(found))
