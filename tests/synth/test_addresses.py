"""Addresses stay: what is deployed is never destroyed because a construct has another name."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cdktf import App

from fixed_addresses import ENVIRONMENTS, addresses, fixed, lost
from sagekeep import synthesis
from sagekeep.settings import Settings, parse
from sagekeep.terraform import Terraform
from stacks.base import EstateStack
from stacks.moves import MOVES, Move, moved_blocks
from stacks.parts.invocations import Configuration
from synths import synth_of


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_every_address_of_the_release_is_there_or_moved(environment: str, tmp_path: Path) -> None:
    now, before = addresses(synth_of(ENVIRONMENTS[environment], tmp_path / "out").stacks), fixed(environment)
    assert lost(before, now) == [], "Terraform would destroy these: write rows in stacks/moves.py (CONTRIBUTING.md)"
    assert sorted(now - before) == [], "new addresses: `make addresses`, and commit what it writes"
    assert sorted(before - now) == [], "moved addresses: `make addresses`, and commit what it writes"


def test_an_address_is_lost_unless_a_row_leads_to_one_that_is_there() -> None:
    before, now = {"keys: a.old", "keys: a.same"}, {"keys: a.new", "keys: a.same"}
    assert lost(before, now, ()) == ["keys: a.old"]
    assert lost(before, now, (Move("keys", "a.old", "a.new", ""),)) == []
    assert lost(before, now, (Move("network", "a.old", "a.new", ""),)) == ["keys: a.old"]
    assert lost(before, now, (Move("keys", "a.old", "a.other", ""),)) == ["keys: a.old"]
    assert lost(before, now, (Move("keys", "a.old", "a.between", ""), Move("keys", "a.between", "a.new", ""))) == []
    assert lost(before, now, (Move("keys", "a.old", "", "given up"),)) == []


def test_each_move_is_of_an_address_that_no_environment_has_any_more() -> None:
    everywhere = set.union(*(fixed(environment) for environment in ENVIRONMENTS))
    assert not everywhere & {f"{move.stack}: {move.old}" for move in MOVES}
    assert all(move.why for move in MOVES)


class Renamed(EstateStack):
    """One resource that needs no AWS, under the name that is given."""

    NAME = "renamed"

    def __init__(self, app: App, settings: Settings, name: str) -> None:
        super().__init__(app, settings)
        Configuration(self, name, value={"kept": "yes"})


def _terraform(out: Path, name: str) -> Terraform:
    settings = parse(
        {"prefix": "a", "account_id": "1" * 12, "region": "us-east-1", "state": {"backend": "local"}},
        environment="test",
    )
    app = App(outdir=str(out), skip_validation=True)
    Renamed(app, settings, name)
    app.synth()
    terraform = Terraform.of(synthesis.load(synthesis.project_root(), "test", out))
    terraform.init_anew(terraform.synthesis.stacks["renamed"])
    return terraform


def _run(terraform: Terraform, *words: str) -> str:
    folder = terraform.synthesis.stacks["renamed"].folder
    command = ["terraform", *words]
    done = subprocess.run(command, cwd=folder, env=terraform.variables(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _planned(terraform: Terraform) -> list[dict[str, Any]]:
    _run(terraform, "plan", "-out=plan", "-no-color", "-input=false")
    changes: list[dict[str, Any]] = json.loads(_run(terraform, "show", "-json", "plan"))["resource_changes"]
    return changes


def test_terraform_follows_a_row_of_moves_and_destroys_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    out = tmp_path / "out"
    _run(_terraform(out, "before"), "apply", "-auto-approve", "-no-color", "-input=false")
    without = {tuple(change["change"]["actions"]) for change in _planned(_terraform(out, "after"))}
    assert without == {("create",), ("delete",)}
    row = Move("renamed", "terraform_data.before", "terraform_data.after", "a better name")
    monkeypatch.setattr("stacks.base.moved_blocks", lambda stack: moved_blocks(stack, (row,)))
    [change] = _planned(_terraform(out, "after"))
    assert change["change"]["actions"] == ["no-op"]
    assert (change["previous_address"], change["address"]) == ("terraform_data.before", "terraform_data.after")
