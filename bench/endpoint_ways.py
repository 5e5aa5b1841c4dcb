"""Ways to ask a served model, for bench/endpoint.py: each starts what it needs and stops it."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sagekeep.local import instance
from sagekeep.local.instance import Instance

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-ml" / "bin" / "python"
SERVING = ROOT / "sagekeep" / "local" / "jobs" / "container" / "serving.py"
# One worker, as the pipeline sets it: a model in memory once.
ENVIRONMENT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
HEADERS = {"Content-Type": "text/csv; header=absent", "Accept": "application/json"}
ACCOUNT, REGION, NAME = "123456789012", "us-east-1", "bench"
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon-inference:1.5.0-cpu-py312-ubuntu22.04"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}

Send = Callable[[bytes], None]


@contextmanager
def bare_server(folder: Path, _packed: Path) -> Iterator[Callable[[], Send]]:
    """The model server alone, over HTTP; the model lies unpacked in <folder>/served/model."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        port, descriptor = listener.getsockname()[1], listener.fileno()
        environment = {**ENVIRONMENT, "SAGEMAKER_BASE_DIR": str(folder / "served"), "PYTHONDONTWRITEBYTECODE": "1"}
        server = subprocess.Popen(
            [str(PYTHON), str(SERVING), str(descriptor)],
            env=environment,
            pass_fds=[descriptor],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def connect() -> Send:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

        def send(body: bytes) -> None:
            connection.request("POST", "/invocations", body=body, headers=HEADERS)
            answer = connection.getresponse()
            said = answer.read()
            assert answer.status == http.client.OK, said

        return send

    try:
        yield connect
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def embedded_aws(folder: Path, packed: Path) -> Iterator[Callable[[], Send]]:
    """The whole way: boto3 signs, the embedded AWS authenticates, authorises and asks the model server."""
    home = folder / "aws"
    running = instance.up(home, account_id=ACCOUNT, region=REGION)
    try:
        deploy(running, packed)

        def connect() -> Send:
            runtime = client(running, "sagemaker-runtime")

            def send(body: bytes) -> None:
                runtime.invoke_endpoint(
                    EndpointName=NAME, Body=body, ContentType=HEADERS["Content-Type"], Accept=HEADERS["Accept"]
                )["Body"].read()

            return send

        yield connect
    finally:
        instance.down(home)


def deploy(running: Instance, packed: Path) -> None:
    """The model behind an endpoint that answers."""
    bucket = f"{NAME}-{ACCOUNT}"
    s3, iam, sagemaker = (client(running, service) for service in ("s3", "iam", "sagemaker"))
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="model.tar.gz", Body=packed.read_bytes())
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    reading = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [reading]})
    iam.put_role_policy(RoleName=NAME, PolicyName="model", PolicyDocument=document)
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{bucket}/model.tar.gz", "Environment": ENVIRONMENT}
    sagemaker.create_model(
        ModelName=NAME, ExecutionRoleArn=role, PrimaryContainer=container, EnableNetworkIsolation=True
    )
    variant = {"VariantName": "all", "ModelName": NAME, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=NAME, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
    while (state := sagemaker.describe_endpoint(EndpointName=NAME))["EndpointStatus"] == "Creating":
        time.sleep(0.5)
    if state["EndpointStatus"] != "InService":
        raise SystemExit(f"the endpoint is {state['EndpointStatus']}: {state.get('FailureReason', '')}")


def client(running: Instance, service: str) -> Any:
    """A boto3 client of the embedded AWS's administrator, whatever this machine's own AWS settings say."""
    variables = running.variables()
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        verify=variables["AWS_CA_BUNDLE"],
        config=Config(proxies={"https": variables["HTTPS_PROXY"]}, ignore_configured_endpoint_urls=True),
    )
