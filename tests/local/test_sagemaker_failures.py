"""Executions that fail or are stopped."""

from __future__ import annotations

import pytest

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.platform import COMPLETED, FAILED, STOPPED
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import ACCOUNT, TOKEN
from tests.local.pipeline_document import only, prepare, train


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def test_an_endpoint_that_does_not_come_up_fails_its_step_and_the_old_one_stays(account: RunningAccount) -> None:
    account.until_served()
    account.platform.serve()
    account.wait()
    second = account.start()
    account.finish("Prepare")
    account.finish("Train")
    account.platform.serve(but="The primary container did not pass the ping health check.")
    account.wait()
    step = account.steps(second)["Endpoint"]
    assert (step["StepStatus"], "ping health check" in step["FailureReason"]) == ("Failed", True)
    assert account.status(second) == "Failed"
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "InService"


@pytest.mark.parametrize("action", ["sagemaker:CreateProcessingJob", "sagemaker:DescribeProcessingJob", "iam:PassRole"])
def test_a_call_that_the_role_may_not_make_fails_the_step(account: RunningAccount, action: str) -> None:
    account.world.forbidden.add(action)
    arn = account.run()
    step = account.steps(arn)["Prepare"]
    operation = "DescribeProcessingJob" if "Describe" in action else "CreateProcessingJob"
    user = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/acme-studio/SageMaker is not authorized to {action}"
    assert step["FailureReason"] == f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {user}"
    assert account.platform.jobs == {}
    assert account.status(arn) == "Failed"


def test_a_request_that_aws_refuses_fails_the_step(account: RunningAccount) -> None:
    step = prepare()
    step["Arguments"]["RoleArn"] = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    arn = account.run(only(step))
    reason = account.steps(arn)["Prepare"]["FailureReason"]
    assert reason.startswith(
        "ClientError: Failed to invoke sagemaker:CreateProcessingJob. Error Details: Could not ass"
    )


def test_a_reason_is_no_longer_than_aws_has_it(account: RunningAccount) -> None:
    account.world.faults.append(("sagemaker:CreateProcessingJob", AwsError("ValidationException", "x" * 5000)))
    assert len(account.steps(account.run())["Prepare"]["FailureReason"]) == 1024


def test_a_failed_job_fails_its_step_and_what_needs_it_never_starts(account: RunningAccount) -> None:
    arn = account.run()
    account.finish("Prepare", FAILED, "AlgorithmError: no rows, exit code: 1")
    steps = account.steps(arn)
    assert list(steps) == ["Prepare"]
    assert steps["Prepare"]["FailureReason"] == "AlgorithmError: no rows, exit code: 1"
    execution = account.execution(arn)
    assert execution["PipelineExecutionStatus"] == "Failed"
    assert execution["FailureReason"] == "Step failure: One or multiple steps failed."


def test_after_a_failure_running_steps_end_and_no_new_one_starts(account: RunningAccount) -> None:
    last = train("s3://b/x") | {"DependsOn": ["B"]}
    arn = account.run(only(prepare() | {"Name": "A"}, prepare() | {"Name": "B"}, last))
    account.finish("A", FAILED, "AlgorithmError: why")
    assert account.status(arn) == "Executing"
    account.finish("B")
    assert account.statuses(arn) == {"A": "Failed", "B": "Succeeded"}
    assert account.status(arn) == "Failed"


def test_a_job_that_someone_stops_fails_its_step(account: RunningAccount) -> None:
    arn = account.run()
    account("StopProcessingJob", ProcessingJobName=account.job("Prepare").name)
    account.wait()
    step = account.steps(arn)["Prepare"]
    assert (step["StepStatus"], "ended in status Stopped" in step["FailureReason"]) == ("Failed", True)


def test_an_endpoint_that_someone_deletes_fails_its_step(account: RunningAccount) -> None:
    arn = account.until_served()
    account.platform.serve(but="why")
    # The endpoint is Failed for an instant only: it goes before the step looks.
    record = account.sagemaker.state.endpoints.get("e")
    assert record is not None
    account.sagemaker.state.endpoints.drop(record)
    account.wait()
    assert "Could not find endpoint" in account.steps(arn)["Endpoint"]["FailureReason"]


def test_stopping_stops_jobs_steps_and_the_execution(account: RunningAccount) -> None:
    account.platform.obedient = False
    arn = account.run(only(prepare(), train("s3://b/x")))
    account.stop(arn)
    assert account.status(arn) == "Stopping"
    assert account.statuses(arn) == {"Prepare": "Stopping", "Train": "Stopping"}
    assert set(account.platform.stopped) == {account.job("Prepare").arn, account.job("Train").arn}
    with pytest.raises(AwsError, match="in progress"):
        account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    account.wait()
    asked = [p.action for _, _, p in account.world.asked if "Stop" in p.action]
    assert sorted(asked) == ["sagemaker:StopProcessingJob", "sagemaker:StopTrainingJob"]  # once each
    account.finish("Prepare", STOPPED)
    assert account.statuses(arn) == {"Prepare": "Stopped", "Train": "Stopping"}
    account.finish("Train", COMPLETED)  # it was over before it heard
    assert account.statuses(arn) == {"Prepare": "Stopped", "Train": "Succeeded"}
    assert account.status(arn) == "Stopped"
    assert len(account.platform.stopped) == 2
    account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)


def test_a_job_that_the_role_may_not_stop_is_waited_for(account: RunningAccount) -> None:
    arn = account.run()
    account.world.forbidden.add("sagemaker:StopProcessingJob")
    account.stop(arn)
    assert account.platform.stopped == []
    assert "StopProcessingJob" in account.steps(arn)["Prepare"]["FailureReason"]
    account.finish("Prepare")
    assert account.status(arn) == "Stopped"


def test_an_endpoint_goes_on_when_its_execution_is_stopped(account: RunningAccount) -> None:
    arn = account.until_served()
    account.stop(arn)
    assert (account.statuses(arn)["Endpoint"], account.status(arn)) == ("Stopped", "Stopped")
    account.platform.serve()
    account.wait()
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "InService"
