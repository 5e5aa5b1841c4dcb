"""Executions of the deployed pipeline that succeed: the real scripts in their environments, the real roles.

They share the deployed estate with the other tests and leave the pipeline as they found it.
"""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from estates import NAME, ROOT, Estate, client_with
from executions import BUCKET, ask, changed, held_out, run, steps, upload, with_preprocess

STEPS = ["Preprocess", "Train", "CreateModel", "EndpointConfig", "Endpoint"]
pytestmark = pytest.mark.timeout(600)


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
