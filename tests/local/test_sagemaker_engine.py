"""Executions that run: their order, their names, their permissions, their events."""

from __future__ import annotations

import re

import pytest

from sagekeep.local.sagemaker.platform import FAILED
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import ACCOUNT, ROLE
from tests.local.pipeline_document import model, only, prepare, serve, train


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def test_a_whole_pipeline_runs_from_data_to_endpoint(account: RunningAccount) -> None:
    account.report(0.9)
    arn = account.run()
    assert account.statuses(arn) == {"Prepare": "Executing"}
    account.wait(4)
    account.finish("Prepare")
    assert account.statuses(arn) == {"Prepare": "Succeeded", "Train": "Executing", "Gate": "Succeeded"}
    account.finish("Train")
    assert account.statuses(arn)["Endpoint"] == "Executing"
    assert account.status(arn) == "Executing"
    account.platform.serve()
    account.wait()
    assert set(account.statuses(arn).values()) == {"Succeeded"}
    assert account.status(arn) == "Succeeded"
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "InService"
    steps = account.steps(arn)
    assert list(steps) == ["Prepare", "Train", "Gate", "Model", "Config", "Endpoint"]
    assert steps["Prepare"]["EndTime"] - steps["Prepare"]["StartTime"] == 4
    assert steps["Gate"]["Metadata"] == {"Condition": {"Outcome": "True"}}
    assert steps["Train"]["Metadata"] == {"TrainingJob": {"Arn": account.job("Train").arn}}
    assert steps["Train"]["AttemptCount"] == 1
    assert steps["Model"]["Metadata"]["Model"]["Arn"].startswith(f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/pipel")


def test_names_are_made_as_aws_makes_them(account: RunningAccount) -> None:
    long = "A-very_long-name_of_a-step_that-does_not-fit_into-a_job-name_"
    arn = account.run(only(prepare() | {"Name": long}, prepare()))
    identity = arn.rpartition("/")[2]
    names = [job.name for job in account.platform.jobs.values()]
    assert all(re.fullmatch(rf"pipelines-{identity}-[A-Za-z0-9-]+-[a-z0-9]{{10}}", name) for name in names)
    assert all(len(name) <= 63 for name in names)
    assert names[1].startswith(f"pipelines-{identity}-Prepare-")


def test_a_second_execution_updates_the_endpoint(account: RunningAccount) -> None:
    first = account.until_served()
    account.platform.serve()
    account.wait()
    (old,) = account.platform.alive()
    second = account.start()
    account.finish("Prepare")
    account.finish("Train")
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "Updating"
    account.platform.serve()
    account.wait()
    assert (account.status(first), account.status(second)) == ("Succeeded", "Succeeded")
    assert old not in account.platform.alive()
    actions = [permission.action for _, _, permission in account.world.asked]
    assert actions.count("sagemaker:CreateEndpoint") == actions.count("sagemaker:UpdateEndpoint") == 2  # two ARNs each


def test_steps_run_at_once_up_to_the_limit(account: RunningAccount) -> None:
    steps = [prepare() | {"Name": name} for name in ("A", "B", "C")]
    arn = account.run(only(*steps), ParallelismConfiguration={"MaxParallelExecutionSteps": 2})
    assert account.statuses(arn) == {"A": "Executing", "B": "Executing"}
    account.finish("B")
    assert account.statuses(arn) == {"A": "Executing", "B": "Succeeded", "C": "Executing"}


def test_without_a_limit_all_that_is_ready_runs(account: RunningAccount) -> None:
    arn = account.run(only(*[prepare() | {"Name": f"S{number}"} for number in range(9)]))
    assert list(account.statuses(arn).values()) == ["Executing"] * 9


def test_depends_on_makes_a_step_wait(account: RunningAccount) -> None:
    arn = account.run(only(train("s3://b/x") | {"DependsOn": ["Prepare"]}, prepare()))
    assert account.statuses(arn) == {"Prepare": "Executing"}
    account.finish("Prepare")
    assert account.statuses(arn)["Train"] == "Executing"


def test_every_call_of_a_step_is_allowed_to_the_pipelines_role(account: RunningAccount) -> None:
    account.until_served()
    assert {(role, session) for role, session, _ in account.world.asked} == {(ROLE, "SageMaker")}
    actions = {permission.action for _, _, permission in account.world.asked}
    nouns = ("ProcessingJob", "TrainingJob", "Model", "EndpointConfig", "Endpoint")
    made = {f"sagemaker:{verb}{noun}" for noun in nouns for verb in ("Create", "Describe")}
    assert actions == made | {"iam:PassRole", "sagemaker:AddTags"}
    job = next(p for _, _, p in account.world.asked if p.action == "sagemaker:CreateProcessingJob")
    assert job.resource_arn == account.job("Prepare").arn
    assert job.context == {"sagemaker:InstanceTypes": ["ml.m5.large"]}


def test_events_tell_every_change_with_the_names_of_aws(account: RunningAccount) -> None:
    arn = account.run(only(prepare()))
    account.finish("Prepare", FAILED, "AlgorithmError: why")
    steps = [d for name, d, _ in account.world.events if name.endswith("Execution Step Status Change")]
    assert [d["currentStepStatus"] for d in steps] == ["Starting", "Executing", "Failed"]
    assert steps[-1]["metadata"] == {"processingJob": {"arn": account.job("Prepare").arn}}
    assert steps[-1]["failureReason"] == "AlgorithmError: why"
    executions = [d for name, d, _ in account.world.events if name.endswith("Pipeline Execution Status Change")]
    assert [d["currentPipelineExecutionStatus"] for d in executions] == ["Executing", "Failed"]
    assert executions[-1]["pipelineExecutionArn"] == arn


def test_what_a_step_is_called_is_listed(account: RunningAccount) -> None:
    arn = account.run(only(prepare() | {"DisplayName": "Clean the rows", "Description": "and split them"}))
    step = account.steps(arn)["Prepare"]
    assert (step["StepDisplayName"], step["StepDescription"]) == ("Clean the rows", "and split them")


def test_a_pipeline_of_models_only_is_over_at_once(account: RunningAccount) -> None:
    step = model()
    step["Arguments"]["PrimaryContainer"]["ModelDataUrl"] = "s3://b/model.tar.gz"
    arn = account.run(only(step, serve()[0]))
    assert account.status(arn) == "Succeeded"


def test_an_update_of_the_pipeline_does_not_touch_what_runs(account: RunningAccount) -> None:
    arn = account.run(only(prepare(), train()))
    account.update(only(prepare()))
    account.finish("Prepare")
    assert account.statuses(arn)["Train"] == "Executing"
