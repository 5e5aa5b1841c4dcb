"""Every control can fail: a change that breaks a promise turns exactly its control red."""

from __future__ import annotations

from pathlib import Path

import pytest

from changes import Mutation
from mutations import MUTATIONS
from sagekeep.controls.evidence import outcomes
from sagekeep.controls.view import View
from views import Copy


@pytest.mark.slow
@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_a_broken_promise_turns_exactly_its_control_red(mutation: Mutation, prod: View, tmp_path: Path) -> None:
    copy = Copy.of(prod, tmp_path / "copy")
    mutation.change(copy)
    broken = {found.control.id: found for found in outcomes(copy.view()) if found.result == "broken"}
    assert set(broken) == set(mutation.breaks), {name: found.faults for name, found in broken.items()}
