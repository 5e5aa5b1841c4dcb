"""Estates in which others have made a part: all stacks deployed and destroyed, and their part is as it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from others import ESTATES, ROOT, Others
from others_described import described
from sagekeep import synthesis
from sagekeep.bootstrap import StateHome
from sagekeep.deploy import Operations
from sagekeep.estate import preflight
from sagekeep.local import instance
from sagekeep.local.leftovers import left
from sagekeep.stackset import StackResult
from sagekeep.teardown import destroy_all

# More rounds than an owner should need: what is added may only then show that something stops it.
ROUNDS = 4
FIRST = ("keys", "network")  # whose outputs owners wait for, where the VPC is ours


def failed(results: Mapping[str, StackResult]) -> dict[str, str]:
    return {name: result.error or result.status for name, result in results.items() if not result.ok}


def served(others: Others, operations: Operations) -> bool:
    """The owners add what the check prints until it finds nothing; whether there was anything."""
    for at in range(ROUNDS):
        faults = preflight.examine(operations.synthesis, operations.terraform.environ)
        if not faults:
            return at > 0
        others.add(faults)
    pytest.fail(f"after {ROUNDS} rounds the check still asks for {faults}")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("estate", sorted(path.stem for path in ESTATES.glob("*.toml")))
def test_deployed_and_destroyed_what_is_theirs_is_as_it_was(estate: str, tmp_path: Path) -> None:
    others = Others.begin(tmp_path, ESTATES / f"{estate}.toml")
    try:
        made = synthesis.synthesize(ROOT, str(others.settings(estate)), tmp_path / "out", work=tmp_path / "work")
        operations = Operations.of(made, others.variables)
        served(others, operations)
        before, there = described(others), left(others.instance)

        StateHome(operations).bootstrap(quick=True)
        assert failed(operations.deploy(FIRST)) == {}
        if served(others, operations):  # policies that name a VPC of ours, which exists now
            before = described(others)
        assert failed(operations.deploy([name for name in made.stacks if name not in FIRST])) == {}
        results = operations.plan()
        assert {name: r.status for name, r in results.items()} == dict.fromkeys(results, "unchanged")
        others.terraform("plan", "-detailed-exitcode")  # its exit code would be 2 for what the owners must put back

        assert failed(destroy_all(operations)) == {}
        assert described(others) == before
        assert left(others.instance) == there
    finally:
        instance.down(others.instance.home)
