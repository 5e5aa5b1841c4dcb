"""Executions that fail or are stopped: each says why, somebody hears of it, and what served before goes on serving."""

from __future__ import annotations

import time

import pytest

from estates import NAME, Estate
from executions import (
    BUCKET,
    Json,
    alert,
    ask,
    changed,
    folders,
    held_out,
    start,
    steps,
    wait,
    with_preprocess,
    with_training,
    workers,
)

pytestmark = pytest.mark.timeout(600)

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
