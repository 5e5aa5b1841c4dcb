"""Requests for one job of each kind."""

from __future__ import annotations

from typing import Any

from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import ACCOUNT, KEY, ROLE

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:"
VPC = {"Subnets": ["subnet-2", "subnet-1"], "SecurityGroupIds": ["sg-1"]}
SOURCE = {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}
PROCESSING: dict[str, Any] = {
    "ProcessingJobName": "Prep-1",
    "RoleArn": ROLE,
    "AppSpecification": {"ImageUri": "image"},
    "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 9}},
    "ProcessingInputs": [{"InputName": "data", "S3Input": {**SOURCE, "LocalPath": "/opt/ml/processing/input/data"}}],
    "NetworkConfig": {"VpcConfig": VPC, "EnableNetworkIsolation": True},
}
TRAINING: dict[str, Any] = {
    "TrainingJobName": "Train-1",
    "RoleArn": ROLE,
    "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
    "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": SOURCE}}],
    "OutputDataConfig": {"S3OutputPath": "s3://b/models/", "KmsKeyId": KEY},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 9, "VolumeKmsKeyId": KEY},
    "StoppingCondition": {"MaxRuntimeInSeconds": 60},
    "VpcConfig": VPC,
}
REQUESTS = {"Processing": PROCESSING, "Training": TRAINING}


def make(account: RunningAccount, kind: str, **changes: Any) -> str:
    """A job; its ARN."""
    arn: str = account(f"Create{kind}Job", **REQUESTS[kind] | changes)[f"{kind}JobArn"]
    return arn
