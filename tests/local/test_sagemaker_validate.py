"""Requests and pipeline steps against botocore's model."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.sagemaker.model import input_shape, service_model
from sagekeep.local.sagemaker.patterns import compiled
from sagekeep.local.sagemaker.validate import step_violations, violations
from tests.local.fake_world import KEY, ROLE

PROCESSING: dict[str, Any] = {
    "ProcessingResources": {
        "ClusterConfig": {
            "InstanceType": {"Get": "Parameters.InstanceType"},
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
            "VolumeKmsKeyId": KEY,
        }
    },
    "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "/opt/ml/code/run.py"]},
    "RoleArn": ROLE,
    "Environment": {"RUN": {"Std:Join": {"On": "-", "Values": ["a", {"Get": "Execution.PipelineExecutionId"}]}}},
}


def step(**changes: Any) -> dict[str, Any]:
    return {"Name": "Prepare", "Type": "Processing", "Arguments": PROCESSING} | changes


@pytest.mark.parametrize(
    ("params", "fault"),
    [
        ({}, "Value null at 'ModelName' failed to satisfy constraint: Member must not be null"),
        ({"ModelName": 5}, "Value '5' at 'ModelName' has the wrong type: expected a string"),
        ({"ModelName": "a_b"}, "Value 'a_b' at 'ModelName' failed to satisfy constraint: Member must satisfy regular"),
        ({"ModelName": "a" * 64}, "Member must have length less than or equal to 63"),
        ({"ModelName": "m", "Nonsense": 1}, "Unknown member 'Nonsense'"),
        ({"ModelName": "m", "EnableNetworkIsolation": "yes"}, "expected true or false"),
        ({"ModelName": "m", "EnableNetworkIsolation": 1}, "expected true or false"),
        ({"ModelName": "m", "Containers": {}}, "at 'Containers' has the wrong type: expected a list"),
        ({"ModelName": "m", "Containers": [{}] * 16}, "Member must have length less than or equal to 15"),
        ({"ModelName": "m", "PrimaryContainer": {"Mode": "Both"}}, "enum value set: [SingleModel, MultiModel]"),
        (
            {"ModelName": "m", "PrimaryContainer": {"Environment": {"1": "x"}}},
            "at 'PrimaryContainer.Environment (key)'",
        ),
        ({"ModelName": "m", "VpcConfig": {"Subnets": []}}, "Value null at 'VpcConfig.SecurityGroupIds'"),
        ({"ModelName": "m", "PrimaryContainer": {"Image": {"Get": "Parameters.X"}}}, "expected a string"),
    ],
)
def test_a_fault_is_named_with_its_place_and_rule(params: dict[str, Any], fault: str) -> None:
    assert any(fault in found for found in violations("CreateModel", params)), violations("CreateModel", params)


def test_a_valid_request_has_no_violations() -> None:
    assert violations("CreateModel", {"ModelName": "m", "PrimaryContainer": {"Image": "i"}}) == []


def test_numbers_are_held_to_their_range() -> None:
    config = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 0, "VolumeSizeInGB": 513}
    faults = violations("CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": [config]})
    assert any("greater than or equal to 1" in f and "ProductionVariants[0].InitialInstanceCount" in f for f in faults)
    assert any("less than or equal to 512" in f for f in faults)


def test_true_is_no_number() -> None:
    assert violations("ListModels", {"MaxResults": True})


def test_an_unknown_operation_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        violations("MakeCoffee", {})


def test_every_pattern_of_the_model_compiles() -> None:
    model = service_model()
    for name in model.shape_names:
        pattern = model.shape_for(name).metadata.get("pattern")
        if pattern:
            compiled(pattern)


@pytest.mark.parametrize(
    ("key", "valid"), [("Kostenstelle-Ä", True), ("プロジェクト", True), ("a b", True), ("a\tb", False), ("a!", False)]
)
def test_unicode_categories_of_java_are_understood(key: str, valid: bool) -> None:
    tags = {"ResourceArn": "arn:aws:sagemaker:us-east-1:123456789012:model/m", "Tags": [{"Key": key, "Value": ""}]}
    assert (violations("AddTags", tags) == []) is valid


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab-1", max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Image", "Mode", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(["ModelName", "PrimaryContainer", "Containers", "VpcConfig", "Tags", "x"]), JSON)
)
def test_whatever_botocore_refuses_is_refused(params: dict[str, Any]) -> None:
    shape = input_shape("CreateModel")
    clean = {k: v for k, v in params.items() if v is not None}
    if ParamValidator().validate(clean, shape).has_errors():
        assert violations("CreateModel", clean)


@given(JSON)
def test_no_json_makes_the_validator_stumble(value: Any) -> None:
    for references in (True, False):
        assert all(isinstance(fault, str) for fault in violations("CreateModel", value, allow_references=references))
    assert all(isinstance(fault, str) for fault in step_violations({"Name": "s", "Type": "Model", "Arguments": value}))


def test_references_stand_for_any_scalar_but_not_for_lists_or_objects() -> None:
    reference = {"Get": "Parameters.X"}
    network = {"VpcConfig": {"Subnets": [reference], "SecurityGroupIds": ["sg-1"]}, "EnableNetworkIsolation": reference}
    assert step_violations(step(Arguments=PROCESSING | {"NetworkConfig": network})) == []
    for wrong in ({"NetworkConfig": {"VpcConfig": reference}}, {"ProcessingInputs": reference}):
        assert step_violations(step(Arguments=PROCESSING | wrong))


@pytest.mark.parametrize(
    "reference",
    [{"Get": 5}, {"Get": "a..b"}, {"Get": ""}, {"Std:Join": {"On": "/"}}, {"Std:Join": {"On": "/", "Values": [{}]}},
     {"Std:Nonsense": 1}, {"Std:JsonGet": {"Path": "x"}}, {"Get": "Parameters.X", "More": 1}],
)  # fmt: skip
def test_a_malformed_reference_is_refused(reference: dict[str, Any]) -> None:
    assert step_violations(step(Arguments=PROCESSING | {"RoleArn": reference}))


def test_a_step_may_omit_the_names_that_the_service_makes() -> None:
    assert step_violations(step()) == []
    assert step_violations({"Name": "M", "Type": "Model", "Arguments": {"PrimaryContainer": {"Image": "i"}}}) == []
    faults = step_violations(step(Arguments={k: v for k, v in PROCESSING.items() if k != "RoleArn"}))
    assert faults == ["Step 'Prepare': Value null at 'RoleArn' failed to satisfy constraint: Member must not be null"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"Type": "Coffee"}, "Unknown step type 'Coffee'"),
        ({"CacheConfigs": {}}, "Unknown member 'CacheConfigs'"),
        ({"Arguments": None}, "wrong type"),
        ({"Type": "RegisterModel", "Arguments": {"ModelPackageName": "m"}}, "Argument member 'ModelPackageName'"),
        ({"Type": "Endpoint", "Arguments": {"EndpointName": "e", "EndpointConfigName": "c"}, "RetryPolicies": []},
         "Unknown member 'RetryPolicies'"),
    ],
)  # fmt: skip
def test_a_step_that_aws_does_not_know_is_refused(changes: dict[str, Any], fault: str) -> None:
    assert any(fault in found for found in step_violations(step(**changes)))
