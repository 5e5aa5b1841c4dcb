"""What the runner of the embedded AWS costs: a processing job's time less its script's own.

    .venv/bin/python bench/jobs.py [--runs N]

Each job downloads a script and a small file, runs, and uploads a file; its time is from CreateProcessingJob to the end
that DescribeProcessingJob reports, the script's own from its first line to its last.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from local_account import BUCKET, account, client, make_role

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0"
SCRIPT = b"""
import pathlib, time
began = time.time()
rows = pathlib.Path("/opt/ml/processing/input/data/rows.csv").read_text()
pathlib.Path("/opt/ml/processing/output/made/rows.csv").write_text(rows)
print(f"own {time.time() - began:.6f}")
"""


def request(name: str, role: str) -> dict[str, Any]:
    """CreateProcessingJob with the script and its data as inputs."""

    def place(kind: str) -> dict[str, str]:
        return {"S3Uri": f"s3://{BUCKET}/{kind}/", "S3DataType": "S3Prefix", "S3InputMode": "File"}

    inputs = [
        {"InputName": kind, "S3Input": {**place(kind), "LocalPath": f"/opt/ml/processing/input/{kind}"}}
        for kind in ("code", "data")
    ]
    made = {"S3Uri": f"s3://{BUCKET}/made/{name}", "LocalPath": "/opt/ml/processing/output/made"}
    return {
        "ProcessingJobName": name,
        "RoleArn": role,
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/copy.py"],
        },
        "ProcessingInputs": inputs,
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "made", "S3Output": {**made, "S3UploadMode": "EndOfJob"}}]
        },
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        "NetworkConfig": {"EnableNetworkIsolation": True},
    }


def measure(running: Any, role: str, name: str) -> float:
    """Seconds that one job took beside its script."""
    sagemaker, logs = client(running, "sagemaker"), client(running, "logs")
    began = time.time()
    sagemaker.create_processing_job(**request(name, role))
    while (job := sagemaker.describe_processing_job(ProcessingJobName=name))["ProcessingJobStatus"] == "InProgress":
        time.sleep(0.02)
    took = time.time() - began
    assert job["ProcessingJobStatus"] == "Completed", job
    group = "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=name)["logStreams"]
    events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    own = next(event["message"] for event in events if event["message"].startswith("own "))
    return took - float(own.split()[1])


def main() -> int:
    """Prints median, least and most."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, account(Path(folder)) as running:
        s3 = client(running, "s3")
        s3.put_object(Bucket=BUCKET, Key="code/copy.py", Body=SCRIPT)
        s3.put_object(Bucket=BUCKET, Key="data/rows.csv", Body=b"a,b\n1,2\n")
        role = make_role(running, "s3:*", "logs:*")
        measure(running, role, "warm-up")
        seconds = [measure(running, role, f"job-{number}") for number in range(options.runs)]
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f}; seconds beside the script's own time, {options.runs} jobs")
    print(f"median {statistics.median(seconds):.2f}  least {min(seconds):.2f}  most {max(seconds):.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
