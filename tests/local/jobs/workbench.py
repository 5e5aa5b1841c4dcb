"""What tests of the runner work with: a platform, requests for it, and what came of them."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sagekeep.local.jobs.outside import Outside
from sagekeep.local.jobs.platform import LocalPlatform
from sagekeep.local.sagemaker.platform import JOB_OVER, STARTING, Job, JobState, Server, ServerState
from tests.local.gateway_cloud import ACCOUNT, REGION

REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
IMAGE = f"{REGISTRY}/tested:1.0-cpu"
CODE = "/opt/ml/processing/input/code"
OUT = "/opt/ml/processing/output/made"
WAIT_SECONDS = 60


@dataclass
class Bench:
    """A platform, the bucket that its jobs use, what they said, and the sessions that it opened."""

    platform: LocalPlatform
    outside: Outside
    s3: Any
    bucket: str
    role: str
    folder: Path
    logs: dict[tuple[str, str], list[str]]
    sessions: list[dict[str, str]]

    def put(self, key: str, text: str | bytes) -> str:
        """An object; the URL of its folder."""
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=text.encode() if isinstance(text, str) else text)
        return f"s3://{self.bucket}/{key.rpartition('/')[0]}/"

    def get(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read())

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]

    def processing(self, script: str, **members: Any) -> Job:
        """A processing job that runs `script` and uploads OUT to out/<job>/; `members` replace the request's."""
        name = f"job-{uuid.uuid4().hex[:12]}"
        code = self.put(f"code/{name}/main.py", script)
        request: dict[str, Any] = {
            "RoleArn": self.role,
            "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", f"{CODE}/main.py"]},
            "ProcessingInputs": [processing_input("code", code)],
            "ProcessingOutputConfig": {"Outputs": [processing_output(f"s3://{self.bucket}/out/{name}")]},
            "ProcessingResources": {"ClusterConfig": {"InstanceCount": 1}},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "NetworkConfig": {"EnableNetworkIsolation": True},
        }
        return Job("processing", name, f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:processing-job/{name}", request | members)

    def training(self, script: str, hyperparameters: Mapping[str, str] | None = None, **members: Any) -> Job:
        """A training job that the training toolkit starts; artifacts go to models/."""
        name = f"job-{uuid.uuid4().hex[:12]}"
        code = self.put(f"code/{name}/train.py", script)
        toolkit = {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "/opt/ml/input/data/code",
            "sagemaker_toolkit_native_launcher_enabled": "true",
        }
        request: dict[str, Any] = {
            "RoleArn": self.role,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {**toolkit, **(hyperparameters or {})},
            "InputDataConfig": [channel("code", code)],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.bucket}/models/"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "EnableNetworkIsolation": True,
        }
        return Job("training", name, f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/{name}", request | members)

    def run(self, job: Job) -> JobState:
        """Start the job and follow it to its end."""
        self.platform.start_job(job)
        return self.end_of(job)

    def end_of(self, job: Job) -> JobState:
        return self.wait(lambda: self.platform.job(job.arn), lambda state: state.phase in JOB_OVER)

    def said(self, job: Job) -> list[str]:
        """The log of a job, without the runner's own lines."""
        return [line for line in self.log(job.name) if not line.startswith("[local AWS]")]

    def log(self, name: str) -> list[str]:
        return [line for (_, stream), lines in self.logs.items() if stream.startswith(f"{name}/") for line in lines]

    def until_said(self, job: Job, line: str) -> None:
        """Wait for a line of the script."""
        self.wait(lambda: self.said(job), lambda lines: line in lines)

    def wait(self, look: Callable[[], Any], good: Callable[[Any], bool]) -> Any:
        deadline = time.monotonic() + WAIT_SECONDS
        while not good(seen := look()):
            assert time.monotonic() < deadline, f"after {WAIT_SECONDS} s: {seen}; {self.logs}"
            time.sleep(0.02)
        return seen

    def serve(self, model: str, startup_seconds: int = 0, **container: Any) -> Server:
        """Start a server for a model.tar.gz."""
        name = f"endpoint-{uuid.uuid4().hex[:8]}"
        request = {
            "ExecutionRoleArn": self.role,
            "EnableNetworkIsolation": True,
            "PrimaryContainer": {
                "Image": IMAGE,
                "ModelDataUrl": model,
                "Environment": {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"},
                **container,
            },
        }
        server = Server(f"{name}-1", name, "AllTraffic", request, startup_seconds)
        self.platform.start_server(server)
        return server

    def settled(self, server: Server) -> ServerState:
        """The server's state when it is no longer starting."""
        return self.wait(lambda: self.platform.server(server.id), lambda state: state.phase != STARTING)


def processing_input(name: str, url: str) -> dict[str, Any]:
    source = {"S3Uri": url, "LocalPath": f"/opt/ml/processing/input/{name}", "S3DataType": "S3Prefix"}
    return {"InputName": name, "S3Input": {**source, "S3InputMode": "File"}}


def processing_output(url: str, path: str = OUT) -> dict[str, Any]:
    return {"OutputName": "made", "S3Output": {"S3Uri": url, "LocalPath": path, "S3UploadMode": "EndOfJob"}}


def channel(name: str, url: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": url}}}
