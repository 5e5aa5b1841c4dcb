"""SageMaker Runtime: InvokeEndpoint through the gateway, to a real model server and back."""

from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagekeep.local.faults import Fault
from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, allow, code_of, drop_role, make_role, message_of

NAME = "echo"
ARN = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/{NAME}"
IMAGE = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/autogluon-inference:1.5.0-cpu-py312-ubuntu22.04"
PROGRAM = """
class BaseInferenceToolkitError(Exception):
    status_code, message = 415, "only text/csv"

def model_fn(folder):
    return open(f"{folder}/word").read()

def transform_fn(word, body, content_type, accept):
    if content_type != "text/csv":
        raise BaseInferenceToolkitError()
    if body == "crash":
        raise RuntimeError("no idea")
    return f"{word} {body}".ljust(int(body) if body.isdigit() else 0), "text/plain"
"""
Become = Callable[..., Cloud]


def archive(**files: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def endpoint(running: Instance, admin: Cloud) -> Iterator[str]:
    """An endpoint in service that says a word and what it was sent."""
    bucket = "runtime-tested-models"
    admin("s3").create_bucket(Bucket=bucket)
    admin("s3").put_object(
        Bucket=bucket, Key="model.tar.gz", Body=archive(word="heard", **{"code__inference.py": PROGRAM})
    )
    role = make_role(admin, "runtime-model", "sagemaker.amazonaws.com", allow("s3:*", "logs:*"))
    sagemaker = admin("sagemaker")
    container = {
        "Image": IMAGE,
        "ModelDataUrl": f"s3://{bucket}/model.tar.gz",
        "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
    }
    sagemaker.create_model(
        ModelName=NAME, ExecutionRoleArn=role, PrimaryContainer=container, EnableNetworkIsolation=True
    )
    variant = {"VariantName": "All", "ModelName": NAME, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=NAME, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
    try:
        assert settled(sagemaker)["EndpointStatus"] == "InService"
        yield NAME
    finally:
        sagemaker.delete_endpoint(EndpointName=NAME)
        sagemaker.delete_endpoint_config(EndpointConfigName=NAME)
        sagemaker.delete_model(ModelName=NAME)
        drop_role(admin, "runtime-model")
        admin("s3").delete_object(Bucket=bucket, Key="model.tar.gz")
        admin("s3").delete_bucket(Bucket=bucket)


def settled(sagemaker: Any) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found: dict[str, Any] = sagemaker.describe_endpoint(EndpointName=NAME)
        if found["EndpointStatus"] != "Creating":
            return found
        time.sleep(0.1)
    pytest.fail("still Creating")


def invoke(cloud: Cloud, body: str = "you", name: str = NAME, **more: Any) -> Any:
    return cloud("sagemaker-runtime").invoke_endpoint(
        **{"EndpointName": name, "Body": body.encode(), "ContentType": "text/csv", **more}
    )


def test_body_and_type_come_from_the_container_and_the_variant_is_named(admin: Cloud, endpoint: str) -> None:
    answer = invoke(admin)
    assert answer["Body"].read() == b"heard you"
    assert answer["ContentType"] == "text/plain"
    assert answer["InvokedProductionVariant"] == "All"


def test_a_refusal_of_the_container_is_a_model_error_with_its_status_and_message(admin: Cloud, endpoint: str) -> None:
    with pytest.raises(ClientError) as refused:
        invoke(admin, ContentType="application/json")
    answer = refused.value.response
    assert code_of(refused) == "ModelError"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert answer["OriginalStatusCode"] == 415
    assert answer["OriginalMessage"].startswith("only text/csv")
    assert "/aws/sagemaker/Endpoints/echo" in answer["LogStreamArn"]
    assert 'Received client error (415) from primary with message "only text/csv' in message_of(refused)


def test_an_answer_has_6_mib_as_a_request_has(admin: Cloud, endpoint: str) -> None:
    limit = 6 * 1024 * 1024
    assert len(invoke(admin, str(limit))["Body"].read()) == limit
    with pytest.raises(ClientError, match=f"{limit + 1} bytes, more than {limit}") as refused:
        invoke(admin, str(limit + 1))
    assert code_of(refused) == "ModelError"


def test_an_error_of_the_users_code_is_a_server_error_and_its_traceback_is_in_the_log(
    admin: Cloud, endpoint: str
) -> None:
    with pytest.raises(ClientError, match=r"server error \(500\) from primary with message \"no idea"):
        invoke(admin, "crash")
    logs, group = admin("logs"), "/aws/sagemaker/Endpoints/echo"
    (stream,) = logs.describe_log_streams(logGroupName=group)["logStreams"]
    deadline, lines = time.monotonic() + 10, ""
    while "RuntimeError: no idea" not in lines and time.monotonic() < deadline:
        events = logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
        lines = "\n".join(event["message"] for event in events)
    assert "RuntimeError: no idea" in lines


def test_only_who_may_invoke_this_endpoint_does(become: Become, endpoint: str) -> None:
    assert invoke(become(allow("sagemaker:InvokeEndpoint", on=ARN)))["Body"].read() == b"heard you"
    with pytest.raises(ClientError) as refused:
        invoke(become(allow("sagemaker:InvokeEndpoint", on=f"{ARN}-other")))
    assert code_of(refused) == "AccessDeniedException"
    assert f"not authorized to perform: sagemaker:InvokeEndpoint on resource: {ARN}" in message_of(refused)


@pytest.mark.parametrize(
    ("request_", "code", "said"),
    [
        ({"name": "nobody"}, "ValidationError", "Endpoint nobody of account 123456789012 not found"),
        ({"TargetVariant": "Other"}, "ValidationError", "Other"),
        ({"TargetModel": "m.tar.gz"}, "NotImplemented", "does not model"),
        ({"body": "x" * (6 * 1024 * 1024 + 1)}, "ValidationError", "bytes"),
    ],
)
def test_what_cannot_be_answered_says_why(
    admin: Cloud, endpoint: str, request_: dict[str, str], code: str, said: str
) -> None:
    with pytest.raises(ClientError) as refused:
        invoke(admin, **request_)
    assert code_of(refused) == code
    assert said in message_of(refused)


def test_an_injected_fault_hits_an_invocation(running: Instance, admin: Cloud, endpoint: str) -> None:
    running.inject(Fault("sagemaker:InvokeEndpoint", "ThrottlingException", "Rate exceeded", 400, 1))
    with pytest.raises(ClientError, match="Rate exceeded"):
        invoke(admin)
    assert invoke(admin)["InvokedProductionVariant"] == "All"


def test_a_call_without_credentials_is_refused(running: Instance, endpoint: str) -> None:
    stranger = Cloud({**running.variables(), "AWS_ACCESS_KEY_ID": "ASIAUNKNOWN", "AWS_SECRET_ACCESS_KEY": "x"})
    with pytest.raises(ClientError) as refused:
        invoke(stranger)
    assert code_of(refused) in {"InvalidClientTokenId", "UnrecognizedClientException"}
