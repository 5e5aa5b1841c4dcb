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

Document = dict[str, Any]
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


@pytest.fixture
def account() -> Account:
    return Account()


def create(account: Account, document: Any = None, **changes: Any) -> str:
    text = document if isinstance(document, str) else json.dumps(document or definition())
    request = {"PipelineName": "p", "PipelineDefinition": text, "RoleArn": ROLE, "ClientRequestToken": TOKEN}
    arn: str = account("CreatePipeline", **request | changes)["PipelineArn"]
    return arn


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


@given(
    st.sampled_from(_leaves(definition())[1:]), st.sampled_from([None, 5, "x", [], {}, [[]], {"Get": "Steps"}, True])
)
def test_no_definition_makes_the_parser_stumble(path: tuple[Any, ...], value: Any) -> None:
    document = copy.deepcopy(definition())
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


# --- executions ------------------------------------------------------------------------------------------------


def test_a_pipeline_is_not_deleted_while_it_runs(account: Account) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    with pytest.raises(AwsError, match="in progress") as refusal:
        account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    assert refusal.value.code == "ConflictException"
    account("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert account("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopping"
    with pytest.raises(AwsError, match="in progress"):
        account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    account.wait()
    assert account("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopped"
    account("DeletePipeline", PipelineName="p", ClientRequestToken=TOKEN)
    with pytest.raises(AwsError, match="does not exist"):
        account("DescribePipelineExecution", PipelineExecutionArn=arn)


def test_an_execution_that_is_over_is_not_stopped(account: Account) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER)
    account.sagemaker.executions.move(arn, "Succeeded")
    with pytest.raises(AwsError) as refusal:
        account("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    assert refusal.value.code == "ConflictException"


def test_an_execution_keeps_the_definition_that_it_started_with(account: Account) -> None:
    create(account)
    arn = account.sagemaker.executions.insert("p", CALLER, parameters={"Instance": "ml.m5.large"})
    other = definition()
    del other["Steps"][2]
    account("UpdatePipeline", PipelineName="p", PipelineDefinition=json.dumps(other))
    kept = account("DescribePipelineDefinitionForExecution", PipelineExecutionArn=arn)["PipelineDefinition"]
    assert json.loads(kept) == definition()
    parameters = account("ListPipelineParametersForExecution", PipelineExecutionArn=arn)["PipelineParameters"]
    assert parameters == [{"Name": "Instance", "Value": "ml.m5.large"}]


def test_executions_and_steps_are_listed_latest_first(account: Account) -> None:
    create(account)
    executions = account.sagemaker.executions
    first = executions.insert("p", CALLER, display_name="one")
    account.wait()
    second = executions.insert("p", CALLER, display_name="two")
    summaries = account("ListPipelineExecutions", PipelineName="p")["PipelineExecutionSummaries"]
    assert [s["PipelineExecutionArn"] for s in summaries] == [second, first]
    executions.add_step(first, "Prepare", "Processing")
    executions.move_step(first, "Prepare", "Succeeded", metadata={"ProcessingJob": {"Arn": "arn"}})
    executions.add_step(first, "Train", "Training", status="Executing")
    executions.move_step(first, "Train", "Failed", failure="no objects")
    steps = account("ListPipelineExecutionSteps", PipelineExecutionArn=first)["PipelineExecutionSteps"]
    assert [(s["StepName"], s["StepStatus"]) for s in steps] == [("Train", "Failed"), ("Prepare", "Succeeded")]
    assert steps[0]["FailureReason"] == "no objects"
    assert steps[1]["Metadata"] == {"ProcessingJob": {"Arn": "arn"}}
    page = account("ListPipelineExecutionSteps", PipelineExecutionArn=first, SortOrder="Ascending", MaxResults=1)
    assert [s["StepName"] for s in page["PipelineExecutionSteps"]] == ["Prepare"]
    executions.move(first, "Failed", failure="Step Train failed")
    assert account("DescribePipelineExecution", PipelineExecutionArn=first)["FailureReason"] == "Step Train failed"


def test_events_have_the_members_of_aws(account: Account) -> None:
    pipeline_arn = create(account)
    executions = account.sagemaker.executions
    arn = executions.insert("p", CALLER, display_name="run")
    executions.add_step(arn, "Train", "Training")
    executions.move_step(arn, "Train", "Failed", failure="why", metadata={"TrainingJob": {"Arn": "job"}})
    executions.move(arn, "Failed")
    executions.move(arn, "Failed")  # no change, no event
    (_, started, resources), *_, (kind, detail, _) = account.world.events
    assert len(account.world.events) == 4
    assert kind == "SageMaker Model Building Pipeline Execution Status Change"
    assert resources == [pipeline_arn, arn]
    assert detail == {
        "pipelineExecutionDisplayName": "run",
        "currentPipelineExecutionStatus": "Failed",
        "previousPipelineExecutionStatus": "Executing",
        "executionStartTime": "2027-01-15T08:00:00Z",
        "executionEndTime": "2027-01-15T08:00:00Z",
        "pipelineExecutionDescription": "",
        "pipelineArn": pipeline_arn,
        "pipelineExecutionArn": arn,
    }
    assert {"executionEndTime", "previousPipelineExecutionStatus"} & set(started) == set()
    kind, step, _ = account.world.events[2]
    assert kind == "SageMaker Model Building Pipeline Execution Step Status Change"
    assert step["metadata"] == {"trainingJob": {"Arn": "job"}}
    named = ("stepName", "stepType", "previousStepStatus", "currentStepStatus", "failureReason")
    assert [step[name] for name in named] == ["Train", "Training", "Starting", "Failed", "why"]


def test_a_runner_may_finish_stopping_executions_itself(account: Account) -> None:
    create(account)
    account.sagemaker.state.stop_after = None
    arn = account.sagemaker.executions.insert("p", CALLER)
    account("StopPipelineExecution", PipelineExecutionArn=arn, ClientRequestToken=TOKEN)
    account.wait(3600)
    assert account("DescribePipelineExecution", PipelineExecutionArn=arn)["PipelineExecutionStatus"] == "Stopping"


def test_starting_an_execution_is_not_modelled_yet(account: Account) -> None:
    create(account)
    with pytest.raises(AwsError, match="StartPipelineExecution") as refusal:
        account("StartPipelineExecution", PipelineName="p", ClientRequestToken=TOKEN)
    assert (refusal.value.code, refusal.value.status) == ("NotImplemented", 501)


def test_what_aws_does_not_have_is_404_and_what_we_do_not_model_501(account: Account) -> None:
    for operation, status in (("MakeCoffee", 404), ("CreateTrainingJob", 501), ("CreateNotebookInstance", 501)):
        with pytest.raises(AwsError) as refusal:
            account(operation)
        assert refusal.value.status == status
