"""Ways to ask a served model, for bench/endpoint.py: each starts what it needs and stops it."""

from __future__ import annotations

import http.client
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local_account import BUCKET, NAME, account, client, make_role

from sagekeep.local.instance import Instance

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv-ml" / "bin" / "python"
SERVING = ROOT / "sagekeep" / "local" / "jobs" / "container" / "serving.py"
# One worker, as the pipeline sets it: a model in memory once.
ENVIRONMENT = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_MODEL_SERVER_WORKERS": "1"}
HEADERS = {"Content-Type": "text/csv; header=absent", "Accept": "application/json"}
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/autogluon-inference:1.5.0-cpu-py312-ubuntu22.04"

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
    with account(folder) as running:
        deploy(running, packed)

        def connect() -> Send:
            runtime = client(running, "sagemaker-runtime")

            def send(body: bytes) -> None:
                runtime.invoke_endpoint(
                    EndpointName=NAME, Body=body, ContentType=HEADERS["Content-Type"], Accept=HEADERS["Accept"]
                )["Body"].read()

            return send

        yield connect


def deploy(running: Instance, packed: Path) -> None:
    """The model behind an endpoint that answers."""
    sagemaker = client(running, "sagemaker")
    client(running, "s3").put_object(Bucket=BUCKET, Key="model.tar.gz", Body=packed.read_bytes())
    role = make_role(running, "s3:GetObject")
    container = {"Image": IMAGE, "ModelDataUrl": f"s3://{BUCKET}/model.tar.gz", "Environment": ENVIRONMENT}
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
