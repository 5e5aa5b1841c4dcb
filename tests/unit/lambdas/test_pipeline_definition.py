"""Promises of the pipeline's document, for any configuration that the contract allows."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_manager.configuration import KNOWN_PRESETS
from pipeline_manager.definition import (
    PipelineConfiguration,
    build_definition,
    canonical_sha256,
    definition_json,
    definition_sha256,
)
from sagekeep.local.sagemaker.definition import definition_violations
from sagekeep.local.sagemaker.validate import step_violations, violations
from samples import documents, sample

STEPS = ["Preprocess", "Train", "CreateModel", "EndpointConfig", "Endpoint"]
EXECUTION = {"PipelineExecutionId", "PipelineName", "StartDateTime"}


def build(document: dict[str, Any]) -> dict[str, Any]:
    return build_definition(PipelineConfiguration.parse(document))


def arguments(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["Name"]: step["Arguments"] for step in definition["Steps"]}


def gets(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"Get"}:
            yield value["Get"]
        else:
            for item in value.values():
                yield from gets(item)
    elif isinstance(value, list):
        for item in value:
            yield from gets(item)


def joined(*values: Any) -> dict[str, Any]:
    return {"Std:Join": {"On": "", "Values": list(values)}}


def resolved(value: Any, parameters: dict[str, Any]) -> Any:
    """What the service makes of the references to parameters in a value."""
    if isinstance(value, dict) and set(value) == {"Get"}:
        return parameters[value["Get"].removeprefix("Parameters.")]
    if isinstance(value, dict) and set(value) == {"Std:Join"}:
        join = value["Std:Join"]
        return join["On"].join(str(resolved(item, parameters)) for item in join["Values"])
    return value


def decoded(hyperparameter: str) -> str:
    """What the training toolkit hands to the script: the value read as JSON, or as it is where it is none."""
    try:
        return str(json.loads(hyperparameter))
    except ValueError:
        return hyperparameter


def shuffled(document: dict[str, Any], source: Any) -> dict[str, Any]:
    keys = list(document)
    source.shuffle(keys)
    return {key: shuffled(document[key], source) if isinstance(document[key], dict) else document[key] for key in keys}


@settings(max_examples=60, deadline=None)
@given(documents())
def test_every_step_is_a_request_that_aws_takes(document: dict[str, Any]) -> None:
    definition = build(document)
    assert [fault for step in definition["Steps"] for fault in step_violations(step)] == []
    assert definition_violations(definition) == []


@settings(max_examples=40, deadline=None)
@given(documents())
def test_every_get_names_an_earlier_step_a_parameter_or_the_execution(document: dict[str, Any]) -> None:
    definition = build(document)
    known = {f"Parameters.{parameter['Name']}" for parameter in definition["Parameters"]}
    earlier: list[str] = []
    for step in definition["Steps"]:
        for path in gets(step["Arguments"]):
            root, name = path.split(".")[:2]
            if root == "Steps":
                assert name in earlier, path
            elif root == "Execution":
                assert name in EXECUTION, path
            else:
                assert path in known, path
        earlier.append(step["Name"])


@settings(max_examples=40, deadline=None)
@given(documents(), st.randoms(use_true_random=False))
def test_the_same_configuration_in_any_order_gives_the_same_bytes(document: dict[str, Any], source: Any) -> None:
    other = shuffled(document, source)
    other["subnet_ids"] = document["subnet_ids"][::-1]
    other["security_group_ids"] = document["security_group_ids"][::-1]
    assert definition_json(build(other)) == definition_json(build(document))


@settings(max_examples=40, deadline=None)
@given(documents())
def test_jobs_and_model_are_sealed(document: dict[str, Any]) -> None:
    """Controls M3, M4 and M5."""
    step = arguments(build(document))
    key = document["kms_key_arn"]
    vpc = {
        "Subnets": sorted(document["subnet_ids"]),
        "SecurityGroupIds": sorted(document["security_group_ids"]),
    }
    process, train, model = step["Preprocess"], step["Train"], step["CreateModel"]
    network = process["NetworkConfig"]
    assert network["VpcConfig"] == train["VpcConfig"] == model["VpcConfig"] == vpc
    assert network["EnableNetworkIsolation"] is train["EnableNetworkIsolation"] is True
    assert model["EnableNetworkIsolation"] is True
    assert network["EnableInterContainerTrafficEncryption"] is True
    assert train["EnableInterContainerTrafficEncryption"] is True
    assert process["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
    assert process["ProcessingOutputConfig"]["KmsKeyId"] == key
    assert train["ResourceConfig"]["VolumeKmsKeyId"] == key
    assert train["OutputDataConfig"]["KmsKeyId"] == key
    assert step["EndpointConfig"]["KmsKeyId"] == key
    assert process["StoppingCondition"]["MaxRuntimeInSeconds"] > 0
    assert train["StoppingCondition"]["MaxRuntimeInSeconds"] > 0


@settings(max_examples=25, deadline=None)
@given(documents())
def test_the_pipeline_itself_is_a_request_that_aws_takes(document: dict[str, Any]) -> None:
    request = {
        "PipelineName": document["pipeline_name"],
        "RoleArn": document["pipeline_role_arn"],
        "PipelineDescription": document["description"],
        "PipelineDefinition": definition_json(build(document)),
        "ClientRequestToken": "0" * 32,
    }
    assert violations("CreatePipeline", request) == []


def test_each_step_waits_for_the_one_whose_result_it_takes() -> None:
    definition = build(sample())
    assert [step["Name"] for step in definition["Steps"]] == STEPS
    waits = {
        step["Name"]: {path.split(".")[1] for path in gets(step["Arguments"]) if path.startswith("Steps.")}
        for step in definition["Steps"]
    }
    assert waits == {
        "Preprocess": set(),
        "Train": {"Preprocess"},
        "CreateModel": {"Train"},
        "EndpointConfig": {"CreateModel"},
        "Endpoint": {"EndpointConfig"},
    }


def test_train_and_test_lie_apart_under_the_execution_and_training_never_sees_test() -> None:
    step = arguments(build(sample()))
    outputs = step["Preprocess"]["ProcessingOutputConfig"]["Outputs"]
    uris = {item["OutputName"]: item["S3Output"]["S3Uri"]["Std:Join"]["Values"] for item in outputs}
    start = f"s3://{sample()['bucket']}/processed"
    assert uris == {name: [start, {"Get": "Execution.PipelineExecutionId"}, name] for name in ("train", "test")}
    channels = {item["ChannelName"]: item["DataSource"]["S3DataSource"]["S3Uri"] for item in train_channels(step)}
    assert list(channels) == ["train", "code", "serving"]
    assert "Outputs['train']" in channels["train"]["Get"]
    assert "test" not in json.dumps(step["Train"])


def train_channels(step: dict[str, Any]) -> list[dict[str, Any]]:
    return step["Train"]["InputDataConfig"]


def test_code_arrives_as_folders_under_the_content_hash() -> None:
    step = arguments(build(sample()))
    code = f"s3://{sample()['bucket']}/{sample()['code_prefix']}"
    inputs = {item["InputName"]: item["S3Input"] for item in step["Preprocess"]["ProcessingInputs"]}
    assert inputs["code"]["S3Uri"] == f"{code}/preprocess/"
    assert inputs["code"]["LocalPath"] == "/opt/ml/processing/input/code"
    assert inputs["data"]["LocalPath"] == "/opt/ml/processing/input/data"
    channels = {item["ChannelName"]: item["DataSource"]["S3DataSource"]["S3Uri"] for item in train_channels(step)}
    assert channels["code"] == f"{code}/train/"
    assert channels["serving"] == f"{code}/inference/"


def test_hyperparameters_are_texts_and_the_number_parameter_is_joined_into_one() -> None:
    values = arguments(build(sample()))["Train"]["HyperParameters"]
    assert values == {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": "/opt/ml/input/data/code",
        "sagemaker_toolkit_native_launcher_enabled": "true",
        "label": joined('"', {"Get": "Parameters.Label"}, '"'),
        "problem_type": "binary",
        "seed": "7",
        "presets": {"Get": "Parameters.Presets"},
        "time_limit": joined({"Get": "Parameters.TimeLimitSeconds"}),
    }


LABELS = [
    "diagnosis",
    "mean radius",
    "1",
    "007",
    "1.50",
    "1e5",
    "true",
    "null",
    "{x}",
    "weiß",
    "it's",
    "a=b",
    "z" * 248,
]


@pytest.mark.parametrize("label", LABELS)
def test_the_label_of_a_run_reaches_both_scripts_as_it_was_given(label: str) -> None:
    definition = build(sample())
    parameters = {item["Name"]: item["DefaultValue"] for item in definition["Parameters"]} | {"Label": label}
    step = arguments(definition)
    given_to_preprocess = resolved(step["Preprocess"]["AppSpecification"]["ContainerArguments"][0], parameters)
    parser = argparse.ArgumentParser()
    parser.add_argument("--label")
    assert parser.parse_args([given_to_preprocess]).label == label
    assert len(given_to_preprocess) <= 256
    assert decoded(resolved(step["Train"]["HyperParameters"]["label"], parameters)) == label


def test_a_problem_type_to_infer_is_left_out() -> None:
    assert "problem_type" not in arguments(build(sample(problem_type="")))["Train"]["HyperParameters"]


def test_the_script_gets_its_arguments() -> None:
    def given_to_preprocess(problem_type: str) -> list[Any]:
        step = arguments(build(sample(problem_type=problem_type)))["Preprocess"]
        return step["AppSpecification"]["ContainerArguments"]

    label = joined("--label=", {"Get": "Parameters.Label"})
    inferred = [label, "--seed", "7", "--test-fraction", "0.2"]
    assert given_to_preprocess("") == inferred
    assert given_to_preprocess("regression") == [*inferred, "--problem-type", "regression"]


def test_parameters_have_the_types_and_defaults_that_people_start_with() -> None:
    assert build(sample())["Parameters"] == [
        {"Name": "InputDataUri", "Type": "String", "DefaultValue": f"s3://{sample()['bucket']}/raw/default/"},
        {"Name": "Label", "Type": "String", "DefaultValue": "churned"},
        {"Name": "Presets", "Type": "String", "DefaultValue": "medium_quality", "EnumValues": sorted(KNOWN_PRESETS)},
        {"Name": "TimeLimitSeconds", "Type": "Integer", "DefaultValue": 600},
    ]


def test_presets_of_the_settings_may_be_given_to_an_execution_though_nobody_listed_them() -> None:
    (presets,) = (p for p in build(sample(presets="best_v999"))["Parameters"] if p["Name"] == "Presets")
    assert presets["DefaultValue"] == "best_v999"
    assert presets["EnumValues"] == sorted({*KNOWN_PRESETS, "best_v999"})


def test_each_kind_of_step_has_its_own_instance_type() -> None:
    instances = {"process": "ml.m5.large", "train": "ml.c5.4xlarge", "endpoint": "ml.r5.large"}
    step = arguments(build(sample(instances=instances)))
    assert step["Preprocess"]["ProcessingResources"]["ClusterConfig"]["InstanceType"] == "ml.m5.large"
    assert step["Train"]["ResourceConfig"]["InstanceType"] == "ml.c5.4xlarge"
    (variant,) = step["EndpointConfig"]["ProductionVariants"]
    assert (variant["InstanceType"], variant["InitialInstanceCount"]) == ("ml.r5.large", 2)


def test_endpoints_are_neither_retried_nor_cached_and_faults_of_the_service_are_retried_elsewhere() -> None:
    by_name = {step["Name"]: step for step in build(sample())["Steps"]}
    assert not {"RetryPolicies", "CacheConfig"} & set(by_name["Endpoint"])
    assert [name for name in STEPS if "CacheConfig" in by_name[name]] == ["Preprocess", "Train"]
    for name in STEPS[:-1]:
        types = {kind for policy in by_name[name]["RetryPolicies"] for kind in policy["ExceptionType"]}
        assert {"Step.SERVICE_FAULT", "Step.THROTTLING"} <= types


@pytest.mark.parametrize("length", [1, 40, 41, 63])
def test_the_configuration_name_leaves_room_for_the_suffix_of_the_service(length: int) -> None:
    name = ("A-" * 32)[: length - 1] + "b"
    found = arguments(build(sample(endpoint_name=name)))["EndpointConfig"]["EndpointConfigName"]
    assert len(found) <= 40
    assert len(name) > 40 or found == name.lower(), "policies allow endpoint-config/<endpoint name>*"
    assert re.fullmatch(r"[a-z0-9](-*[a-z0-9])*", found)


def test_the_model_server_has_room_for_what_aws_carries_and_the_endpoint_waits_while_it_loads() -> None:
    steps = arguments(build(sample()))
    environment = steps["CreateModel"]["PrimaryContainer"]["Environment"]
    carried = 6_291_456
    assert min(int(environment[name]) for name in ("TS_MAX_REQUEST_SIZE", "TS_MAX_RESPONSE_SIZE")) > carried
    (variant,) = steps["EndpointConfig"]["ProductionVariants"]
    waits = variant["ContainerStartupHealthCheckTimeoutInSeconds"]
    assert waits == int(environment["TS_DEFAULT_STARTUP_TIMEOUT"]) == int(environment["SAGEMAKER_MODEL_SERVER_TIMEOUT"])
    assert waits > 480  # what AWS waits where nothing is said


def test_no_experiment_and_no_names_of_jobs_are_set() -> None:
    definition = build(sample())
    assert set(definition) == {"Version", "Metadata", "Parameters", "Steps"}
    names = {"ProcessingJobName", "TrainingJobName", "ModelName"}
    assert not [step["Name"] for step in definition["Steps"] if names & set(step["Arguments"])]


def test_a_changed_document_does_not_change_the_next_one() -> None:
    first = build(sample())
    before = definition_sha256(first)
    for step in first["Steps"]:
        step.get("CacheConfig", {})["Enabled"] = False
        step.get("RetryPolicies", []).clear()
    assert definition_sha256(build(sample())) == before


def test_the_hash_of_a_live_document_does_not_depend_on_its_layout() -> None:
    definition = build(sample())
    pretty = json.dumps(dict(reversed(definition.items())), indent=2)
    assert canonical_sha256(pretty) == definition_sha256(definition)
    assert canonical_sha256("not json") != canonical_sha256("[]") != definition_sha256(definition)
