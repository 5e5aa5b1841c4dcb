"""Jobs that are refused: by AWS's rules, or since nothing here would run them as AWS does."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.model import service_model
from sagekeep.local.sagemaker.unmodelled import RULES
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import ROLE, STRANGER, Account
from tests.local.job_requests import PROCESSING, REQUESTS, TRAINING, VPC, make


@pytest.fixture
def account() -> RunningAccount:
    return RunningAccount()


def changed(request: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the request with the value at a path such as ProcessingInputs.AppManaged, in a list's first element."""
    result = copy.deepcopy(request)
    place: Any = result
    *way, last = path.split(".")
    for part in way:
        place = place.setdefault(part, {})
        place = place[0] if isinstance(place, list) else place
    place[last] = value
    return result


@pytest.mark.parametrize(
    ("kind", "path", "value", "message"),
    [
        ("Processing", "RoleArn", STRANGER, "Could not assume role"),
        ("Training", "RoleArn", ROLE + "x", "Could not assume role"),
        ("Processing", "NetworkConfig.VpcConfig", VPC | {"Subnets": ["subnet-9"]}, "'subnet-9' does not exist"),
        ("Training", "VpcConfig", VPC | {"SecurityGroupIds": ["sg-x"]}, "'sg-x' does not exist"),
        ("Training", "OutputDataConfig.KmsKeyId", "none", "KMS key 'none'"),
        ("Processing", "ProcessingResources.ClusterConfig.VolumeKmsKeyId", "none", "KMS key 'none'"),
        ("Training", "ResourceConfig.InstanceType", "ml.g5.xlarge", "local NVMe"),
        ("Training", "ResourceConfig", None, "InstanceType is required in ResourceConfig"),
        ("Processing", "ProcessingResources.ClusterConfig.InstanceCount", None, "InstanceCount is required"),
        ("Training", "AlgorithmSpecification.TrainingImage", None, "requires a TrainingImage"),
        ("Training", "InputDataConfig", TRAINING["InputDataConfig"] * 2, "'train' twice"),
        ("Processing", "ProcessingInputs", PROCESSING["ProcessingInputs"] * 2, "'data' twice"),
        ("Training", "OutputDataConfig.S3OutputPath", "https://b/models", "must begin with s3://"),
        ("Processing", "ProcessingJobName", "under_score", "regular expression"),
    ],
)
def test_a_job_that_cannot_run_is_refused(
    account: RunningAccount, kind: str, path: str, value: Any, message: str
) -> None:
    with pytest.raises(AwsError, match=message) as refusal:
        make(account, kind, **changed(REQUESTS[kind], path, value))
    assert refusal.value.code == "ValidationException"
    assert account.platform.jobs == account.world.interfaces == {}
    assert account(f"List{kind}Jobs")[f"{kind}JobSummaries"] == []


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Processing", "ProcessingResources.ClusterConfig.InstanceCount", 2),
        ("Processing", "ProcessingInputs.S3Input.S3InputMode", "Pipe"),
        ("Processing", "ProcessingInputs.S3Input.S3DataDistributionType", "ShardedByS3Key"),
        ("Processing", "ProcessingInputs.S3Input.S3CompressionType", "Gzip"),
        ("Processing", "ProcessingInputs.S3Input.S3DataType", "ManifestFile"),
        ("Processing", "ProcessingInputs.AppManaged", True),
        ("Processing", "ExperimentConfig", {"TrialName": "t"}),
        ("Training", "ResourceConfig.InstanceCount", 2),
        ("Training", "ResourceConfig.KeepAlivePeriodInSeconds", 60),
        ("Training", "AlgorithmSpecification.TrainingInputMode", "Pipe"),
        ("Training", "InputDataConfig.CompressionType", "Gzip"),
        ("Training", "InputDataConfig.ShuffleConfig", {"Seed": 1}),
        ("Training", "OutputDataConfig.CompressionType", "NONE"),
        ("Training", "EnableManagedSpotTraining", True),
        ("Training", "CheckpointConfig", {"S3Uri": "s3://b/c"}),
        (
            "Training",
            "DebugHookConfig",
            {"S3OutputPath": "s3://b/d", "CollectionConfigurations": [{"CollectionName": "x"}]},
        ),
        ("Training", "ProfilerConfig", {"DisableProfiler": False}),
        ("Training", "RetryStrategy", {"MaximumRetryAttempts": 3}),
    ],
)
def test_what_would_run_otherwise_than_here_is_not_modelled(
    account: RunningAccount, kind: str, path: str, value: Any
) -> None:
    with pytest.raises(AwsError, match=path.rpartition(".")[2]) as refusal:
        make(account, kind, **changed(REQUESTS[kind], path, value))
    assert (refusal.value.code, refusal.value.status) == ("NotImplemented", 501)
    assert account.platform.jobs == {}


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_what_is_said_as_it_is_by_default_passes(account: RunningAccount, kind: str) -> None:
    plain = {
        "Processing": {"ProcessingInputs.S3Input.S3InputMode": "File", "ProcessingInputs.AppManaged": False},
        "Training": {
            "InputDataConfig.CompressionType": "None",
            "EnableManagedSpotTraining": False,
            "ProfilerConfig": {"DisableProfiler": True},
            "DebugRuleConfigurations": [],
            "Environment": {"A": "1"},
        },
    }[kind]
    request = REQUESTS[kind]
    for path, value in plain.items():
        request = changed(request, path, value)
    assert make(account, kind, **request) in account.platform.jobs


def test_every_rule_of_what_is_not_modelled_names_a_member_of_aws() -> None:
    for operation, rules in RULES.items():
        for path in rules:
            shape = service_model().operation_model(operation).input_shape
            for part in path.split("."):
                shape = shape.member if shape.type_name == "list" else shape
                assert part in shape.members, (operation, path)
                shape = shape.members[part]


@pytest.mark.parametrize("kind", ["Processing", "Training"])
def test_jobs_need_a_platform(kind: str) -> None:
    with pytest.raises(AwsError, match="no platform") as refusal:
        Account()(f"Create{kind}Job", **REQUESTS[kind])
    assert refusal.value.status == 501
