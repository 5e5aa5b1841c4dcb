"""Exfiltration: one line for each attempt; and the twin of each denial, which succeeds."""

from __future__ import annotations

import pytest

from proofs import estate, proof
from sagekeep.prove.exfiltration import Denied
from sagekeep.prove.rows import attempts
from sagekeep.prove.situation import situations
from sagekeep.prove.twins import peel, without


def _of(environment: str, row_id: str) -> Denied:
    return next(result for result in proof(environment).denied if result.row.id == row_id)


@pytest.mark.parametrize("attempt", [row.id for row in attempts()])
@pytest.mark.parametrize("environment", ["poc", "prod"])
def test_the_attempt_is_denied_by_what_its_row_says(environment: str, attempt: str) -> None:
    result = _of(environment, attempt)
    assert result.fault == ""
    assert result.skipped or result.depth > 0


@pytest.mark.parametrize("row", attempts(), ids=lambda row: row.id)
def test_without_its_barriers_the_attempt_succeeds_and_each_alone_stops_it(row) -> None:
    if _of("poc", row.id).skipped:
        return  # rows of options: tests/controls/test_prove_options.py, which says that every row applies somewhere
    for situation in situations(row, estate("poc")):
        barriers = peel(situation)
        for kept in barriers:
            alone = situation
            for barrier in barriers:
                alone = alone if barrier == kept else without(alone, barrier)
            assert alone.barrier() is not None
            assert without(alone, kept).barrier() is None, f"{kept.text} is not what stops it"


def test_there_are_enough_of_them() -> None:
    assert len(attempts()) >= 25
