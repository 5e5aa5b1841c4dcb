"""The endpoint is asked about held-out rows; AWS's answers have the shapes that botocore checks."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from sagekeep.errors import OperationError
from sagekeep.runs import heldout
from sagekeep.runs.outcome import failures
from sagekeep.runs.steps import Execution, Step
from sagekeep.runs.target import Target
from sagekeep.settings import parse

SETTINGS = parse({"prefix": "acme", "account_id": "123456789012", "region": "us-east-1"}, environment="poc")
JOB = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/pipelines-abc-Preprocess-x"
TRAIN, TEST = "age,kind\n1,a\n2,b\n", "age,kind\n3,a\n4,b\n5,a\n"


@dataclass(frozen=True)
class Scripted(Target):
    """A target whose clients answer what a test says."""

    stubs: dict[str, Stubber] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return self.stubs[service].client

    def script(self, service: str) -> Stubber:
        if service not in self.stubs:
            client = boto3.client(service, "us-east-1", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="none")
            self.stubs[service] = Stubber(client)
            self.stubs[service].activate()
        return self.stubs[service]


@pytest.fixture
def target() -> Scripted:
    return Scripted(SETTINGS, "poc", {})


def body(text: str) -> StreamingBody:
    return StreamingBody(io.BytesIO(text.encode()), len(text.encode()))


def job(target: Scripted, **more: Any) -> None:
    """The processing job of an earlier execution: outputs of a cached step lie under that one's id."""
    outputs = [
        {
            "OutputName": name,
            "S3Output": {"S3Uri": f"s3://b/processed/earlier/{name}", "LocalPath": "/x", "S3UploadMode": "EndOfJob"},
        }
        for name in ("train", "test")
    ]
    answer = {
        "ProcessingJobName": JOB.rpartition("/")[2],
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 30}
        },
        "AppSpecification": {"ImageUri": "image"},
        "ProcessingJobArn": JOB,
        "ProcessingJobStatus": "Completed",
        "CreationTime": datetime.now(UTC),
        "ProcessingOutputConfig": {"Outputs": outputs},
    }
    target.script("sagemaker").add_response("describe_processing_job", answer | more, {"ProcessingJobName": ANY})


def rows(target: Scripted, train: str = TRAIN, test: str = TEST) -> None:
    for name, text in (("train", train), ("test", test)):
        where = {"Bucket": "b", "Key": f"processed/earlier/{name}/{name}.csv"}
        target.script("s3").add_response("get_object", {"Body": body(text)}, where)


def execution(status: str = "Succeeded", **changes: Any) -> Execution:
    step = Step("Preprocess", status, 1.0, 2.0, metadata={"ProcessingJob": {"Arn": JOB}}, **changes)
    return Execution("arn:p/execution/now", "now", status, 1.0, 2.0, steps=(step,))


def answers(target: Scripted, document: Any) -> None:
    expected = {
        "EndpointName": target.endpoint,
        "Body": b"age\r\n3\r\n4\r\n5\r\n",
        "ContentType": "text/csv; header=present",
        "Accept": "application/json",
    }
    answer = {"Body": body(json.dumps(document)), "ContentType": "application/json"}
    target.script("sagemaker-runtime").add_response("invoke_endpoint", answer, expected)


def test_held_out_rows_go_to_the_endpoint_without_their_labels_and_are_measured_by_them(target: Scripted) -> None:
    job(target)
    rows(target)
    chances = [{"a": 0.9, "b": 0.1}, {"a": 0.95, "b": 0.05}, {"a": 0.6, "b": 0.4}]
    answers(target, {"predictions": ["a", "a", "a"], "probabilities": chances})
    found = heldout.evaluate(target, execution(), "kind")
    assert (found.score.metric, found.score.value) == ("ROC AUC", 0.0)
    assert (found.rows, found.held_out, found.seen) == (3, 3, 0)
    assert [(s.label, s.prediction, s.probability) for s in found.samples] == [
        ("a", "a", 0.9),
        ("b", "a", 0.95),
        ("a", "a", 0.6),
    ]


def test_a_held_out_row_in_the_training_input_is_counted(target: Scripted) -> None:
    job(target)
    rows(target, train="kind,age\n1,3\n2,9\n", test="age,kind\n3,1\n4,2\n5,3\n")
    answers(target, {"predictions": [1.0, 2.0, 3.0]})
    found = heldout.evaluate(target, execution(), "kind")
    assert (found.score.metric, found.score.value, found.seen) == ("RMSE", 0.0, 1)


def test_numbers_for_labels_that_are_none_are_told(target: Scripted) -> None:
    job(target)
    rows(target)
    answers(target, {"predictions": [1.0, 2.0, 3.0]})
    with pytest.raises(OperationError, match="cannot be compared with the labels"):
        heldout.evaluate(target, execution(), "kind")


@pytest.mark.parametrize("document", [{"predictions": ["a"]}, ["a", "b", "a"], {"said": 1}, "a"])
def test_an_endpoint_that_answers_otherwise_is_told_as_such(target: Scripted, document: Any) -> None:
    job(target)
    rows(target)
    answers(target, document)
    with pytest.raises(OperationError, match="one prediction a row") as caught:
        heldout.evaluate(target, execution(), "kind")
    assert "predictions" in caught.value.hint


@pytest.mark.parametrize("said", ["row 1: no number", "row 1: no number\nTraceback", '{"detail": "row 1: no number"}'])
def test_a_refusal_of_either_model_server_is_told_in_its_own_words(target: Scripted, said: str) -> None:
    job(target)
    rows(target)
    more = {"OriginalMessage": said, "OriginalStatusCode": 400}
    target.script("sagemaker-runtime").add_client_error("invoke_endpoint", "ModelError", modeled_fields=more)
    with pytest.raises(OperationError, match=r"^the model refuses: row 1: no number\n"):
        heldout.evaluate(target, execution(), "kind")


def test_held_out_rows_without_the_label_are_told(target: Scripted) -> None:
    job(target)
    rows(target)
    with pytest.raises(OperationError, match="no held-out rows with a column 'diagnosis'"):
        heldout.evaluate(target, execution(), "diagnosis")


def test_what_the_preprocess_step_says_of_the_data_is_the_reason_not_its_exit_code(target: Scripted) -> None:
    said = "rows.csv, line 7: 3 fields, but the header has 4"
    job(target, ExitMessage=said)
    failed = execution("Failed", reason="ClientError: AlgorithmError: See job logs, exit code: 1")
    assert [failure.reason for failure in failures(target, failed)] == [said]


def test_where_the_job_may_not_be_read_the_steps_own_reason_is_told(target: Scripted) -> None:
    target.script("sagemaker").add_client_error("describe_processing_job", "AccessDeniedException", "no")
    failed = execution("Failed", reason="ClientError: exit code: 1")
    assert [failure.reason for failure in failures(target, failed)] == ["ClientError: exit code: 1"]
