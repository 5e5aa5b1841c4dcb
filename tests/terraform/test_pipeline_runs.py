"""Executions of the deployed pipeline: the real scripts in their environments, the real roles, on the embedded AWS.

They share the deployed estate with the other tests and leave the pipeline as they found it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from estates import NAME, ROOT, Estate, client_with

BUCKET = "acme-ml-data-123456789012-us-east-1"
OVER = ("Succeeded", "Failed", "Stopped")
STEPS = ["Preprocess", "Train", "CreateModel", "EndpointConfig", "Endpoint"]
pytestmark = pytest.mark.timeout(600)

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


@pytest.fixture(scope="module")
def served(estate: Estate) -> str:
    """The first execution, after which the endpoint serves."""
    return run(estate)


def test_a_run_takes_the_five_steps_and_the_endpoint_predicts_rows_that_training_never_saw(
    estate: Estate, served: str
) -> None:
    found = steps(estate, served)
    assert list(found) == STEPS
    assert {step["StepStatus"] for step in found.values()} == {"Succeeded"}
    header, *rows = held_out(estate, served)
    label = header.split(",").index("label")
    wanted = [row.split(",")[label] for row in rows]
    asked = [",".join(cell for at, cell in enumerate(row.split(",")) if at != label) for row in [header, *rows]]
    answer_header, *answers = ask(estate, asked)
    assert answer_header.startswith("prediction,")
    right = sum(answer.split(",")[0] == label for answer, label in zip(answers, wanted, strict=True))
    assert right / len(wanted) > 0.7
    key = f"processed/{served.rpartition('/')[2]}/train/train.csv"
    trained = estate.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read().decode().splitlines()
    assert not set(rows) & set(trained[1:])


def test_jobs_run_as_the_definition_says_and_write_their_logs(estate: Estate, served: str) -> None:
    sagemaker, found = estate.client("sagemaker"), steps(estate, served)
    arn = found["Train"]["Metadata"]["TrainingJob"]["Arn"]
    job = sagemaker.describe_training_job(TrainingJobName=arn.rpartition("/")[2])
    assert job["TrainingJobStatus"] == "Completed"
    assert job["EnableNetworkIsolation"] is True
    head = estate.client("s3").head_object(
        Bucket=BUCKET, Key=job["ModelArtifacts"]["S3ModelArtifacts"].partition(f"{BUCKET}/")[2]
    )
    assert head["SSEKMSKeyId"] == job["OutputDataConfig"]["KmsKeyId"]
    logs = estate.client("logs")
    group = "/aws/sagemaker/TrainingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=job["TrainingJobName"])["logStreams"]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    assert any("validation" in event["message"] for event in events)


def test_a_data_scientist_asks_the_endpoint_from_inside_the_vpc(estate: Estate, served: str) -> None:
    network = json.loads(
        estate.client("s3")
        .get_object(Bucket="acme-ml-state-123456789012-us-east-1", Key="estate/us-east-1/network/terraform.tfstate")[
            "Body"
        ]
        .read()
    )["outputs"]
    role = "arn:aws:iam::123456789012:role/acme-ml-studio-us-east-1"
    place = estate.instance.entrance(
        network["vpc_id"]["value"], network["subnet_ids"]["value"], [network["studio_security_group_id"]["value"]]
    )
    inside = {**estate.instance.variables(role=role), "HTTPS_PROXY": place}
    header, *rows = held_out(estate, served)
    runtime = client_with(inside, "sagemaker-runtime")
    body = "\n".join([header, *rows[:2]]).encode()
    answer = runtime.invoke_endpoint(EndpointName=NAME, ContentType="text/csv; header=present", Body=body)
    assert len(json.loads(answer["Body"].read())["predictions"]) == 2
    with pytest.raises(ClientError, match="unknown columns: 'nonsense'"):
        runtime.invoke_endpoint(
            EndpointName=NAME, ContentType="application/json", Body=json.dumps([{"nonsense": 1}]).encode()
        )


def test_a_second_run_takes_cached_steps_and_a_changed_script_runs_again(estate: Estate, served: str) -> None:
    again = steps(estate, run(estate))
    source = {name: step.get("CacheHitResult", {}).get("SourcePipelineExecutionArn") for name, step in again.items()}
    assert source["Preprocess"] == source["Train"] == served
    assert source["Endpoint"] is None
    scripts = {file.stem: file.read_text() for file in (ROOT / "ml_src" / "preprocess").glob("*.py")}
    upload(estate, "another-version", **scripts)
    with changed(estate, with_preprocess(estate, "another-version", f"{scripts['preprocess']}\n# another version\n")):
        anew = steps(estate, run(estate))
    assert "CacheHitResult" not in anew["Preprocess"]
    assert "CacheHitResult" not in anew["Train"], "its input is another one"


FAULTY = {
    "raises": ("raise ValueError('the moon is in the wrong house')", "the moon is in the wrong house"),
    "exits-137": ("import os; os._exit(137)", "more memory, exit code: 137"),
    "tries-the-network": (
        "import socket; socket.create_connection(('192.0.2.1', 443), timeout=5)",
        "Network is unreachable",
    ),
    "tries-boto3": (
        "import boto3; boto3.client('s3', region_name='us-east-1').list_buckets()",
        "Unable to locate credentials",
    ),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_faulty_script_fails_the_run_with_its_reason_which_reaches_the_queue(
    estate: Estate, served: str, fault: str
) -> None:
    script, expected = FAULTY[fault]
    with changed(estate, with_preprocess(estate, f"faulty-{fault}", script)):
        arn = start(estate)
        found = wait(estate, arn)
    step = steps(estate, arn)["Preprocess"]
    assert found["PipelineExecutionStatus"] == "Failed"
    assert expected in step["FailureReason"]
    assert "Train" not in steps(estate, arn)
    told = alert(estate, arn, "Preprocess")
    assert told["pipeline"] == NAME
    assert told["reason"] == step["FailureReason"]
    assert told["console"].startswith("https://")
    assert ask(estate, held_out(estate, served)[:2])


def test_a_script_that_writes_nothing_fails_the_step_that_needs_it(estate: Estate, served: str) -> None:
    with changed(estate, with_preprocess(estate, "silent", "print('nothing to do')")):
        arn = start(estate)
        wait(estate, arn)
    found = steps(estate, arn)
    assert found["Preprocess"]["StepStatus"] == "Succeeded"
    assert "No S3 objects found under S3 URL" in found["Train"]["FailureReason"]
    assert ask(estate, held_out(estate, served)[:2])


BROKEN = {
    "no-model": ("print('forgot to save it')", "CreateModel", "Could not find model data at s3://"),
    "no-code": (
        "import os, pathlib; pathlib.Path(os.environ['SM_MODEL_DIR'], 'weights').write_text('1')",
        "Endpoint",
        "did not pass the ping health check",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_model_never_takes_the_old_one_down(estate: Estate, served: str, fault: str) -> None:
    script, step, reason = BROKEN[fault]
    with changed(estate, with_training(estate, f"broken-{fault}", script)):
        arn = start(estate)
        wait(estate, arn)
    assert reason in steps(estate, arn)[step]["FailureReason"]
    assert estate.client("sagemaker").describe_endpoint(EndpointName=NAME)["EndpointStatus"] == "InService"
    assert ask(estate, held_out(estate, served)[:2])


def test_a_job_outside_our_subnets_or_without_our_key_is_denied_to_the_pipeline(estate: Estate) -> None:
    def outside(steps_by_name: Json) -> None:
        del steps_by_name["Preprocess"]["Arguments"]["NetworkConfig"]["VpcConfig"]

    def without_key(steps_by_name: Json) -> None:
        del steps_by_name["Preprocess"]["Arguments"]["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"]

    for change in (outside, without_key):
        with changed(estate, change):
            arn = start(estate, InputDataUri=f"s3://{BUCKET}/raw/never-seen/")  # no cached step
            assert wait(estate, arn)["PipelineExecutionStatus"] == "Failed"
        reason = steps(estate, arn)["Preprocess"]["FailureReason"]
        assert "not authorized to perform: sagemaker:CreateProcessingJob" in reason


def test_stopped_in_the_middle_of_training_nothing_is_left(estate: Estate) -> None:
    sagemaker, before, kept = estate.client("sagemaker"), workers(estate), folders(estate)
    with changed(estate, with_training(estate, "endless", "import time; print('begun', flush=True); time.sleep(600)")):
        arn = start(estate)
        deadline = time.monotonic() + 120
        while not _training(estate, arn):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        assert workers(estate) > before
        sagemaker.stop_pipeline_execution(PipelineExecutionArn=arn, ClientRequestToken="t" * 32)
        found = wait(estate, arn)
    assert found["PipelineExecutionStatus"] == "Stopped"
    assert steps(estate, arn)["Train"]["StepStatus"] == "Stopped"
    assert workers(estate) == before
    assert folders(estate) == kept


def _training(estate: Estate, arn: str) -> bool:
    job = steps(estate, arn).get("Train", {}).get("Metadata", {}).get("TrainingJob", {}).get("Arn", "")
    if not job:
        return False
    found = estate.client("sagemaker").describe_training_job(TrainingJobName=job.rpartition("/")[2])
    return bool(found["SecondaryStatus"] == "Training")
