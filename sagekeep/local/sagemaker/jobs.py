"""What a pipeline step of each type calls: the table that validation, references and a step runner share.

Types: StepTypeEnum of the SageMaker Python SDK 2.257; generated names: what that SDK leaves out of `Arguments`;
`ModelPackageName` is refused by CreatePipeline (aws/sagemaker-python-sdk pull request 3472).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class StepCall:
    """The operation behind a step type; "" where a step calls no SageMaker operation with its `Arguments`."""

    operation: str = ""
    describe: str = ""  # the operation whose answer `Steps.<name>.<path>` reads
    generated: frozenset[str] = frozenset()  # required members that the service fills in
    refused: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()  # members of the step beside Name, Type, Arguments ...
    properties: frozenset[str] = frozenset()  # first parts of a path that no Describe operation answers
    retryable: bool = False


def _names(*names: str) -> frozenset[str]:
    return frozenset(names)


_COMMON = _names("Name", "Type", "Arguments", "DependsOn", "DisplayName", "Description")
_CACHE = "CacheConfig"
_CHECK = _names(
    _CACHE, "CheckType", "FailOnViolation", "SkipCheck", "RegisterNewBaseline", "ModelPackageGroupName",
    "SuppliedBaselineStatistics", "SuppliedBaselineConstraints", "PropertyFiles",
)  # fmt: skip
_CHECK_PROPERTIES = _names(
    "CalculatedBaselineConstraints", "CalculatedBaselineStatistics",
    "BaselineUsedForDriftCheckConstraints", "BaselineUsedForDriftCheckStatistics",
)  # fmt: skip

STEP_CALLS: dict[str, StepCall] = {
    "Processing": StepCall(
        "CreateProcessingJob", "DescribeProcessingJob", _names("ProcessingJobName"),
        extras=_names(_CACHE, "PropertyFiles"), properties=_names("PropertyFiles"), retryable=True,
    ),
    "Training": StepCall(
        "CreateTrainingJob", "DescribeTrainingJob", _names("TrainingJobName"),
        extras=_names(_CACHE), retryable=True,
    ),
    "Transform": StepCall(
        "CreateTransformJob", "DescribeTransformJob", _names("TransformJobName"),
        extras=_names(_CACHE), retryable=True,
    ),
    "Tuning": StepCall(
        "CreateHyperParameterTuningJob", "DescribeHyperParameterTuningJob",
        _names("HyperParameterTuningJobName"), extras=_names(_CACHE), retryable=True,
    ),
    "AutoML": StepCall(
        "CreateAutoMLJobV2", "DescribeAutoMLJobV2", _names("AutoMLJobName"), extras=_names(_CACHE), retryable=True,
    ),
    "Model": StepCall("CreateModel", "DescribeModel", _names("ModelName"), retryable=True),
    "RegisterModel": StepCall(
        "CreateModelPackage", "DescribeModelPackage", refused=_names("ModelPackageName"), retryable=True,
    ),
    "EndpointConfig": StepCall(
        "CreateEndpointConfig", "DescribeEndpointConfig", extras=_names(_CACHE), retryable=True,
    ),
    "Endpoint": StepCall("CreateEndpoint", "DescribeEndpoint", extras=_names(_CACHE)),
    "InferenceComponent": StepCall("CreateInferenceComponent", "DescribeInferenceComponent"),
    "Condition": StepCall(properties=_names("Outcome")),
    "Fail": StepCall(properties=_names("ErrorMessage")),
    "Callback": StepCall(
        extras=_names(_CACHE, "SqsQueueUrl", "OutputParameters"), properties=_names("OutputParameters"),
    ),
    "Lambda": StepCall(
        extras=_names(_CACHE, "FunctionArn", "OutputParameters"), properties=_names("OutputParameters"),
    ),
    "QualityCheck": StepCall(extras=_CHECK, properties=_CHECK_PROPERTIES),
    "ClarifyCheck": StepCall(extras=_CHECK, properties=_CHECK_PROPERTIES),
    "EMR": StepCall(
        extras=_names(_CACHE, "ClusterConfig", "ExecutionRoleArn"), properties=_names("ClusterId", "StepId"),
    ),
    "Lineage": StepCall(),
}  # fmt: skip


def step_keys(kind: str) -> frozenset[str]:
    """The members that a step of this type may have."""
    call = STEP_CALLS[kind]
    return _COMMON | call.extras | ({"RetryPolicies"} if call.retryable else frozenset())
