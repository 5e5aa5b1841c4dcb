"""Reachability: one line for each call that the workload makes."""

from __future__ import annotations

import pytest

from proofs import proof
from sagekeep.prove.reachability import Reached
from sagekeep.prove.rows import calls


def _of(environment: str, row_id: str) -> Reached:
    return next(result for result in proof(environment).reached if result.row.id == row_id)


@pytest.mark.parametrize("call", [row.id for row in calls()])
@pytest.mark.parametrize("environment", ["poc", "prod"])
def test_the_call_gets_through(environment: str, call: str) -> None:
    result = _of(environment, call)
    assert result.blocked == ""
    assert result.skipped or result.statements


def test_there_are_enough_of_them() -> None:
    assert len(calls()) >= 30
