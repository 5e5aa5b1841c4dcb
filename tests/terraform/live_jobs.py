"""Bodies of the requests that start jobs and make models, sealed as their row says, or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live_words import Asked

Params = Mapping[str, Any]

_IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon-training:1.5.0-cpu-py312-ubuntu22.04"


def present(**members: Any) -> dict[str, Any]:
    """Without what the row says nothing of."""
    return {name: value for name, value in members.items() if value not in ("", [], {}, None)}


def _network(asked: Asked) -> dict[str, Any]:
    return present(
        Subnets=asked.all_of("sagemaker:VpcSubnets"), SecurityGroupIds=asked.all_of("sagemaker:VpcSecurityGroupIds")
    )


def _on(asked: Asked, key: str) -> bool:
    return asked.key_of(key) == "true"


def _role(asked: Asked) -> str:
    """The role that a job is given: the row's where it is about that."""
    return asked.resource if asked.action == "iam:PassRole" else str(asked.words["job_role"])


def _job_name(asked: Asked) -> str:
    if asked.action != "iam:PassRole":
        return asked.name
    return "pipelines-x-train-y" if asked.who == "pipeline" else "mine"


def _training(asked: Asked) -> dict[str, Any]:
    bucket = asked.words["data_bucket"].rpartition(":")[2]
    return {
        "AlgorithmSpecification": {"TrainingImage": _IMAGE, "TrainingInputMode": "File"},
        "RoleArn": _role(asked),
        "OutputDataConfig": {
            "S3OutputPath": f"s3://{bucket}/models/x",
            **present(KmsKeyId=asked.key_of("sagemaker:OutputKmsKeyArn")),
        },
        "ResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 10,
            **present(VolumeKmsKeyId=asked.key_of("sagemaker:VolumeKmsKeyArn")),
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "EnableNetworkIsolation": _on(asked, "sagemaker:NetworkIsolation"),
        "EnableInterContainerTrafficEncryption": _on(asked, "sagemaker:InterContainerTrafficEncryption"),
        **present(VpcConfig=_network(asked)),
        **({"RemoteDebugConfig": {"EnableRemoteDebug": True}} if _on(asked, "sagemaker:EnableRemoteDebug") else {}),
    }


def training_job(asked: Asked) -> Params:
    return {"TrainingJobName": _job_name(asked), **_training(asked)}


def processing_job(asked: Asked) -> Params:
    bucket = asked.words["data_bucket"].rpartition(":")[2]
    output = {"S3Uri": f"s3://{bucket}/processed/x", "LocalPath": "/opt/ml/processing/x", "S3UploadMode": "EndOfJob"}
    return {
        "ProcessingJobName": asked.name,
        "RoleArn": _role(asked),
        "AppSpecification": {"ImageUri": _IMAGE, "ContainerEntrypoint": ["true"]},
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "x", "S3Output": output}],
            **present(KmsKeyId=asked.key_of("sagemaker:OutputKmsKeyArn")),
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 10,
                **present(VolumeKmsKeyId=asked.key_of("sagemaker:VolumeKmsKeyArn")),
            }
        },
        "NetworkConfig": {
            "EnableNetworkIsolation": _on(asked, "sagemaker:NetworkIsolation"),
            "EnableInterContainerTrafficEncryption": _on(asked, "sagemaker:InterContainerTrafficEncryption"),
            **present(VpcConfig=_network(asked)),
        },
    }


def model(asked: Asked) -> Params:
    return {
        "ModelName": asked.name,
        "ExecutionRoleArn": _role(asked),
        "PrimaryContainer": {"Image": _IMAGE},
        "EnableNetworkIsolation": _on(asked, "sagemaker:NetworkIsolation"),
        **present(VpcConfig=_network(asked)),
    }


def endpoint_config(asked: Asked) -> Params:
    variant = {"VariantName": "x", "ModelName": "pipelines-x-createmodel-y", "InstanceType": "ml.m5.large"}
    return {
        "EndpointConfigName": asked.name,
        "ProductionVariants": [{**variant, "InitialInstanceCount": 1}],
        **present(KmsKeyId=asked.key_of("sagemaker:VolumeKmsKeyArn")),
    }


def tuning_job(asked: Asked) -> Params:
    tuning = {"Strategy": "Random", "ResourceLimits": {"MaxParallelTrainingJobs": 1}}
    definition = {**_training(asked), "StaticHyperParameters": {}}
    return {
        "HyperParameterTuningJobName": asked.name,
        "HyperParameterTuningJobConfig": tuning,
        "TrainingJobDefinition": definition,
    }


def automl_job(asked: Asked) -> Params:
    bucket = asked.words["data_bucket"].rpartition(":")[2]
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/raw/default"}
    return {
        "AutoMLJobName": asked.name,
        "AutoMLJobInputDataConfig": [{"DataSource": {"S3DataSource": source}}],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/models/x"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "label"}},
        "RoleArn": _role(asked),
        **present(SecurityConfig=present(VpcConfig=_network(asked))),
    }


def compilation_job(asked: Asked) -> Params:
    return {"CompilationJobName": asked.name, "RoleArn": _role(asked), **_output(asked), "StoppingCondition": {}}


def edge_packaging_job(asked: Asked) -> Params:
    named = {"EdgePackagingJobName": asked.name, "CompilationJobName": "x", "ModelName": "x", "ModelVersion": "1"}
    return {**named, "RoleArn": _role(asked), **_output(asked)}


def labeling_job(asked: Asked) -> Params:
    team = f"arn:aws:sagemaker:us-east-1:{asked.account}:workteam/private-crowd/x"
    task = {
        "WorkteamArn": team,
        "UiConfig": {},
        "TaskTitle": "x",
        "TaskDescription": "x",
        "NumberOfHumanWorkersPerDataObject": 1,
        "TaskTimeLimitInSeconds": 60,
    }
    return {
        "LabelingJobName": asked.name,
        "LabelAttributeName": "x",
        "InputConfig": {"DataSource": {}},
        "OutputConfig": {"S3OutputPath": _location(asked)},
        "RoleArn": _role(asked),
        "HumanTaskConfig": task,
    }


def recommendations_job(asked: Asked) -> Params:
    return {"JobName": asked.name, "JobType": "Default", "RoleArn": _role(asked), "InputConfig": {}}


def optimization_job(asked: Asked) -> Params:
    return {
        "OptimizationJobName": asked.name,
        "RoleArn": _role(asked),
        "ModelSource": {},
        "DeploymentInstanceType": "ml.g5.xlarge",
        "OptimizationConfigs": [],
        **_output(asked),
        "StoppingCondition": {},
    }


def _location(asked: Asked) -> str:
    return f"s3://{asked.words['data_bucket'].rpartition(':')[2]}/models/x"


def _output(asked: Asked) -> dict[str, Any]:
    return {"OutputConfig": {"S3OutputLocation": _location(asked)}}
