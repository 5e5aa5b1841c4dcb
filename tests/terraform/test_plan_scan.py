"""checkov over the plans of a deployed environment: it sees values that the synthesized JSON has as references only."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from estates import ROOT, Estate
from sagekeep.scan import plans, register, scan
from sagekeep.synthesis import Synthesis
from sagekeep.terraform import Terraform

# A deployed environment, and the one whose settings and exceptions it has.
pytestmark = pytest.mark.timeout(1200)

ESTATES = [("estate", "poc"), pytest.param("production", "prod", marks=pytest.mark.slow)]


def plan_files(made: Synthesis, terraform: Terraform, folder: Path) -> list[Path]:
    """A plan of each stack as JSON."""
    files = []
    for stack in made.stacks.values():
        terraform.init(stack)
        plan, file = folder / f"{stack.name}.tfplan", folder / f"{stack.name}.json"
        for command in (["plan", "-input=false", f"-out={plan}"], ["show", "-json", str(plan)]):
            done = subprocess.run(
                ["terraform", *command],
                cwd=stack.folder,
                env=terraform.variables(),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
        file.write_text(done.stdout)
        files.append(file)
    return files


@pytest.mark.parametrize(("fixture", "environment"), ESTATES)
def test_plans_have_no_finding_that_the_register_does_not_list(
    request: pytest.FixtureRequest, tmp_path: Path, fixture: str, environment: str
) -> None:
    estate: Estate = request.getfixturevalue(fixture)
    made = estate.operations().synthesis
    terraform = Terraform.of(made, estate.instance.environment())
    planned = plans.stacks_of(plan_files(made, terraform, tmp_path), made.stacks)
    assert set(planned) == set(made.stacks)
    entries = register.load(ROOT / scan.REGISTER)
    verdict = scan.scan(made, entries, today=date(2026, 1, 1), plans=planned, environment=environment)
    assert [finding.line() for finding in verdict.unlisted] == []
    assert [entry.line() for entry in verdict.stale] == []
    assert {finding.source for finding in verdict.accepted} == {"json", "plan"}
