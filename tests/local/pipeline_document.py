"""A whole pipeline definition, to be changed by tests: Prepare, Train, and a gate before Model and Endpoint."""

from __future__ import annotations

import json
from typing import Any

from tests.local.fake_world import ROLE, TOKEN, Account

Document = dict[str, Any]
REPORT = "s3://b/train/report.json"  # the property file of Prepare
OUTPUT = "Steps.Prepare.ProcessingOutputConfig.Outputs['train'].S3Output.S3Uri"


def prepare(**changes: Any) -> Document:
    output = {"S3Uri": "s3://b/train", "LocalPath": "/opt/ml/processing/train", "S3UploadMode": "EndOfJob"}
    cluster = {"InstanceType": {"Get": "Parameters.Instance"}, "InstanceCount": 1, "VolumeSizeInGB": 30}
    arguments = {
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": "image"},
        "RoleArn": ROLE,
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "train", "S3Output": output}]},
    }
    report = {"PropertyFileName": "Report", "OutputName": "train", "FilePath": "report.json"}
    return {"Name": "Prepare", "Type": "Processing", "Arguments": arguments, "PropertyFiles": [report]} | changes


def train(uri: Any = None) -> Document:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri or {"Get": OUTPUT}}
    arguments = {
        "AlgorithmSpecification": {"TrainingImage": "image", "TrainingInputMode": "File"},
        "RoleArn": ROLE,
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": "s3://b/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    return {"Name": "Train", "Type": "Training", "Arguments": arguments}


def model() -> Document:
    container = {"Image": "image", "ModelDataUrl": {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}}
    return {"Name": "Model", "Type": "Model", "Arguments": {"PrimaryContainer": container, "ExecutionRoleArn": ROLE}}


def serve() -> list[Document]:
    variant = {"VariantName": "v", "ModelName": {"Get": "Steps.Model.ModelName"}, "InitialInstanceCount": 1}
    config = {"EndpointConfigName": "c", "ProductionVariants": [variant | {"InstanceType": "ml.m5.large"}]}
    endpoint = {"EndpointName": "e", "EndpointConfigName": {"Get": "Steps.Config.EndpointConfigName"}}
    return [
        {"Name": "Config", "Type": "EndpointConfig", "Arguments": config},
        {"Name": "Endpoint", "Type": "Endpoint", "Arguments": endpoint},
    ]


def gate(**changes: Any) -> Document:
    path = {"PropertyFile": {"Get": "Steps.Prepare.PropertyFiles.Report"}, "Path": "metrics.accuracy"}
    condition = {
        "Type": "GreaterThanOrEqualTo",
        "LeftValue": {"Std:JsonGet": path},
        "RightValue": {"Get": "Parameters.MinScore"},
    }
    fail = {"Name": "TooLow", "Type": "Fail", "Arguments": {"ErrorMessage": "score below threshold"}}
    arguments = {"Conditions": [condition], "IfSteps": [model(), *serve()], "ElseSteps": [fail]}
    return {"Name": "Gate", "Type": "Condition", "Arguments": arguments | changes}


def definition() -> Document:
    return {
        "Version": "2020-12-01",
        "Metadata": {},
        "Parameters": [
            {"Name": "Instance", "Type": "String", "DefaultValue": "ml.m5.large", "EnumValues": ["ml.m5.large"]},
            {"Name": "MinScore", "Type": "Float", "DefaultValue": 0.8},
        ],
        "Steps": [prepare(), train(), gate()],
    }


def only(*steps: Document) -> Document:
    """The definition with these steps in the place of its own."""
    return {**definition(), "Steps": list(steps)}


def create(account: Account, document: Any = None, **changes: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document or definition())
    request = {"PipelineName": "p", "PipelineDefinition": text, "RoleArn": ROLE, "ClientRequestToken": TOKEN}
    arn: str = account("CreatePipeline", **request | changes)["PipelineArn"]
    return arn
