"""Executions of pipelines: states, steps, events."""

from __future__ import annotations

import json

import pytest

from sagekeep.local.sagemaker import AwsError
from tests.local.fake_world import CALLER, TOKEN, Account
from tests.local.pipeline_document import create, definition


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_pipeline_is_not_deleted_while_it_runs(account: Account) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    with pytest.raises(AwsError, match="in progress") as refusal:
        account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    assert refusal.value.code == "ConflictException"
    account("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert account("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopping"
    with pytest.raises(AwsError, match="in progress"):
        account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    account.wait()
    assert account("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopped"
    account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    with pytest.raises(AwsError, match="does not exist"):
        account("DescribePipelineExecution", PipelineExecutionArn=arn)


def test_an_execution_that_is_over_is_not_stopped(account: Account) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    account.sagemaker.executions.move(arn, "Succeeded")
    with pytest.raises(AwsError) as refusal:
        account("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert refusal.value.code == "ConflictException"


def test_an_execution_keeps_the_definition_that_it_started_with(account: Account) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER, parameters={"Instance": "ml.m5.large"})
    other = definition()
    del other["Steps"][2]
    account("UpdatePipeline", PipelineName="p", PipelineDefinition=json.dumps(other))
    kept = account("DescribePipelineDefinitionForExecution", PipelineExecutionArn=arn)["PipelineDefinition"]
    assert json.loads(kept) == definition()
    parameters = account("ListPipelineParametersForExecution", PipelineExecutionArn=arn)["PipelineParameters"]
    assert parameters == [{"Name": "Instance", "Value": "ml.m5.large"}]


def test_executions_and_steps_are_listed_latest_first(account: Account) -> None:
    create(account)
    executions = account.sagemaker.executions
    first = executions.insert("p", CALLER, display_name="one")
    account.wait()
    second = executions.insert("p", CALLER, display_name="two")
    summaries = account("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"]
    assert [s["PipelineExecutionArn"] for s in summaries] == [second, first]
    executions.add_step(first, "Prepare", "Processing")
    executions.move_step(first, "Prepare", "Succeeded", metadata={"ProcessingJob": {"Arn": "arn"}})
    executions.add_step(first, "Train", "Training", status="Executing")
    executions.move_step(first, "Train", "Failed", failure="no objects")
    steps = account("ListPipelineExecutionSteps", PipelineExecutionArn=first)["PipelineExecutionSteps"]
    assert [(s["StepName"], s["StepStatus"]) for s in steps] == [("Train", "Failed"), ("Prepare", "Succeeded")]
    assert steps[0]["FailureReason"] == "no objects"
    assert steps[1]["Metadata"] == {"ProcessingJob": {"Arn": "arn"}}
    page = account("ListPipelineExecutionSteps", PipelineExecutionArn=first, SortOrder="Ascending", MaxResults=1)
    assert [s["StepName"] for s in page["PipelineExecutionSteps"]] == ["Prepare"]
    executions.move(first, "Failed", failure="Step Train failed")
    assert account("DescribePipelineExecution", PipelineExecutionArn=first)["FailureReason"] == "Step Train failed"


def test_events_have_the_members_of_aws(account: Account) -> None:
    pipeline_arn = create(account)
    executions = account.sagemaker.executions
    arn = executions.insert("p", CALLER, display_name="run")
    executions.add_step(arn, "Train", "Training")
    executions.move_step(arn, "Train", "Failed", failure="why", metadata={"TrainingJob": {"Arn": "job"}})
    executions.move(arn, "Failed")
    executions.move(arn, "Failed")  # no change, no event
    (_, started, resources), *_, (kind, detail, _) = account.world.events
    assert len(account.world.events) == 4
    assert kind == "SageMaker Model Building Pipeline Execution Status Change"
    assert resources == [pipeline_arn, arn]
    assert detail == {
        "pipelineExecutionDisplayName": "run",
        "currentPipelineExecutionStatus": "Failed",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2027-01-15T08:00:00Z",
        "executionEndTime": "2027-01-15T08:00:00Z",
        "pipelineExecutionDescription": "",
        "pipelineArn": pipeline_arn,
        "pipelineExecutionArn": arn,
    }
    assert {"executionEndTime", "previousPipelineExecutionStatus"} & set(started) == set()
    kind, step, _ = account.world.events[2]
    assert kind == "SageMaker Model Building Pipeline Execution Step Status Change"
    assert step["metadata"] == {"trainingJob": {"arn": "job"}}
    named = ("stepName", "stepType", "previousStepStatus", "currentStepStatus", "failureReason")
    assert [step[name] for name in named] == ["Train", "Training", "Starting", "Failed", "why"]


def test_without_a_platform_nothing_can_be_started(account: Account) -> None:
    create(account)
    with pytest.raises(AwsError, match="no platform") as refusal:
        account("StartPipelineExecution", PipelineName="p", ClientRequestToken=TOKEN)
    assert (refusal.value.code, refusal.value.status) == ("NotImplemented", 501)


def test_what_aws_does_not_have_is_404_and_what_we_do_not_model_501(account: Account) -> None:
    for operation, status in (("MakeCoffee", 404), ("CreateTransformJob", 501), ("CreateNotebookInstance", 501)):
        with pytest.raises(AwsError) as refusal:
            account(operation)
        assert refusal.value.status == status
