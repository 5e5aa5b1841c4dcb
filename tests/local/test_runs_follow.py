"""Starting and following executions, against the control plane."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from rich.console import Console

from sagekeep.errors import OperationError, UsageError
from sagekeep.runs import endpoint, steps
from sagekeep.runs import start as starting
from sagekeep.runs.follow import follow
from sagekeep.runs.outcome import failures
from sagekeep.runs.start import Request
from sagekeep.runs.target import Target
from sagekeep.settings import parse
from tests.local.control_plane_client import client_of
from tests.local.fake_world import ACCOUNT, CALLER, Account
from tests.local.pipeline_document import create, definition

SETTINGS = parse(
    {"prefix": "acme", "account_id": ACCOUNT, "region": "us-east-1", "pipeline": {"name": "p"}}, environment="poc"
)


@dataclass(frozen=True)
class InMemory(Target):
    """A target whose SageMaker is a control plane in memory."""

    sagemaker: Any = None

    def client(self, service: str) -> Any:
        assert service == "sagemaker"
        return self.sagemaker


@pytest.fixture
def account() -> Account:
    made = Account()
    made.sagemaker.state.stop_after = None
    return made


@pytest.fixture
def target(account: Account) -> Target:
    return InMemory(SETTINGS, "poc", {}, sagemaker=client_of(account))


@pytest.fixture
def while_waiting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """while_waiting(*actions): each pause of whoever follows does the next one."""

    def plan(*actions: Callable[[], object]) -> None:
        left = list(actions)
        monkeypatch.setattr("sagekeep.runs.follow.time.sleep", lambda _: left.pop(0)())

    return plan


def followed(target: Target, arn: str, *, terminal: bool = False) -> tuple[steps.Execution, str]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=120, color_system=None)
    return follow(target, arn, console), out.getvalue()


def test_each_change_of_a_step_is_a_line_until_the_execution_is_over(
    account: Account, target: Target, while_waiting: Callable[..., None]
) -> None:
    create(account)
    executions = account.sagemaker.executions
    arn = executions.insert("p", CALLER, display_name="first")
    executions.add_step(arn, "Prepare", "Processing")

    def prepare() -> None:
        executions.get(arn)["Steps"][0]["CacheHitResult"] = {"SourcePipelineExecutionArn": arn}
        account.wait(7)
        executions.move_step(arn, "Prepare", "Succeeded")
        executions.add_step(arn, "Train", "Training", status="Executing")

    def fail() -> None:
        account.wait(62)
        executions.get(arn)["Steps"][1]["AttemptCount"] = 2
        executions.move_step(arn, "Train", "Failed", failure="ClientError: no rows")
        executions.move(arn, "Failed", failure="One or more steps failed")

    while_waiting(prepare, lambda: None, fail)
    found, said = followed(target, arn)
    assert said.splitlines() == [
        "Prepare: Starting",
        "Prepare: Succeeded (7 s, cached)",
        "Train: Executing",
        "Train: Failed (1 min 2 s, attempt 2): ClientError: no rows",
    ]
    assert (found.status, found.reason) == ("Failed", "One or more steps failed")
    assert [step.name for step in found.steps] == ["Prepare", "Train"]
    assert [(failure.step, failure.reason) for failure in failures(target, found)] == [
        ("Train", "ClientError: no rows")
    ]


def test_a_terminal_shows_the_steps_that_wait(
    account: Account, target: Target, while_waiting: Callable[..., None]
) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    while_waiting(lambda: account.sagemaker.executions.move(arn, "Succeeded"))
    found, said = followed(target, arn, terminal=True)
    assert found.succeeded
    for name in ("Prepare", "Train", "Gate", "Model", "Endpoint", "TooLow", "Waiting"):
        assert name in said


def test_ctrl_c_leaves_the_execution_alone_and_says_how_to_stop_it(
    account: Account, target: Target, while_waiting: Callable[..., None]
) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)

    def interrupt() -> None:
        raise KeyboardInterrupt

    while_waiting(interrupt)
    with pytest.raises(OperationError, match="goes on") as caught:
        followed(target, arn)
    assert f"sagekeep stop --env poc --execution {arn}" in caught.value.hint
    assert steps.read(target, arn).status == "Executing"
    starting.stop(target, arn)
    assert steps.read(target, arn).status == "Stopping"


def test_an_execution_that_is_over_cannot_be_stopped(account: Account, target: Target) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    account.sagemaker.executions.move(arn, "Succeeded")
    with pytest.raises(OperationError, match="is Succeeded and cannot be stopped"):
        starting.stop(target, arn)


def test_many_steps_are_read_page_by_page(account: Account, target: Target) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    for number in range(25):
        account.sagemaker.executions.add_step(arn, f"S{number:02}", "Model")
    found = steps.read(target, arn)
    assert [step.name for step in found.steps if step.began] == [f"S{number:02}" for number in range(25)]


def test_the_latest_execution_is_chosen_where_none_is_named(account: Account, target: Target) -> None:
    create(account)
    with pytest.raises(OperationError, match="has never run"):
        steps.chosen(target, "")
    first = account.sagemaker.executions.insert("p", CALLER, display_name="one")
    account.wait()
    second = account.sagemaker.executions.insert("p", CALLER, display_name="two")
    assert steps.chosen(target, "") == second
    assert steps.chosen(target, first) == first
    assert [execution.name for execution in steps.latest(target)] == ["two", "one"]
    with pytest.raises(UsageError, match="is no execution of"):
        steps.chosen(target, "arn:aws:sagemaker:us-east-1:123456789012:pipeline/other/execution/x")


def test_a_pipeline_that_is_not_there_must_be_deployed_first(target: Target) -> None:
    for look in (steps.latest, lambda t: starting.start(t, Request(), str)):
        with pytest.raises(OperationError, match="does not exist") as caught:
            look(target)
        assert caught.value.hint == "deploy it first: sagekeep deploy --env poc"


def test_an_unknown_parameter_is_told_before_anything_starts(account: Account, target: Target) -> None:
    create(account)
    with pytest.raises(UsageError, match="no parameter Instanze") as caught:
        starting.start(target, Request(parameters={"Instanze": "x"}), str)
    assert caught.value.hint == "did you mean Instance?"
    with pytest.raises(UsageError, match=r"Instance: must be one of ml.m5.large \(got 'ml.m5.xlarge'\)"):
        starting.start(target, Request(parameters={"Instance": "ml.m5.xlarge"}), str)
    with pytest.raises(UsageError, match="no parameter Label") as caught:
        starting.start(target, Request(label="diagnosis"), str)
    assert "sagekeep deploy" in caught.value.hint
    assert steps.latest(target) == []


def test_there_is_no_endpoint_before_the_first_run(account: Account, target: Target) -> None:
    assert endpoint.describe(target) is None
    account.model()
    account.config()
    account("CreateEndpoint", EndpointName="another-p", EndpointConfigName="c")
    assert endpoint.describe(target) is None


def test_an_execution_is_one_document_for_machines(account: Account, target: Target) -> None:
    create(account, definition())
    arn = account.sagemaker.executions.insert("p", CALLER, display_name="first")
    account.sagemaker.executions.add_step(arn, "Prepare", "Processing")
    document = json.loads(json.dumps(steps.read(target, arn).document()))
    assert (document["execution"], document["status"]) == (arn, "Executing")
    assert [step["status"] for step in document["steps"]] == ["Starting", *["Waiting"] * 6]
