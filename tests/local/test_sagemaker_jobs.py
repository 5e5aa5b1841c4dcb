"""Processing and training jobs: Create, Describe, Stop, List, their events and what they hold in the network."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.platform import COMPLETED, DOWNLOADING, FAILED, RUNNING, STOPPED, UPLOADING
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import KEY, ROLE
from tests.local.job_requests import ARN, PROCESSING, REQUESTS, make


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def describe(account: RunningAccount, kind: str) -> dict[str, Any]:
    name = f"{kind}JobName"
    return account(f"Describe{kind}Job", **{name: REQUESTS[kind][name]})


def test_a_processing_job_runs_to_its_end_and_says_what_its_container_said(account: RunningAccount) -> None:
    arn = make(account, "Processing")
    job = describe(account, "Processing")
    assert (job["ProcessingJobStatus"], job["ProcessingJobArn"]) == ("InProgress", ARN + "processing-job/prep-1")
    assert not {"ProcessingStartTime", "ProcessingEndTime", "ExitMessage"} & set(job)
    account.wait(2)
    account.platform.move(arn, DOWNLOADING)
    account.wait(3)
    account.platform.move(arn, COMPLETED, message="569 rows")
    job = describe(account, "Processing")
    assert (job["ProcessingJobStatus"], job["ExitMessage"]) == ("Completed", "569 rows")
    assert job["ProcessingStartTime"] - job["CreationTime"] == 2
    assert job["ProcessingEndTime"] - job["ProcessingStartTime"] == 3
    assert job["ProcessingInputs"] == PROCESSING["ProcessingInputs"]


def test_the_platform_gets_the_whole_request_with_what_aws_fills_in(account: RunningAccount) -> None:
    arn = make(account, "Processing", Tags=[{"Key": "a", "Value": "1"}])
    job = account.platform.jobs[arn]
    assert (job.kind, job.name, job.arn) == ("processing", "Prep-1", arn)
    assert job.request == PROCESSING | {"StoppingCondition": {"MaxRuntimeInSeconds": 86400}}
    assert account("ListTags", ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]


def test_a_training_job_tells_every_stage_and_where_its_model_will_be(account: RunningAccount) -> None:
    arn = make(account, "Training")
    artifacts = {"S3ModelArtifacts": "s3://b/models/Train-1/output/model.tar.gz"}
    assert describe(account, "Training")["ModelArtifacts"] == artifacts
    seen = []
    for phase in (DOWNLOADING, RUNNING, UPLOADING, COMPLETED):
        account.wait(5)
        account.platform.move(arn, phase)
        job = describe(account, "Training")
        seen.append((job["TrainingJobStatus"], job["SecondaryStatus"]))
    assert seen == [
        ("InProgress", "Downloading"), ("InProgress", "Training"), ("InProgress", "Uploading"),
        ("Completed", "Completed"),
    ]  # fmt: skip
    transitions = job["SecondaryStatusTransitions"]
    assert [t["Status"] for t in transitions] == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert [t["EndTime"] - t["StartTime"] for t in transitions] == [5, 5, 5, 5, 0]
    assert all(t["StatusMessage"] for t in transitions)
    assert job["TrainingEndTime"] - job["TrainingStartTime"] == job["BillableTimeInSeconds"] == 15


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_a_job_that_fails_says_why(account: RunningAccount, kind: str) -> None:
    arn = make(account, kind)
    account.platform.move(arn, RUNNING)
    account.platform.move(arn, FAILED, "AlgorithmError: no rows, exit code: 1")
    job = describe(account, kind)
    assert (job[f"{kind}JobStatus"], job["FailureReason"]) == ("Failed", "AlgorithmError: no rows, exit code: 1")


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_a_job_is_stopping_until_it_has_stopped(account: RunningAccount, kind: str) -> None:
    account.platform.obedient = False
    arn = make(account, kind)
    key = {f"{kind}JobName": REQUESTS[kind][f"{kind}JobName"]}
    account.platform.move(arn, RUNNING)
    account(f"Stop{kind}Job", **key)
    account.wait()
    account(f"Stop{kind}Job", **key)  # asked again: no error, and the platform is told once
    assert account.platform.stopped == [arn]
    account.platform.move(arn, UPLOADING)  # it saves its model
    job = describe(account, kind)
    assert job[f"{kind}JobStatus"] == "Stopping"
    assert job.get("SecondaryStatus", "Stopping") == "Stopping"
    account.platform.move(arn, STOPPED)
    job = describe(account, kind)
    assert job[f"{kind}JobStatus"] == "Stopped"
    stages = [transition["Status"] for transition in job.get("SecondaryStatusTransitions", [])]
    assert stages == {"Processing": [], "Training": ["Starting", "Training", "Stopping", "Stopped"]}[kind]
    with pytest.raises(
        AwsError, match=rf"The request was rejected because the {kind.lower()} job is in status Stopped"
    ):
        account(f"Stop{kind}Job", **key)


def test_a_training_job_that_nobody_stopped_has_exceeded_its_time(account: RunningAccount) -> None:
    arn = make(account, "Training")
    account.platform.move(arn, STOPPED)
    job = describe(account, "Training")
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_a_job_in_the_vpc_holds_an_interface_while_it_runs(account: RunningAccount, kind: str) -> None:
    arn = make(account, kind)
    (interface,) = account.world.interfaces.values()
    assert (interface.subnet_id, interface.groups) == ("subnet-2", ("sg-1",))
    account.platform.move(arn, RUNNING)
    account.sagemaker.settle()
    assert len(account.world.interfaces) == 1
    account.platform.move(arn, FAILED, "why")
    account.sagemaker.settle()
    account.interfaces_go()
    assert account.world.interfaces == {}


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_events_tell_every_change_of_a_job_as_describe_does(account: RunningAccount, kind: str) -> None:
    arn = make(account, kind, Tags=[{"Key": "Team", "Value": "ml"}])
    account.platform.move(arn, RUNNING)
    account.sagemaker.settle()
    account.platform.move(arn, FAILED, "AlgorithmError: why")
    account.sagemaker.settle()
    account.sagemaker.settle()
    events = account.world.events
    assert {(name, *resources) for name, _, resources in events} == {(f"SageMaker {kind} Job State Change", arn)}
    assert events[-1][1].items() >= {
        f"{kind}JobArn": arn, f"{kind}JobStatus": "Failed", "FailureReason": "AlgorithmError: why",
        "RoleArn": ROLE, "CreationTime": int(account.now * 1000), "Tags": {"Team": "ml"},
    }.items()  # fmt: skip
    stages = [(d[f"{kind}JobStatus"], d.get("SecondaryStatus")) for _, d, _ in events]
    assert (
        stages
        == {
            "Processing": [("InProgress", None), ("Failed", None)],
            "Training": [("InProgress", "Starting"), ("InProgress", "Training"), ("Failed", "Failed")],
        }[kind]
    )


@pytest.mark.parametrize(
    ("kind", "message"),
    [("Processing", "Could not find requested job with name: Prep-1"), ("Training", "Requested resource not found.")],
)
@pytest.mark.parametrize("verb", ["Describe", "Stop"])
def test_a_missing_job_is_a_validation_error_as_on_aws(
    account: RunningAccount, kind: str, verb: str, message: str
) -> None:
    with pytest.raises(AwsError) as refusal:
        account(f"{verb}{kind}Job", **{f"{kind}JobName": REQUESTS[kind][f"{kind}JobName"]})
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", message)


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_the_name_of_a_job_is_used_once(account: RunningAccount, kind: str) -> None:
    arn = make(account, kind)
    account.platform.move(arn, COMPLETED)
    with pytest.raises(AwsError, match="already exists") as refusal:
        make(account, kind)
    assert refusal.value.code == "ResourceInUse"
    assert len(account.platform.jobs) == 1


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_jobs_are_listed_by_name_and_status(account: RunningAccount, kind: str) -> None:
    for name in ("one", "two"):
        make(account, kind, **{f"{kind}JobName": name})
        account.wait()
    account.platform.move(account.platform.jobs[f"{ARN}{kind.lower()}-job/two"].arn, COMPLETED)

    def names(**filters: Any) -> list[str]:
        listed = account(f"List{kind}Jobs", **filters)[f"{kind}JobSummaries"]
        return [job[f"{kind}JobName"] for job in listed]

    assert names() == ["one", "two"]
    assert names(StatusEquals="Completed") == ["two"]
    assert names(NameContains="on") == ["one"]
    assert names(SortBy="Status", SortOrder="Descending") == ["one", "two"]


def test_a_job_whose_role_may_not_let_volumes_use_their_key_is_not_made(account: RunningAccount) -> None:
    account.world.forbidden.add("kms:CreateGrant")
    with pytest.raises(AwsError, match=r"volume cannot use its KMS key.*kms:CreateGrant"):
        make(account, "Training")
    role, _, asked = account.world.asked[-1]
    assert (role, asked.resource_arn) == (ROLE, KEY)
    make(account, "Processing")  # its volume has no key of ours
