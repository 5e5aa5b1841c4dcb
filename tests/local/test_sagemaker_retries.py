"""Retry policies of steps, by the clock."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.definition import definition_violations
from sagekeep.local.sagemaker.platform import FAILED
from tests.local.fake_platform import RunningAccount
from tests.local.pipeline_document import Document, definition, model, prepare

THROTTLED = AwsError("ThrottlingException", "Rate exceeded")
BROKEN = AwsError("InternalFailure", "Try later", 500)
LIMIT = AwsError("ResourceLimitExceeded", "The account-level service limit is 0")
INTERNAL = "InternalServerError: We encountered an internal error. Please try again."
CAPACITY = "CapacityError: Unable to provision requested ML compute capacity."


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def policy(*exceptions: str, **members: Any) -> Document:
    return {"ExceptionType": list(exceptions), "IntervalSeconds": 10, "BackoffRate": 2.0, **members}


def retried(*policies: Document) -> Document:
    return {**definition(), "Steps": [prepare(RetryPolicies=list(policies))]}


def throttle(account: RunningAccount, times: int, error: AwsError = THROTTLED) -> None:
    account.world.faults += [("sagemaker:CreateProcessingJob", error)] * times


def step_of(account: RunningAccount, arn: str) -> dict[str, Any]:
    return account.steps(arn)["Prepare"]


def test_a_throttled_call_is_tried_again_after_growing_times(account: RunningAccount) -> None:
    throttle(account, 2)
    arn = account.run(retried(policy("Step.THROTTLING", MaxAttempts=3)))
    account.wait(9)
    assert len(account.world.faults) == 1
    account.wait(1)
    assert account.world.faults == []
    account.wait(19)
    assert account.platform.jobs == {}
    account.wait(1)
    assert (step_of(account, arn)["StepStatus"], step_of(account, arn)["AttemptCount"]) == ("Executing", 3)
    account.finish("Prepare")
    assert account.status(arn) == "Succeeded"


@pytest.mark.parametrize(
    ("exception", "error"),
    [("Step.THROTTLING", THROTTLED), ("Step.SERVICE_FAULT", BROKEN), ("SageMaker.RESOURCE_LIMIT", LIMIT)],
)
def test_a_refusal_is_retried_by_the_policy_of_its_kind_until_it_is_spent(
    account: RunningAccount, exception: str, error: AwsError
) -> None:
    throttle(account, 9, error)
    arn = account.run(retried(policy(exception, MaxAttempts=2, BackoffRate=1)))
    account.wait(10)
    account.wait(10)
    step = step_of(account, arn)
    assert (step["StepStatus"], step["AttemptCount"]) == ("Failed", 3)
    assert step["FailureReason"].endswith(f"sagemaker:CreateProcessingJob. Error Details: {error.message}")


@pytest.mark.parametrize(
    ("exception", "reason"), [("SageMaker.JOB_INTERNAL_ERROR", INTERNAL), ("SageMaker.CAPACITY_ERROR", CAPACITY)]
)
def test_a_job_that_failed_through_no_fault_of_its_own_is_made_again_under_a_new_name(
    account: RunningAccount, exception: str, reason: str
) -> None:
    arn = account.run(retried(policy(exception, MaxAttempts=2)))
    first = account.job("Prepare")
    account.finish("Prepare", FAILED, reason)
    assert step_of(account, arn)["StepStatus"] == "Executing"
    account.wait(10)
    second = account.job("Prepare")
    assert second.name != first.name
    step = step_of(account, arn)
    assert (step["Metadata"]["ProcessingJob"]["Arn"], step["AttemptCount"]) == (second.arn, 2)
    account.finish("Prepare")
    assert account.status(arn) == "Succeeded"


@pytest.mark.parametrize("reason", ["AlgorithmError: why", "ClientError: no data", ""])
def test_a_job_that_failed_by_itself_is_not_made_again(account: RunningAccount, reason: str) -> None:
    kinds = ("SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR", "SageMaker.RESOURCE_LIMIT")
    arn = account.run(retried(policy(*kinds, MaxAttempts=5)))
    account.finish("Prepare", FAILED, reason)
    assert account.status(arn) == "Failed"


def test_each_policy_counts_for_itself(account: RunningAccount) -> None:
    once = {"MaxAttempts": 1}
    arn = account.run(retried(policy("Step.THROTTLING", **once), policy("SageMaker.CAPACITY_ERROR", **once)))
    account.finish("Prepare", FAILED, CAPACITY)
    throttle(account, 1)
    account.wait(10)
    account.wait(10)
    assert step_of(account, arn)["AttemptCount"] == 3
    account.finish("Prepare", FAILED, CAPACITY)
    assert account.status(arn) == "Failed"


def test_a_policy_expires_counted_from_the_start_of_the_step(account: RunningAccount) -> None:
    throttle(account, 99)
    arn = account.run(retried(policy("Step.THROTTLING", ExpireAfterMin=1, BackoffRate=1, IntervalSeconds=25)))
    for _ in range(3):
        account.wait(25)
    assert (step_of(account, arn)["StepStatus"], step_of(account, arn)["AttemptCount"]) == ("Failed", 4)


def test_zero_attempts_are_none(account: RunningAccount) -> None:
    throttle(account, 1)
    assert account.status(account.run(retried(policy("Step.THROTTLING", MaxAttempts=0)))) == "Failed"


def test_without_a_policy_the_two_faults_of_a_call_are_retried_as_the_service_does(account: RunningAccount) -> None:
    throttle(account, 1)
    throttle(account, 1, BROKEN)
    arn = account.run(retried())
    account.wait(1)
    account.wait(2)
    assert (step_of(account, arn)["StepStatus"], step_of(account, arn)["AttemptCount"]) == ("Executing", 3)


def test_what_is_not_modelled_is_not_retried(account: RunningAccount) -> None:
    document = retried(policy("Step.SERVICE_FAULT", MaxAttempts=5))
    document["Steps"][0]["Arguments"]["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    arn = account.run(document)
    assert account.status(arn) == "Failed"
    assert "InstanceCount = 2" in step_of(account, arn)["FailureReason"]


def test_a_model_step_is_retried_too(account: RunningAccount) -> None:
    step = model() | {"RetryPolicies": [policy("Step.THROTTLING", MaxAttempts=1)]}
    step["Arguments"]["PrimaryContainer"]["ModelDataUrl"] = "s3://b/model.tar.gz"
    account.world.faults = [("sagemaker:CreateModel", THROTTLED)]
    arn = account.run({**definition(), "Steps": [step]})
    assert account.status(arn) == "Executing"
    account.wait(10)
    assert account.status(arn) == "Succeeded"


def test_a_step_that_waits_for_its_next_attempt_stops_with_its_execution(account: RunningAccount) -> None:
    throttle(account, 1)
    arn = account.run(retried(policy("Step.THROTTLING", MaxAttempts=5)))
    account.stop(arn)
    assert (step_of(account, arn)["StepStatus"], account.status(arn)) == ("Stopped", "Stopped")
    account.wait(60)
    assert account.platform.jobs == {}


def test_a_step_is_not_tried_again_once_another_has_failed(account: RunningAccount) -> None:
    document = retried(policy("SageMaker.CAPACITY_ERROR", MaxAttempts=5))
    document["Steps"].append(prepare() | {"Name": "Other"})
    arn = account.run(document)
    account.finish("Prepare", FAILED, CAPACITY)
    account.finish("Other", FAILED, "AlgorithmError: why")
    assert account.statuses(arn) == {"Prepare": "Failed", "Other": "Failed"}
    assert step_of(account, arn)["FailureReason"] == CAPACITY
    assert account.status(arn) == "Failed"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"MaxAttempts": 2, "ExpireAfterMin": 2}, "not both"),
        ({"MaxAttempts": 21}, "MaxAttempts of a retry policy must be a number from 0 to 20"),
        ({"IntervalSeconds": 0}, "IntervalSeconds of a retry policy"),
        ({"BackoffRate": "two"}, "BackoffRate of a retry policy"),
        ({"ExceptionType": ["Step.BAD_MOOD"]}, "got ['Step.BAD_MOOD']"),
        ({"ExceptionType": []}, "ExceptionType of a retry policy"),
        ({"Nonsense": 1}, "Unknown member 'Nonsense'"),
    ],
)
def test_a_policy_with_a_fault_is_refused_with_the_definition(wrong: dict[str, Any], fault: str) -> None:
    (found,) = definition_violations(retried(policy("Step.THROTTLING", **wrong) | wrong))
    assert found.startswith("Step 'Prepare': ")
    assert fault in found
