"""What references resolve to while an execution runs, and which branch of a Condition runs."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.conditions import outcome
from sagekeep.local.sagemaker.platform import COMPLETED
from tests.local.fake_platform import RunningAccount
from tests.local.pipeline_document import OUTPUT, REPORT, Document, definition, gate, only, prepare, train


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def test_a_step_gets_what_the_one_before_has_made(account: RunningAccount) -> None:
    arn = account.until_served()
    source = account.job("Train").request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    assert source == "s3://b/train"
    (made,) = account("ListModels")["Models"]
    container = account("DescribeModel", ModelName=made["ModelName"])["PrimaryContainer"]
    assert container["ModelDataUrl"] == f"s3://b/models/{account.job('Train').name}/output/model.tar.gz"
    (config,) = account("ListEndpointConfigs")["EndpointConfigs"]
    assert config["EndpointConfigName"] == f"c-{arn.rpartition('/')[2]}"
    assert account("DescribeEndpoint", EndpointName="e")["EndpointConfigName"] == config["EndpointConfigName"]
    described = account("DescribeEndpointConfig", EndpointConfigName=config["EndpointConfigName"])
    assert described["ProductionVariants"][0]["ModelName"] == made["ModelName"]


def test_parameters_joins_and_the_execution_become_values(account: RunningAccount) -> None:
    step = prepare()
    path = ["s3://b", {"Get": "Execution.PipelineExecutionId"}, {"Get": "Parameters.MinScore"}, True, "x"]
    step["Arguments"]["Environment"] = {
        "PATH": {"Std:Join": {"On": "/", "Values": path}},
        "JOB": {"Get": "Execution.ProcessingJobName"},
        "NAME": {"Get": "Execution.PipelineName"},
        "SINCE": {"Get": "Execution.StartDateTime"},
    }
    arn = account.run(only(step), PipelineParameters=[{"Name": "MinScore", "Value": "0.5"}])
    job = account.job("Prepare")
    assert job.request["Environment"] == {
        "PATH": f"s3://b/{arn.rpartition('/')[2]}/0.5/true/x",
        "JOB": job.name,
        "NAME": "p",
        "SINCE": "2027-01-15T08:00:00Z",
    }


@pytest.mark.parametrize(("accuracy", "chosen"), [(0.8, "Model"), (0.79, "TooLow")])
def test_a_condition_runs_one_branch_and_leaves_the_other_out(
    account: RunningAccount, accuracy: float, chosen: str
) -> None:
    account.report(accuracy)
    arn = account.run()
    account.finish("Prepare")
    account.finish("Train")
    statuses = account.statuses(arn)
    assert chosen in statuses
    assert ({"Model", "TooLow"} - {chosen}).isdisjoint(statuses)


def test_a_fail_step_fails_the_execution_with_its_message(account: RunningAccount) -> None:
    account.report(0.1)
    arn = account.run()
    account.finish("Prepare")
    account.finish("Train")
    step = account.steps(arn)["TooLow"]
    assert (step["StepStatus"], step["FailureReason"]) == ("Failed", "score below threshold")
    assert step["Metadata"] == {"Fail": {"ErrorMessage": "score below threshold"}}
    assert account.execution(arn)["FailureReason"] == "Step failure: One or multiple steps failed."


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, f"{REPORT} does not exist"),
        (b"accuracy: 0.9", f"The property file {REPORT} is not JSON"),
        (b'{"metrics": {}}', "there is no 'accuracy'"),
        (b'{"metrics": {"accuracy": "good"}}', "cannot compare 'good' with 0.8"),
    ],
)
def test_a_property_file_that_says_nothing_fails_the_condition(
    account: RunningAccount, content: bytes | None, reason: str
) -> None:
    if content is not None:
        account.world.objects[REPORT] = content
    arn = account.run()
    account.finish("Prepare")
    step = account.steps(arn)["Gate"]
    assert step["StepStatus"] == "Failed"
    assert reason in step["FailureReason"]


def compare(kind: str, left: Any, right: Any) -> Document:
    return {"Type": kind, "LeftValue": left, "RightValue": right}


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (compare("Equals", 1, 1.0), True),
        (compare("Equals", "1", 1), False),
        (compare("Equals", True, 1), False),
        (compare("GreaterThan", 2, 1), True),
        (compare("GreaterThan", 1, 1), False),
        (compare("GreaterThanOrEqualTo", 1, 1), True),
        (compare("LessThan", "a", "b"), True),
        (compare("LessThanOrEqualTo", 2, 1), False),
        ({"Type": "In", "Value": "a", "In": ["b", "a"]}, True),
        ({"Type": "In", "Value": 1, "In": ["1"]}, False),
        ({"Type": "Not", "Condition": compare("Equals", 1, 1)}, False),
        ({"Type": "Or", "Conditions": [compare("Equals", 1, 2), compare("Equals", 2, 2)]}, True),
        ({"Type": "Or", "Conditions": [compare("Equals", 1, 2)]}, False),
    ],
)
def test_every_type_of_condition(condition: Document, holds: bool) -> None:
    assert outcome([condition], lambda value: value) is holds
    assert outcome([condition, compare("Equals", 1, 1)], lambda value: value) is holds
    assert outcome([condition, compare("Equals", 1, 2)], lambda value: value) is False


def test_values_without_order_are_not_compared() -> None:
    for left, right in (("a", 1), (True, 0), ([1], [{}]), (None, None)):
        with pytest.raises(AwsError, match="cannot compare"):
            outcome([compare("LessThan", left, right)], lambda value: value)


def test_properties_of_conditions_and_inputs_are_found_by_name(account: RunningAccount) -> None:
    first = prepare()
    first["Arguments"]["ProcessingInputs"] = [
        {"InputName": name, "S3Input": {"S3Uri": f"s3://b/{name}", "LocalPath": "/x", "S3DataType": "S3Prefix"}}
        for name in ("one", "two")
    ]
    last = prepare() | {"Name": "Last"}
    last["Arguments"]["Environment"] = {
        "URI": {"Get": "Steps.Prepare.ProcessingInputs['two'].S3Input.S3Uri"},
        "FIRST": {"Get": "Steps.Prepare.ProcessingInputs[0].InputName"},
        "GATE": {"Get": "Steps.Gate.Outcome"},
        "MODE": {"Get": OUTPUT.replace("S3Uri", "S3UploadMode")},
    }
    decide = {
        "Name": "Gate", "Type": "Condition",
        "Arguments": {"Conditions": [compare("Equals", 1, 2)], "IfSteps": [], "ElseSteps": []},
    }  # fmt: skip
    account.run(only(first, decide, last))
    account.finish("Prepare")
    environment = account.job("Last").request["Environment"]
    assert environment == {"URI": "s3://b/two", "FIRST": "one", "GATE": "False", "MODE": "EndOfJob"}


def test_a_value_that_is_not_there_fails_the_step(account: RunningAccount) -> None:
    last = prepare() | {"Name": "Last"}
    last["Arguments"]["Environment"] = {"WHY": {"Get": "Steps.Prepare.FailureReason"}}
    arn = account.run(only(prepare(), last))
    account.finish("Prepare")
    reason = account.steps(arn)["Last"]["FailureReason"]
    assert reason == "ClientError: Get 'Steps.Prepare.FailureReason' does not resolve: there is no 'FailureReason'."


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value below this one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [place for key, item in items for place in ((*path, key), *places(item, (*path, key)))]


ODD: list[Any] = [
    None, 5, "x", True, [], {}, {"Get": "Parameters.MinScore"}, {"Get": "Steps.Prepare.AppSpecification"},
    {"Get": "Execution.TrainingJobName"}, {"Std:JsonGet": {"S3Uri": 5, "Path": "a"}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD, ids=str)
def test_whatever_a_definition_may_hold_an_execution_ends(odd: Any) -> None:
    whole = {**definition(), "Steps": [prepare(RetryPolicies=[], CacheConfig={"Enabled": True}), train(), gate()]}
    for path in places(whole["Steps"], ("Steps",)):
        document = copy.deepcopy(whole)
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = odd
        account = RunningAccount()
        account.report(0.9)
        try:
            arn = account.run(document)
        except AwsError:
            continue  # CreatePipeline or StartPipelineExecution takes it for what it is
        for _ in range(4):
            for job in account.platform.jobs:
                account.platform.move(job, COMPLETED)
            account.platform.serve()
            account.wait()
        assert account.status(arn) in ("Succeeded", "Failed"), path
