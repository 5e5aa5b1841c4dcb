"""Parameters that would change what runs and that nothing here acts on: refused with 501, never ignored.

Everything that is not named here is acted on, or changes neither what runs nor what comes out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sagekeep.local.sagemaker.errors import not_modelled
from sagekeep.local.sagemaker.model import Params

Allowed = tuple[Any, ...]

NEVER: Allowed = ()
_OFF: Allowed = (False,)
_ONE: Allowed = (1,)
_S3_SOURCE: dict[str, Allowed] = {"S3DataType": ("S3Prefix",), "S3DataDistributionType": ("FullyReplicated",)}


def _below(path: str, rules: Mapping[str, Allowed]) -> dict[str, Allowed]:
    return {f"{path}.{name}": allowed for name, allowed in rules.items()}


def _never(*names: str) -> dict[str, Allowed]:
    return dict.fromkeys(names, NEVER)


_CONTAINER = _below(
    "PrimaryContainer",
    {
        "Mode": ("SingleModel",),
        "ImageConfig": ({"RepositoryAccessMode": "Platform"},),
        **_never("ModelDataSource", "AdditionalModelDataSources", "ModelPackageName", "InferenceSpecificationName",
                 "MultiModelConfig"),
    },
)  # fmt: skip

_DEPLOYMENT = _below(
    "DeploymentConfig",
    {
        "BlueGreenUpdatePolicy.TrafficRoutingConfiguration.Type": ("ALL_AT_ONCE",),
        **_never("RollingUpdatePolicy", "AutoRollbackConfiguration"),
    },
)

# Paths of members, lists passed through, and the values that they may have; other members are free.
RULES: dict[str, dict[str, Allowed]] = {
    "CreateProcessingJob": {
        **_below("ProcessingInputs", {"AppManaged": _OFF, "DatasetDefinition": NEVER}),
        **_below("ProcessingInputs.S3Input", {
            **_S3_SOURCE, "S3InputMode": ("File",), "S3CompressionType": ("None",),
        }),
        **_below("ProcessingOutputConfig.Outputs", {
            "AppManaged": _OFF, "FeatureStoreOutput": NEVER, "S3Output.S3UploadMode": ("EndOfJob",),
        }),
        **_below("ProcessingResources.ClusterConfig", {
            "InstanceCount": _ONE, **_never("InstancePreferences", "SelectedInstanceType", "SelectedInstanceCount"),
        }),
        "ExperimentConfig": NEVER,
    },
    "CreateTrainingJob": {
        **_below("AlgorithmSpecification", {
            "TrainingInputMode": ("File",), "EnableSageMakerMetricsTimeSeries": _OFF,
            "TrainingImageConfig": ({"TrainingRepositoryAccessMode": "Platform"},),
            **_never("AlgorithmName", "MetricDefinitions"),
        }),
        **_below("InputDataConfig", {
            "CompressionType": ("None",), "RecordWrapperType": ("None",), "InputMode": ("File",),
            "ShuffleConfig": NEVER,
        }),
        **_below("InputDataConfig.DataSource", _never("FileSystemDataSource", "DatasetSource")),
        **_below("InputDataConfig.DataSource.S3DataSource", {
            **_S3_SOURCE, **_never("AttributeNames", "InstanceGroupNames", "ModelAccessConfig", "HubAccessConfig"),
        }),
        "OutputDataConfig.CompressionType": ("GZIP",),
        **_below("ResourceConfig", {
            "InstanceCount": _ONE, "KeepAlivePeriodInSeconds": (0,),
            **_never("InstanceGroups", "TrainingPlanArn", "InstancePlacementConfig", "InstancePreferences",
                     "SelectedInstanceType", "SelectedInstanceCount"),
        }),
        **_below("StoppingCondition", _never("MaxWaitTimeInSeconds", "MaxPendingTimeInSeconds")),
        "EnableManagedSpotTraining": _OFF,
        "ProfilerConfig": ({"DisableProfiler": True},),
        # Without collections Debugger's library, where an image has it, writes nothing of scikit-learn or AutoGluon.
        **_below("DebugHookConfig", _never("CollectionConfigurations", "HookParameters", "LocalPath")),
        "RemoteDebugConfig.EnableRemoteDebug": _OFF,
        "SessionChainingConfig.EnableSessionTagChaining": _OFF,
        **_never("CheckpointConfig", "DebugRuleConfigurations", "TensorBoardOutputConfig", "ExperimentConfig",
                 "ProfilerRuleConfigurations", "RetryStrategy", "ServerlessJobConfig", "MlflowConfig",
                 "ModelPackageConfig"),
    },
    "CreateModel": {**_CONTAINER, **_never("Containers", "InferenceExecutionConfig")},
    "CreateEndpointConfig": {
        **_below("ProductionVariants", _never("ServerlessConfig", "InstancePools", "AcceleratorType", "CoreDumpConfig",
                                              "ManagedInstanceScaling", "CapacityReservationConfig")),
        **_never("DataCaptureConfig", "AsyncInferenceConfig", "ExplainerConfig", "ShadowProductionVariants",
                 "ExecutionRoleArn"),
    },
    "CreateEndpoint": _DEPLOYMENT,
    "UpdateEndpoint": {
        **_DEPLOYMENT, "RetainAllVariantProperties": _OFF, "ExcludeRetainedVariantProperties": NEVER,
        "RetainDeploymentConfig": _OFF,
    },
    "StartPipelineExecution": _never("SelectiveExecutionConfig", "MlflowExperimentName"),
}  # fmt: skip


def refuse_unmodelled(operation: str, request: Params) -> None:
    """Raise AwsError (501) for the first member whose value nothing here acts on."""
    for path, allowed in RULES.get(operation, {}).items():
        for value in _values(request, path.split(".")):
            if value not in ({}, [], *allowed):
                only = f"; only {' or '.join(map(repr, allowed))}" if allowed else ""
                raise not_modelled(f"{path} = {value!r} of {operation}{only}")


def _values(value: Any, path: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif not path:
        yield value
    elif isinstance(value, dict) and path[0] in value:
        found = value[path[0]]
        # A list at the end is one value.
        yield from [found] if len(path) == 1 else _values(found, path[1:])
