"""What a destroy says while it waits, and that it goes on when a function's time is over."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from sagekeep.diagnostics import Report
from sagekeep.waits import AFTER_SECONDS, MOST_TIMES, Waits
from tests.unit.tool.conftest import Project

OUT_OF_TIME = {"errorType": "OutOfTime", "errorMessage": "1 network interface(s) are still there"}
REFUSED = {"errorType": "FunctionError", "errorMessage": "an endpoint still serves"}


def on_destroy(command: str) -> dict[str, object]:
    """A resource whose destruction runs a command."""
    return {"provisioner": [{"local-exec": {"when": "destroy", "command": command}}]}


def failing(project: Project, document: dict[str, str], times: int) -> str:
    """A command that says what a function's failure looks like, so often, and then succeeds."""
    count, text = project.root / "count", json.dumps(document)
    return f"echo x >> {count}; [ $(wc -l < {count}) -gt {times} ] || {{ echo '{text}'; exit 1; }}"


@pytest.mark.parametrize("times", [1, MOST_TIMES - 1])
def test_a_destroy_goes_on_when_a_functions_time_is_over(project: Project, times: int) -> None:
    project.stack("keys", slow=on_destroy(failing(project, OUT_OF_TIME, times)))
    project.operations().deploy()
    assert project.operations().destroy()["keys"].status == "destroyed"
    said = re.findall(r"keys: goes on waiting: .*1 network interface\(s\) are still there", project.progress.getvalue())
    assert len(said) == times


@pytest.mark.parametrize(
    ("document", "tries"), [(OUT_OF_TIME, MOST_TIMES), (REFUSED, 1)], ids=["never done", "refused"]
)
def test_a_destroy_gives_up_in_the_functions_words(project: Project, document: dict[str, str], tries: int) -> None:
    project.stack("keys", slow=on_destroy(failing(project, document, 99)))
    project.operations().deploy()
    result = project.operations().destroy()["keys"]
    assert result.status == "failed"
    assert document["errorMessage"] in result.error
    assert (project.root / "count").read_text().split() == ["x"] * tries


def test_what_takes_long_is_said_once_and_what_is_short_is_not() -> None:
    now, notes, report = [0.0], list[str](), Report()
    waits = Waits("pipeline", notes.append, lambda: now[0])
    report.running = ["aws_lambda_invocation.job_sweep", "aws_iam_role.other"]
    for now[0] in (0.0, AFTER_SECONDS / 2, AFTER_SECONDS, 3 * AFTER_SECONDS):
        waits.watch(report)
        assert len(notes) == (now[0] >= AFTER_SECONDS)
    assert re.fullmatch(r"pipeline: aws_lambda_invocation\.job_sweep waits until SageMaker .*15 minutes\)", notes[0])


def test_every_address_that_is_commented_on_is_one_of_an_environment() -> None:
    root = Path(__file__).parents[3]
    rows = tomllib.loads((root / "sagekeep/data/waits.toml").read_text())["wait"]
    addresses = re.findall(r"^\w+: (\S+)$", (root / "tests/synth/addresses/poc.txt").read_text(), re.MULTILINE)
    assert [row["address"] for row in rows if not any(a.startswith(row["address"]) for a in addresses)] == []
