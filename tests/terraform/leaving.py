"""An endpoint that served a moment ago and a training job that runs, and what the job sweeper logs when all goes."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from sagekeep.local.faults import Fault
from tests.terraform.estates import NAME, Estate
from tests.terraform.executions import BUCKET, run, start

GROUP = "/aws/lambda/acme-ml-job-sweeper"
# Longer than terraform takes from the pipeline's deletion to the role's policy, shorter than anybody's patience.
LINGER_SECONDS = 45.0
_ENDLESS = "import time; print('begun', flush=True); time.sleep(600)"


def serve_and_train(estate: Estate, s3: Any) -> str:
    """Runs the pipeline until its endpoint serves, and starts a run whose training does not end; the job's name.

    `s3` is the client of somebody who may write below code/.
    """
    run(estate)
    sagemaker = estate.client("sagemaker")
    assert sagemaker.describe_endpoint(EndpointName=NAME)["EndpointStatus"] == "InService"
    s3.put_object(Bucket=BUCKET, Key="code/endless/train.py", Body=_ENDLESS.encode())
    definition = json.loads(sagemaker.describe_pipeline(PipelineName=NAME)["PipelineDefinition"])
    steps = {step["Name"]: step for step in definition["Steps"]}
    _, code, _ = steps["Train"]["Arguments"]["InputDataConfig"]
    code["DataSource"]["S3DataSource"]["S3Uri"] = f"s3://{BUCKET}/code/endless/"
    sagemaker.update_pipeline(PipelineName=NAME, PipelineDefinition=json.dumps(definition))
    start(estate)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for job in sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]:
            found = sagemaker.describe_training_job(TrainingJobName=job["TrainingJobName"])
            if found["SecondaryStatus"] == "Training":
                return str(job["TrainingJobName"])
        time.sleep(0.2)
    raise AssertionError("no training job has begun to train")


@contextmanager
def listening(estate: Estate) -> Iterator[list[dict[str, Any]]]:
    """The lines of the sweeper's log as they come: the log group goes with the stack."""
    # AWS logs as it goes; here Lambda's lines come when a call is over, and then terraform deletes the group.
    estate.instance.inject(Fault("logs:DeleteLogGroup", times=2, resource=f"*:{GROUP}:*"))
    seen: dict[str, dict[str, Any]] = {}
    lines: list[dict[str, Any]] = []
    over, logs = threading.Event(), estate.client("logs")

    def listen() -> None:
        while not over.wait(0.2):
            try:
                events = logs.filter_log_events(logGroupName=GROUP)["events"]
            except ClientError:
                continue  # not there any more
            for event in events:
                text = event["message"].strip()
                if text.startswith("{") and text not in seen:
                    seen[text] = json.loads(text)
                    lines.append(seen[text])

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield lines
    finally:
        over.set()
        thread.join()
        estate.instance.clear_faults()
