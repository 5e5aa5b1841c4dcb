"""Every control of the matrix holds with all options switched on, and with those that exclude some of the others."""

from __future__ import annotations

import pytest

import options
from sagekeep.controls.evidence import BROKEN, MET, outcome
from sagekeep.controls.matrix import Control, controls
from sagekeep.controls.view import View

CHECKED = [control for control in controls() if control.check]
# An option that breaks a control, as its documentation says: state in a local file is for a first look.
BREAKS = {"local_state": {"S8"}}


@pytest.fixture(scope="module")
def poc() -> View:
    return View.of(options.synthesized(options.ALL))


@pytest.fixture(scope="module")
def prod() -> View:
    return View.of(options.synthesized(options.ALL, "prod"))


@pytest.mark.parametrize("environment", ["poc", "prod"])
@pytest.mark.parametrize("control", CHECKED, ids=lambda control: control.name)
def test_with_all_options_the_control_is_met(
    environment: str, control: Control, request: pytest.FixtureRequest
) -> None:
    found = outcome(control, request.getfixturevalue(environment))
    assert [f"{fact.address} {fact.fault}" for fact in found.faults] == []
    assert found.result == MET or (control.id, environment) == ("M6", "poc")  # a first environment has one instance


@pytest.mark.parametrize("option", ["sign_in_from_the_vpc", "no_users", "no_queue", "no_detection", "local_state"])
def test_with_the_option_no_control_breaks(option: str) -> None:
    view = View.of(options.synthesized(option))
    broken = {control.id: outcome(control, view).faults for control in CHECKED}
    assert {name for name, faults in broken.items() if faults} == BREAKS.get(option, set())
    assert {c.id for c in CHECKED if outcome(c, view).result == BROKEN} == BREAKS.get(option, set())
