"""The five steps. Arguments are the requests of the Create calls, checked against botocore in the tests."""

from __future__ import annotations

from typing import Any

from pipeline_manager.configuration import PipelineConfiguration

Json = dict[str, Any]

PREPROCESS, TRAIN, MODEL, CONFIG, ENDPOINT = "Preprocess", "Train", "CreateModel", "EndpointConfig", "Endpoint"

# EndpointConfig names get a suffix of the service's own, and the whole may have 63 characters. Names of up
# to 40 must stay whole: policies allow `endpoint-config/<endpoint name>*`.
_CONFIG_NAME_LENGTH = 40

# Bytes of a request and of an answer that TorchServe takes; 6,553,500 by default. A larger request ends in a bare 413,
# a larger answer ends the worker. AWS carries 6 MiB (botocore's model of InvokeEndpoint); this is room above that.
_SERVER_BYTES = str(25 * 1024 * 1024)
# Seconds until the model is loaded: a large ensemble loads slowly on a small instance. TorchServe 0.12 gives up after
# 120 and starts over, for good; toolkits over other servers read SAGEMAKER_MODEL_SERVER_TIMEOUT.
_STARTUP_SECONDS = 900
SERVING_ENVIRONMENT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
    # Each worker holds the whole predictor in memory.
    "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    "SAGEMAKER_MODEL_SERVER_TIMEOUT": str(_STARTUP_SECONDS),
    "TS_DEFAULT_STARTUP_TIMEOUT": str(_STARTUP_SECONDS),
    "TS_MAX_REQUEST_SIZE": _SERVER_BYTES,
    "TS_MAX_RESPONSE_SIZE": _SERVER_BYTES,
}

# A step's own fault or a throttled call says nothing about the work. Types and limits:
# https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-retry-policy.html
_RETRY_CALLS = {
    "ExceptionType": ["Step.SERVICE_FAULT", "Step.THROTTLING"],
    "IntervalSeconds": 10,
    "BackoffRate": 2.0,
    "MaxAttempts": 5,
}
_RETRY_JOBS = {
    "ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"],
    "IntervalSeconds": 60,
    "BackoffRate": 2.0,
    "MaxAttempts": 3,
}

# Caching compares URIs, not contents: code lies under a content hash, but a file replaced under the same
# InputDataUri within this time is not seen (docs/pipeline.md). One day covers mending a later step.
_CACHE = {"Enabled": True, "ExpireAfter": "P1D"}


def preprocess(c: PipelineConfiguration) -> Json:
    """Splits the raw rows into processed/<execution id>/train/ and processed/<execution id>/test/."""
    return {
        "Name": PREPROCESS,
        "Type": "Processing",
        "CacheConfig": _CACHE,
        "RetryPolicies": [_RETRY_CALLS, _RETRY_JOBS],
        "Arguments": {
            "RoleArn": c.job_role_arn,
            "AppSpecification": {
                "ImageUri": c.images.process,
                "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/preprocess.py"],
                "ContainerArguments": [
                    # One argument, so that no label is taken for an option.
                    _joined("--label=", {"Get": "Parameters.Label"}),
                    *("--seed", str(c.seed)),
                    *("--test-fraction", repr(c.test_fraction)),
                    *(("--problem-type", c.problem_type) if c.problem_type else ()),
                ],
            },
            "ProcessingInputs": [
                _processing_input("data", {"Get": "Parameters.InputDataUri"}),
                _processing_input("code", f"s3://{c.bucket}/{c.code_prefix}/preprocess/"),
            ],
            "ProcessingOutputConfig": {
                "Outputs": [_processing_output(c, "train"), _processing_output(c, "test")],
                "KmsKeyId": c.kms_key_arn,
            },
            "ProcessingResources": {
                "ClusterConfig": _cluster(c, c.instances.process, c.volume_gib.process),
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": c.max_runtime_seconds.process},
            "NetworkConfig": {
                "EnableNetworkIsolation": True,
                "EnableInterContainerTrafficEncryption": True,
                "VpcConfig": _vpc(c),
            },
            **_tags(c),
        },
    }


def train(c: PipelineConfiguration) -> Json:
    """Trains on the train split only: the test split has no channel, so no model has seen it."""
    return {
        "Name": TRAIN,
        "Type": "Training",
        "CacheConfig": _CACHE,
        "RetryPolicies": [_RETRY_CALLS, _RETRY_JOBS],
        "Arguments": {
            "RoleArn": c.job_role_arn,
            "AlgorithmSpecification": {"TrainingImage": c.images.train, "TrainingInputMode": "File"},
            "HyperParameters": _hyperparameters(c),
            "InputDataConfig": [
                _channel("train", _output_of_preprocess("train"), "text/csv"),
                _channel("code", f"s3://{c.bucket}/{c.code_prefix}/train/"),
                _channel("serving", f"s3://{c.bucket}/{c.code_prefix}/inference/"),
            ],
            "OutputDataConfig": {
                "S3OutputPath": _under_execution(c, "models"),
                "KmsKeyId": c.kms_key_arn,
            },
            "ResourceConfig": _cluster(c, c.instances.train, c.volume_gib.train),
            "StoppingCondition": {"MaxRuntimeInSeconds": c.max_runtime_seconds.train},
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            "VpcConfig": _vpc(c),
            **_tags(c),
        },
    }


