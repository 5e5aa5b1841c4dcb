"""Pipelines and their definitions."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.local.sagemaker import AwsError
from sagekeep.local.sagemaker.definition import definition_violations
from sagekeep.local.sagemaker.references import tokens
from tests.local.fake_world import CALLER, ROLE, STRANGER, TOKEN, Account
from tests.local.pipeline_document import OUTPUT, Document, create, definition, train


@pytest.fixture
def account() -> Account:
    return Account()


def test_a_complete_definition_is_taken_and_given_back_unchanged(account: Account) -> None:
    assert definition_violations(definition()) == []
    text = json.dumps(definition(), indent=3)
    arn = create(account, text)
    pipeline = account("DescribePipeline", PipelineName="p")
    assert pipeline["PipelineDefinition"] == text
    assert (pipeline["PipelineStatus"], pipeline["PipelineArn"]) == ("Active", arn)
    assert pipeline["CreatedBy"]["IamIdentity"]["Arn"] == CALLER.arn
    assert account("DescribePipeline", PipelineName=arn) == pipeline


def test_the_order_of_the_list_does_not_matter_where_the_order_of_the_run_is_clear() -> None:
    document = definition()
    document["Steps"].reverse()
    assert definition_violations(document) == []


def _set(path: str, value: Any) -> Callable[[Document], None]:
    """A change of the document at a path such as Steps.0.Name."""

    def change(document: Document) -> None:
        *way, last = path.split(".")
        place: Any = document
        for part in way:
            place = place[int(part)] if isinstance(place, list) else place[part]
        place[int(last) if isinstance(place, list) else last] = value

    return change


SOURCE = "Steps.1.Arguments.InputDataConfig.0.DataSource.S3DataSource.S3Uri"
FAULTS: list[tuple[Callable[[Document], None], str]] = [
    (_set("Version", "2021"), "Version must be '2020-12-01'"),
    (_set("Steps", []), "at least one step"),
    (_set("Steps", {}), "Expecting start of Json Array"),
    (_set("Nonsense", 1), "Unknown member 'Nonsense'"),
    (_set("Steps.1.Name", "Prepare"), "'Prepare' is there twice"),
    (_set("Steps.1.Name", "Too Low"), "Step name 'Too Low'"),
    (_set("Steps.0.Name", "TooLow"), "'TooLow' is there twice"),
    (_set("Steps.0.Type", "Coffee"), "Unknown step type 'Coffee'"),
    (_set("Steps.0", 5), "no object"),
    (_set("Parameters.0.Name", "Other"), "Get 'Parameters.Instance' does not resolve"),
    (_set("Parameters.0.Type", "Number"), "unknown Type 'Number'"),
    (_set("Parameters.0.DefaultValue", 5), "value 5 is no String"),
    (_set("Parameters.1.DefaultValue", True), "value True is no Float"),
    (_set("Parameters.0.DefaultValue", "ml.m5.xlarge"), "not among EnumValues"),
    (_set("Parameters.1.Name", "Instance"), "declared twice"),
    (_set(SOURCE, {"Get": "Steps.Nobody.X"}), "Get 'Steps.Nobody.X' does not resolve"),
    (_set(SOURCE, {"Get": OUTPUT.replace("'train'", "'test'")}), "no output 'test', only ['train']"),
    (_set(SOURCE, {"Get": "Steps.Prepare.Nonsense"}), "no member 'Nonsense'"),
    (_set(SOURCE, {"Get": "Steps.Prepare.ProcessingJobName.More"}), "nothing lies below a string"),
    (_set(SOURCE, {"Get": "Steps.Prepare.PropertyFiles.Other"}), "declares no such PropertyFiles"),
    (_set(SOURCE, {"Get": "Steps.Prepare"}), "does not resolve"),
    (_set(SOURCE, {"Get": "Steps.Train.TrainingJobName"}), "property of another step"),
    (_set(SOURCE, {"Get": "Execution.Nonsense"}), "property of the execution"),
    (_set(SOURCE, {"Get": "PipelineExperimentConfig.TrialName"}), "PipelineExperimentConfig"),
    (_set(SOURCE, {"Std:Join": {"On": "/", "Values": [{"Get": "Parameters.None"}]}}), "Get 'Parameters.None'"),
    (_set("Steps.0.DependsOn", ["Train"]), "Steps wait for each other: Prepare, Train"),
    (_set("Steps.0.DependsOn", ["Nobody"]), "unknown step 'Nobody'"),
    (_set("Steps.0.DependsOn", "Train"), "must be a list"),
    (_set("Steps.1.DependsOn", ["TooLow"]), "cannot be depended upon"),
    (_set("Steps.2.Arguments.Conditions", []), "at least one condition"),
    (_set("Steps.2.Arguments.Conditions.0.Type", "ConditionEquals"), "Unknown condition"),
    (_set("Steps.2.Arguments.Conditions.0.RightValue", {"Get": "Parameters.Max"}), "Get 'Parameters.Max'"),
    (_set("Steps.2.Arguments.Else", []), "Unknown Argument member 'Else'"),
    (_set("Steps.0.PropertyFiles.0.OutputName", "test"), "no output 'test', only ['train']"),
    (_set("Steps.0.PropertyFiles.0", {"PropertyFileName": "Report"}), "A property file must have the members FilePath"),
    (_set("Steps.2.Arguments.ElseSteps.0.Arguments", {}), "must have the member ErrorMessage"),
    (_set("Steps.2.Arguments.ElseSteps.0.Arguments.ErrorMessage", 5), "must be a text or a reference"),
    (_set("Steps.0.Arguments.RoleArn", None), "Value null at 'RoleArn'"),
    (_set("Steps.0.Arguments.AppSpecification.Image", "x"), "Unknown member 'AppSpecification.Image'"),
    (_set("Steps.2.Arguments.IfSteps.0.Arguments.PrimaryContainer.Mode", "Both"), "Step 'Model': Value 'Both'"),
]


@pytest.mark.parametrize(("change", "fault"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_a_definition_with_a_fault_is_refused_by_create_and_update(
    account: Account, change: Callable[[Document], None], fault: str
) -> None:
    document = definition()
    change(document)
    with pytest.raises(AwsError) as refusal:
        create(account, document)
    assert refusal.value.code == "ValidationException"
    assert refusal.value.message.startswith("Unable to parse pipeline definition. ")
    assert fault in refusal.value.message
    create(account)
    with pytest.raises(AwsError) as refusal:
        account("UpdatePipeline", PipelineName="p", PipelineDefinition=json.dumps(document))
    assert fault in refusal.value.message
    assert json.loads(account("DescribePipeline", PipelineName="p")["PipelineDefinition"]) == definition()


@pytest.mark.parametrize("text", ["{", "", " ", "[]", "5", "null"])
def test_text_that_is_no_json_object_is_refused(account: Account, text: str) -> None:
    with pytest.raises(AwsError) as refusal:
        create(account, text)
    assert refusal.value.code == "ValidationException"


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return [path, *(leaf for key, item in items for leaf in _leaves(item, (*path, key)))]
    return [path]


@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [[]], {"Get": "Steps"}, True], ids=str)
def test_nothing_in_the_place_of_anything_makes_the_parser_stumble(value: Any) -> None:
    for path in _leaves(definition())[1:]:
        document = definition()
        place: Any = document
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        assert all(isinstance(fault, str) for fault in definition_violations(document))


NAMES = st.text("abcXYZ_09-", min_size=1, max_size=8).filter(lambda name: name[0].isalpha())


@given(st.lists(st.one_of(NAMES, st.integers(0, 99), st.text("abc .'", max_size=5).filter(lambda t: "'" not in t))))
def test_a_path_is_read_back_as_it_was_written(parts: list[str | int]) -> None:
    def written(part: str | int, first: bool) -> str:
        if isinstance(part, int):
            return f"[{part}]"
        plain = part and part[0].isalpha() and all(c.isalnum() or c in "_-" for c in part)
        return part if plain and first else f".{part}" if plain else f"['{part}']"

    text = "".join(written(part, index == 0) for index, part in enumerate(parts))
    assert tokens(text) == parts


@given(st.permutations(["A", "B", "C", "D"]), st.data())
def test_a_chain_of_references_resolves_in_any_order_and_a_ring_in_none(order: list[str], data: st.DataObject) -> None:
    def link(name: str, before: str) -> Document:
        step = copy.deepcopy(
            train({"Get": f"Steps.{before}.ModelArtifacts.S3ModelArtifacts"} if before else "s3://b/x")
        )
        return step | {"Name": name}

    before = dict(zip(order[1:], order, strict=False))
    steps = [link(name, before.get(name, "")) for name in data.draw(st.permutations(order))]
    document = {"Version": "2020-12-01", "Steps": steps}
    assert definition_violations(document) == []
    first = next(step for step in steps if step["Name"] == order[0])
    first["DependsOn"] = [order[-1]]
    assert definition_violations(document) == ["Steps wait for each other: A, B, C, D"]


def test_names_are_unique_and_a_repeated_request_is_the_same_pipeline(account: Account) -> None:
    arn = create(account)
    assert create(account) == arn
    with pytest.raises(AwsError, match="Pipeline names must be unique within an AWS account and region"):
        create(account, ClientRequestToken="1" * 32)
    assert len(account("ListPipelines")["PipelineSummaries"]) == 1


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"RoleArn": STRANGER}, 400, "Could not assume role"),
        ({"PipelineName": "under_score"}, 400, "regular expression"),
        ({"PipelineDefinition": None}, 400, "is required"),
        ({"ClientRequestToken": "short"}, 400, "length"),
        ({"PipelineDefinition": None, "PipelineDefinitionS3Location": {"Bucket": "bucket", "ObjectKey": "k"}}, 501,
         "PipelineDefinitionS3Location"),
    ],
)  # fmt: skip
def test_a_pipeline_that_cannot_be_is_refused(
    account: Account, changes: dict[str, Any], status: int, message: str
) -> None:
    with pytest.raises(AwsError, match=message) as refusal:
        create(account, **changes)
    assert refusal.value.status == status


def test_an_update_changes_what_it_names_and_counts_versions(account: Account) -> None:
    create(account)
    account.wait()
    assert account("UpdatePipeline", PipelineName="p", PipelineDescription="new")["PipelineVersionId"] == 2
    pipeline = account("DescribePipeline", PipelineName="p")
    assert (pipeline["PipelineDescription"], pipeline["RoleArn"]) == ("new", ROLE)
    assert pipeline["LastModifiedTime"] > pipeline["CreationTime"]


@pytest.mark.parametrize(
    "operation", ["DescribePipeline", "UpdatePipeline", "DeletePipeline", "ListPipelineExecutions"]
)
def test_a_missing_pipeline_is_not_found(account: Account, operation: str) -> None:
    token = {"ClientRequestToken": TOKEN} if operation == "DeletePipeline" else {}
    with pytest.raises(AwsError, match="does not exist") as refusal:
        account(operation, PipelineName="nobody", **token)
    assert refusal.value.code == "ResourceNotFound"
