"""Executions as they are shown and explained."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from sagekeep.errors import OperationError, UsageError
from sagekeep.runs import logs, show
from sagekeep.runs.outcome import Failure, Outcome, show_outcome, training_line
from sagekeep.runs.start import parameters_of
from sagekeep.runs.steps import Execution, Step
from sagekeep.runs.target import Target
from sagekeep.settings import parse

ARN = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/abc"
TARGET = Target(
    parse({"prefix": "acme", "account_id": "123456789012", "region": "us-east-1"}, environment="poc"), "poc", {}
)
STEPS = (
    Step("Preprocess", "Succeeded", 100.0, 100.4, cached=True),
    Step("Train", "Failed", 101.0, 175.0, attempts=2, reason="ClientError: no rows"),
    Step("Model"),
)
FAILED = Execution(ARN, "first", "Failed", 100.0, 180.0, "a step failed", STEPS)


def printed(outcome: Outcome) -> str:
    out = io.StringIO()
    show_outcome(Console(file=out, width=100), outcome)
    return out.getvalue()


def test_a_table_says_of_each_step_how_it_went() -> None:
    lines = printed(Outcome(FAILED)).splitlines()
    assert lines[0].split() == ["first", "Failed", "1", "min", "20", "s"]
    assert [" ".join(line.split()) for line in lines[3:]] == [
        "✓ Preprocess Succeeded 0 s cached",
        "✗ Train Failed 1 min 14 s attempt 2",
        "· Model Waiting",
    ]


def test_a_line_says_what_changed_and_the_reason_in_full() -> None:
    assert show.line(STEPS[1]) == "Train: Failed (1 min 14 s, attempt 2): ClientError: no rows"
    assert show.line(Step("Train", "Executing", 100.0)) == "Train: Executing"


def test_a_failure_ends_in_one_message_with_the_reason_and_the_command_for_more() -> None:
    failure = Failure("Preprocess", "rows.csv, line 7: 3 fields, but the header has 4", ("reading", "line 7"))
    outcome = Outcome(FAILED, (failure,))
    assert "the end of Preprocess's log:\n  reading\n  line 7\n" in printed(outcome)
    with pytest.raises(OperationError) as caught:
        outcome.require_success(TARGET)
    assert caught.value.message.endswith("Preprocess: rows.csv, line 7: 3 fields, but the header has 4")
    assert f"sagekeep logs --env poc --execution {ARN}" in caught.value.hint


def test_an_execution_that_failed_without_a_failed_step_tells_its_own_reason() -> None:
    with pytest.raises(OperationError, match="first failed: a step failed"):
        Outcome(FAILED).require_success(TARGET)


def test_what_a_container_says_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in show.line(Step("Train", "Failed", 1.0, 2.0, reason="\x1b[2Jgone"))


def test_the_training_report_is_the_last_one_in_the_log() -> None:
    said = ["read", 'done: {"eval_metric": "roc_auc", "validation": {"roc_auc": 0.9}}', "done: broken", "bye"]
    assert logs.report_in(said)["eval_metric"] == "roc_auc"
    assert logs.report_in(["done", "nothing"]) == {}
    report = {"eval_metric": "roc_auc", "model": "M", "validation_rows": 9, "validation": {"roc_auc": 0.98765}}
    assert training_line(report) == "roc_auc 0.9877 on 9 validation rows, by M"
    assert "?" in training_line({"eval_metric": "odd"})


@pytest.mark.parametrize(("seconds", "told"), [(0.4, "0 s"), (59.7, "1 min 0 s"), (3720, "1 h 2 min"), (None, "")])
def test_durations_read_as_people_say_them(seconds: float | None, told: str) -> None:
    assert show.clock(seconds) == told


def test_a_step_that_does_not_exist_is_told_with_those_that_do() -> None:
    with pytest.raises(UsageError) as caught:
        FAILED.step("Trian")
    assert "Preprocess, Train, Model" in caught.value.hint


def test_parameters_are_names_and_values() -> None:
    assert parameters_of(["A=1", "B=x=y", "C="]) == {"A": "1", "B": "x=y", "C": ""}
    for words in (["A"], ["=1"], ["A=1", "A=2"]):
        with pytest.raises(UsageError):
            parameters_of(words)