def create_model(c: PipelineConfiguration) -> Json:
    """The trained model with its serving code, which train.py has put into model.tar.gz under code/."""
    return {
        "Name": MODEL,
        "Type": "Model",
        "RetryPolicies": [_RETRY_CALLS],
        "Arguments": {
            "ExecutionRoleArn": c.job_role_arn,
            "PrimaryContainer": {
                "Image": c.images.inference,
                "ModelDataUrl": {"Get": f"Steps.{TRAIN}.ModelArtifacts.S3ModelArtifacts"},
                "Environment": SERVING_ENVIRONMENT,
            },
            "EnableNetworkIsolation": True,
            "VpcConfig": _vpc(c),
            **_tags(c),
        },
    }


def endpoint_config(c: PipelineConfiguration) -> Json:
    """One variant. The service adds a suffix of each execution to the name, so a second run can update."""
    return {
        "Name": CONFIG,
        "Type": "EndpointConfig",
        "RetryPolicies": [_RETRY_CALLS],
        "Arguments": {
            "EndpointConfigName": config_name(c.endpoint_name),
            "KmsKeyId": c.kms_key_arn,
            "ProductionVariants": [
                {
                    "VariantName": "AllTraffic",
                    "ModelName": {"Get": f"Steps.{MODEL}.ModelName"},
                    "InitialInstanceCount": c.endpoint_instances,
                    "InstanceType": c.instances.endpoint,
                    "InitialVariantWeight": 1.0,
                    "ContainerStartupHealthCheckTimeoutInSeconds": _STARTUP_SECONDS,
                }
            ],
            **_tags(c),
        },
    }


def endpoint(c: PipelineConfiguration) -> Json:
    """Created by the first execution, updated by the next ones; this kind of step cannot be retried.

    It carries no tags: UpdateEndpoint, which the step calls from the second execution on, takes none.
    """
    return {
        "Name": ENDPOINT,
        "Type": "Endpoint",
        "Arguments": {
            "EndpointName": c.endpoint_name,
            "EndpointConfigName": {"Get": f"Steps.{CONFIG}.EndpointConfigName"},
        },
    }


def config_name(endpoint_name: str) -> str:
    """The endpoint configuration's name before the service's suffix."""
    return endpoint_name[:_CONFIG_NAME_LENGTH].lower().rstrip("-")


def _hyperparameters(c: PipelineConfiguration) -> Json:
    """Texts only, which is all that the API takes; a number parameter becomes one through Std:Join."""
    values: Json = {
        "sagemaker_program": "train.py",
        # A folder, not an archive: the isolated container has no credentials to fetch one with.
        "sagemaker_submit_directory": "/opt/ml/input/data/code",
        # Without it sagemaker-training up to 5.1.2 joins the arguments and hands them to a shell, in which a label or
        # presets of an execution would run commands (aws/sagemaker-training-toolkit issue 128).
        "sagemaker_toolkit_native_launcher_enabled": "true",
        # In quotes, as the SageMaker SDK sends texts: the toolkit decodes each value as JSON, and a column named
        # 1.50, true or null would not survive without.
        "label": _joined('"', {"Get": "Parameters.Label"}, '"'),
        "seed": str(c.seed),
        "presets": {"Get": "Parameters.Presets"},
        "time_limit": _joined({"Get": "Parameters.TimeLimitSeconds"}),
    }
    return values | ({"problem_type": c.problem_type} if c.problem_type else {})


def _joined(*values: str | Json) -> Json:
    """One text of several, put together when the execution starts."""
    return {"Std:Join": {"On": "", "Values": list(values)}}


def _processing_input(name: str, uri: str | Json) -> Json:
    return {
        "InputName": name,
        "AppManaged": False,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        },
    }


def _processing_output(c: PipelineConfiguration, name: str) -> Json:
    return {
        "OutputName": name,
        "AppManaged": False,
        "S3Output": {
            "S3Uri": _under_execution(c, "processed", name),
            "LocalPath": f"/opt/ml/processing/output/{name}",
            "S3UploadMode": "EndOfJob",
        },
    }


def _channel(name: str, uri: str | Json, content_type: str = "") -> Json:
    channel: Json = {
        "ChannelName": name,
        "DataSource": {
            "S3DataSource": {
                "S3DataType": "S3Prefix",
                "S3Uri": uri,
                "S3DataDistributionType": "FullyReplicated",
            }
        },
        "InputMode": "File",
        "CompressionType": "None",
        "RecordWrapperType": "None",
    }
    return channel | ({"ContentType": content_type} if content_type else {})


def _output_of_preprocess(name: str) -> Json:
    return {"Get": f"Steps.{PREPROCESS}.ProcessingOutputConfig.Outputs['{name}'].S3Output.S3Uri"}


def _under_execution(c: PipelineConfiguration, prefix: str, *names: str) -> Json:
    """s3://<bucket>/<prefix>/<execution id>/<names>: executions never write over one another."""
    start = f"s3://{c.bucket}/{prefix}"
    return {"Std:Join": {"On": "/", "Values": [start, {"Get": "Execution.PipelineExecutionId"}, *names]}}


def _cluster(c: PipelineConfiguration, instance_type: str, volume_gib: int) -> Json:
    return {
        "InstanceType": instance_type,
        "InstanceCount": 1,
        "VolumeSizeInGB": volume_gib,
        "VolumeKmsKeyId": c.kms_key_arn,
    }


def _vpc(c: PipelineConfiguration) -> Json:
    return {"Subnets": sorted(c.subnet_ids), "SecurityGroupIds": sorted(c.security_group_ids)}


def _tags(c: PipelineConfiguration) -> Json:
    return {"Tags": [{"Key": key, "Value": value} for key, value in c.tags]} if c.tags else {}
