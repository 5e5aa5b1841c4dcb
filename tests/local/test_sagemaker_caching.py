"""Step caching."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.sagemaker.caching import seconds
from sagekeep.local.sagemaker.definition import definition_violations
from sagekeep.local.sagemaker.platform import FAILED
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import TOKEN
from tests.local.pipeline_document import Document, create, definition, prepare, train

DAY = 86_400


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def cached(step: Document | None = None, **changes: Any) -> Document:
    """A definition of one step with caching on; `changes` replace arguments of it."""
    step = step or prepare()
    step["Arguments"] |= changes
    return {**definition(), "Steps": [step | {"CacheConfig": {"Enabled": True, "ExpireAfter": "P1D"}}]}


def first_run(account: RunningAccount, document: Document) -> str:
    arn = account.run(document)
    account.finish(document["Steps"][0]["Name"])
    assert account.status(arn) == "Succeeded"
    return arn


def jobs(account: RunningAccount) -> int:
    return len(account.platform.jobs)


def test_an_equal_step_takes_the_earlier_job_and_says_where_from(account: RunningAccount) -> None:
    first = first_run(account, cached())
    second = account.start()
    step = account.steps(second)["Prepare"]
    assert step["StepStatus"] == "Succeeded"
    assert step["CacheHitResult"] == {"SourcePipelineExecutionArn": first}
    assert step["Metadata"] == account.steps(first)["Prepare"]["Metadata"]
    assert jobs(account) == 1
    assert "CacheHitResult" not in account.steps(first)["Prepare"]
    detail = [d for name, d, _ in account.world.events if name.endswith("Step Status Change")][-1]
    assert detail["cacheHitResult"] == {"sourcePipelineExecutionArn": first}


def test_properties_come_from_the_cached_job(account: RunningAccount) -> None:
    step = prepare(CacheConfig={"Enabled": True})
    place = {"Std:Join": {"On": "/", "Values": ["s3://b", {"Get": "Execution.PipelineExecutionId"}]}}
    step["Arguments"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = place
    first = account.run({**definition(), "Steps": [step, train()]})
    account.finish("Prepare")
    account.finish("Train")
    account.start()
    source = account.job("Train").request["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3Uri"]
    assert source == f"s3://b/{first.rpartition('/')[2]}"
    assert jobs(account) == 3  # Train has no cache


INPUT = {"InputName": "code", "S3Input": {"S3Uri": "s3://b/code/2", "LocalPath": "/c", "S3DataType": "S3Prefix"}}


TARGET = {"S3Uri": "s3://b/else", "LocalPath": "/opt/ml/processing/train", "S3UploadMode": "EndOfJob"}
ELSEWHERE = {"OutputName": "train", "S3Output": TARGET}


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({"AppSpecification": {"ImageUri": "other"}}, True),
        ({"Environment": {"A": "1"}}, True),
        ({"ProcessingInputs": [INPUT]}, True),
        ({"Environment": {}}, False),
        ({"ProcessingOutputConfig": {"Outputs": [ELSEWHERE]}}, False),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 60}}, False),
    ],
)
def test_a_processing_step_runs_again_when_its_key_changes(
    account: RunningAccount, changes: dict[str, Any], runs: bool
) -> None:
    first_run(account, cached())
    account.update(cached(**changes))
    account.start()
    assert jobs(account) == (2 if runs else 1)


def test_no_environment_and_an_empty_one_are_equal(account: RunningAccount) -> None:
    first_run(account, cached(Environment={}))
    account.update(cached())
    account.start()
    assert jobs(account) == 1


@pytest.mark.parametrize(
    ("changes", "runs"),
    [
        ({"AlgorithmSpecification": {"TrainingImage": "other", "TrainingInputMode": "File"}}, True),
        ({"HyperParameters": {"seed": "2"}}, True),
        ({"InputDataConfig": train("s3://b/other")["Arguments"]["InputDataConfig"]}, True),
        ({"Environment": {"A": "1"}}, True),
        ({"OutputDataConfig": {"S3OutputPath": "s3://b/elsewhere"}}, False),
    ],
)
def test_a_training_step_runs_again_when_its_key_changes(
    account: RunningAccount, changes: dict[str, Any], runs: bool
) -> None:
    first_run(account, cached(train("s3://b/x")))
    account.update(cached(train("s3://b/x"), **changes))
    account.start()
    assert jobs(account) == (2 if runs else 1)


def test_a_step_expires_and_being_taken_from_the_cache_does_not_make_it_younger(account: RunningAccount) -> None:
    first_run(account, cached())
    account.wait(DAY - 1)
    account.start()
    assert jobs(account) == 1
    account.wait(2)
    account.start()
    assert jobs(account) == 2


def test_only_what_succeeded_is_taken(account: RunningAccount) -> None:
    account.run(cached())
    account.finish("Prepare", FAILED, "AlgorithmError: why")
    account.start()
    assert jobs(account) == 2
    account.start()  # the second still runs
    assert jobs(account) == 3


@pytest.mark.parametrize("config", [{}, {"Enabled": False, "ExpireAfter": "P30D"}])
def test_without_caching_every_step_runs(account: RunningAccount, config: dict[str, Any]) -> None:
    step = prepare(CacheConfig=config) if config else prepare()
    first_run(account, {**definition(), "Steps": [step]})
    account.start()
    assert jobs(account) == 2


def test_the_latest_of_several_is_taken(account: RunningAccount) -> None:
    first_run(account, {**definition(), "Steps": [prepare()]})
    second = account.start()
    account.finish("Prepare")
    account.update(cached())
    third = account.start()
    assert account.steps(third)["Prepare"]["CacheHitResult"]["SourcePipelineExecutionArn"] == second


def test_another_step_or_pipeline_is_no_source(account: RunningAccount) -> None:
    first_run(account, cached())
    account.update(cached(prepare() | {"Name": "Other"}))
    account.start()
    assert jobs(account) == 2
    create(account, cached(), PipelineName="q", ClientRequestToken="1" * 32)
    account.start(PipelineName="q")
    assert jobs(account) == 3


def test_a_deleted_pipeline_is_no_source(account: RunningAccount) -> None:
    first_run(account, cached())
    account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    account.run(cached())
    assert jobs(account) == 2


def test_a_hit_asks_for_no_permission(account: RunningAccount) -> None:
    first_run(account, cached())
    account.world.forbidden.add("sagemaker:CreateProcessingJob")
    assert account.status(account.start()) == "Succeeded"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P30D", 30 * DAY), ("PT1H", 3600), ("P1Y", 365 * DAY), ("P1M", 30 * DAY), ("P2W", 14 * DAY), ("PT16M", 960),
        ("30dT5h", 30 * DAY + 18_000), ("T16m", 960), ("5y", 5 * 365 * DAY), ("P1DT30S", DAY + 30),
    ],
)  # fmt: skip
def test_durations(text: str, length: int) -> None:
    assert seconds(text) == length


@given(st.text("PYMWDTHS0123456789 .-", max_size=6))
def test_a_text_is_a_duration_or_none(text: str) -> None:
    assert seconds(text) is None or any(character.isdigit() for character in text)


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1 day", "P-1D", "P1DT", None, 5])
def test_a_duration_that_is_none_is_refused_with_the_definition(text: Any) -> None:
    document = cached()
    document["Steps"][0]["CacheConfig"]["ExpireAfter"] = text
    (fault,) = definition_violations(document)
    assert "must be an ISO 8601 duration such as P30D" in fault
