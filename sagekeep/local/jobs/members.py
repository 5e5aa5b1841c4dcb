"""Where the requests of the three kinds of work have the same things, and what of them does not run here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sagekeep.local.jobs.specification import PROCESSING, SERVER, TRAINING, Params

_PATHS: dict[str, dict[str, str]] = {
    PROCESSING: {
        "role": "RoleArn",
        "image": "AppSpecification.ImageUri",
        "vpc": "NetworkConfig.VpcConfig",
        "isolated": "NetworkConfig.EnableNetworkIsolation",
        "environment": "Environment",
        "instances": "ProcessingResources.ClusterConfig.InstanceCount",
        "seconds": "StoppingCondition.MaxRuntimeInSeconds",
        "key": "ProcessingOutputConfig.KmsKeyId",
    },
    TRAINING: {
        "role": "RoleArn",
        "image": "AlgorithmSpecification.TrainingImage",
        "vpc": "VpcConfig",
        "isolated": "EnableNetworkIsolation",
        "environment": "Environment",
        "instances": "ResourceConfig.InstanceCount",
        "seconds": "StoppingCondition.MaxRuntimeInSeconds",
        "key": "OutputDataConfig.KmsKeyId",
    },
    SERVER: {
        "role": "ExecutionRoleArn",
        "image": "PrimaryContainer.Image",
        "vpc": "VpcConfig",
        "isolated": "EnableNetworkIsolation",
        "environment": "PrimaryContainer.Environment",
    },
}
# Values that run here; any other ends the job instead of being ignored.
_RUN: dict[str, frozenset[Any]] = {
    "S3DataType": frozenset({"S3Prefix"}),
    "S3InputMode": frozenset({"File"}),
    "S3CompressionType": frozenset({"None"}),
    "S3UploadMode": frozenset({"EndOfJob"}),
    "CompressionType": frozenset({"None", "GZIP"}),
    "InputMode": frozenset({"File", "FastFile"}),
    "TrainingInputMode": frozenset({"File", "FastFile"}),
    "InstanceCount": frozenset({1}),
    "Mode": frozenset({"SingleModel"}),
}
_NOT_HERE = frozenset({
    "DatasetDefinition", "FeatureStoreOutput", "FileSystemDataSource", "AlgorithmName", "InstanceGroups",
    "CheckpointConfig", "Containers", "ModelDataSource",
})  # fmt: skip


def member(kind: str, request: Params, name: str, default: Any = None) -> Any:
    """A member that has another path in each kind of request: "role", "image", "vpc", "isolated" ..."""
    found: Any = request
    for part in _PATHS[kind].get(name, "-").split("."):
        found = (found or {}).get(part)
    return default if found is None else found


def unsupported(request: Any, path: str = "") -> Iterator[str]:
    """What a request asks for that does not run here, by path: "InputDataConfig.InputMode Pipe"."""
    if isinstance(request, list):
        for item in request:
            yield from unsupported(item, path)
    if not isinstance(request, dict):
        return
    for name, value in request.items():
        here = f"{path}.{name}".lstrip(".")
        if name in {"Environment", "HyperParameters", "Tags"} or value in (None, [], {}):
            continue
        if name in _NOT_HERE:
            yield here
        elif name in _RUN and value not in _RUN[name]:
            yield f"{here} {value}"
        else:
            yield from unsupported(value, here)
