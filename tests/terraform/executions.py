"""Executions of the estate's pipeline: start, wait, look at what became of them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.estates import NAME, Estate

BUCKET = "acme-ml-data-123456789012-us-east-1"
OVER = ("Succeeded", "Failed", "Stopped")

Json = dict[str, Any]


def start(estate: Estate, **parameters: str) -> str:
    given = [{"Name": name, "Value": value} for name, value in parameters.items()]
    sagemaker = estate.client("sagemaker")
    arn: str = sagemaker.start_pipeline_execution(PipelineName=NAME, PipelineParameters=given)["PipelineExecutionArn"]
    return arn


def wait(estate: Estate, arn: str, seconds: float = 240) -> Json:
    """The execution once it is over."""
    sagemaker, deadline = estate.client("sagemaker"), time.monotonic() + seconds
    while time.monotonic() < deadline:
        found: Json = sagemaker.describe_pipeline_execution(PipelineExecutionArn=arn)
        if found["PipelineExecutionStatus"] in OVER:
            return found
        time.sleep(0.2)
    pytest.fail(f"{arn} is not over after {seconds} s: {steps(estate, arn)}")


def run(estate: Estate, **parameters: str) -> str:
    """An execution that has succeeded."""
    arn = start(estate, **parameters)
    found = wait(estate, arn)
    assert found["PipelineExecutionStatus"] == "Succeeded", steps(estate, arn)
    return arn


def steps(estate: Estate, arn: str) -> dict[str, Json]:
    listed = estate.client("sagemaker").list_pipeline_execution_steps(PipelineExecutionArn=arn, SortOrder="Ascending")
    return {step["StepName"]: step for step in listed["PipelineExecutionSteps"]}


def held_out(estate: Estate, arn: str) -> list[str]:
    """The rows that the execution held out, header first."""
    key = f"processed/{arn.rpartition('/')[2]}/test/test.csv"
    body: bytes = estate.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return body.decode().splitlines()


def ask(estate: Estate, rows: list[str]) -> list[str]:
    """What the endpoint answers, as CSV lines."""
    answer = estate.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=NAME, ContentType="text/csv", Accept="text/csv", Body="\n".join(rows).encode()
    )
    text: str = answer["Body"].read().decode()
    return text.splitlines()


@contextmanager
def changed(estate: Estate, change: Callable[[Json], None]) -> Iterator[None]:
    """The pipeline with another definition, for a while."""
    sagemaker = estate.client("sagemaker")
    before = sagemaker.describe_pipeline(PipelineName=NAME)["PipelineDefinition"]
    definition = json.loads(before)
    change({step["Name"]: step for step in definition["Steps"]})
    sagemaker.update_pipeline(PipelineName=NAME, PipelineDefinition=json.dumps(definition))
    try:
        yield
    finally:
        sagemaker.update_pipeline(PipelineName=NAME, PipelineDefinition=before)


def upload(estate: Estate, folder: str, **files: str) -> str:
    """Scripts under code/; the prefix that a step names."""
    for name, text in files.items():
        estate.client("s3").put_object(Bucket=BUCKET, Key=f"code/{folder}/{name}.py", Body=text.encode())
    return f"s3://{BUCKET}/code/{folder}/"


def with_preprocess(estate: Estate, folder: str, text: str) -> Callable[[Json], None]:
    uri = upload(estate, folder, preprocess=text)

    def change(steps_by_name: Json) -> None:
        _, code = steps_by_name["Preprocess"]["Arguments"]["ProcessingInputs"]
        code["S3Input"]["S3Uri"] = uri

    return change


def with_training(estate: Estate, folder: str, text: str) -> Callable[[Json], None]:
    uri = upload(estate, folder, train=text)

    def change(steps_by_name: Json) -> None:
        _, code, _ = steps_by_name["Train"]["Arguments"]["InputDataConfig"]
        code["DataSource"]["S3DataSource"]["S3Uri"] = uri

    return change


def alert(estate: Estate, execution: str, step: str) -> Json:
    """The alert of a failed step, waited for; what else the queue holds is taken from it."""
    sqs, deadline = estate.client("sqs"), time.monotonic() + 30
    url = sqs.get_queue_url(QueueName="acme-ml-pipeline-alerts")["QueueUrl"]
    while time.monotonic() < deadline:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found: Json = json.loads(message["Body"])
            if (found["execution"], found.get("step")) == (execution, step):
                return found
    pytest.fail(f"no alert of {step} in {execution}")


def workers(estate: Estate) -> set[int]:
    """Processes of jobs and model servers, scripts included: all that work in the folder of either."""
    jobs, found = str(estate.instance.home / "tmp" / "jobs"), set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                seen = [(entry / "cwd").readlink(), *((entry / "cmdline").read_bytes().decode().split("\0"))]
                mounts = (entry / "mountinfo").read_text()
                if any(str(item).startswith(jobs) for item in seen) or f"{jobs}/" in mounts:
                    found.add(int(entry.name))
    return found


def folders(estate: Estate) -> set[str]:
    """The private folders of jobs and model servers."""
    return {path.name for path in (estate.instance.home / "tmp" / "jobs").iterdir()}
