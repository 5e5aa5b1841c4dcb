"""Every control of the matrix on both environments, a line each: `pytest -v tests/controls/test_controls.py`."""

from __future__ import annotations

import pytest

from sagekeep.controls.evidence import outcome
from sagekeep.controls.matrix import Control, controls
from sagekeep.controls.view import View

CHECKED = [control for control in controls() if control.check]


@pytest.mark.parametrize("environment", ["poc", "prod"], indirect=True)
@pytest.mark.parametrize("control", CHECKED, ids=lambda control: control.name)
def test_control(environment: View, control: Control) -> None:
    found = outcome(control, environment)
    assert [f"{fact.address} {fact.fault}" for fact in found.faults] == []
    assert found.result == "met" or control.status in {"default", "option"}
