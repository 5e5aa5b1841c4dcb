"""A boto3 client of a control plane in memory: everything of botocore is real but the network."""

from __future__ import annotations

import io
import json
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from sagekeep.local.sagemaker import AwsError
from tests.local.fake_world import Account


def client_of(account: Account) -> Any:
    """Every operation of the client is answered by the account's control plane."""
    client = boto3.client(
        "sagemaker", region_name="us-east-1", aws_access_key_id="AKIAEXAMPLE", aws_secret_access_key="none"
    )

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        target = request.headers["X-Amz-Target"]
        operation = (target.decode() if isinstance(target, bytes) else target).removeprefix("SageMaker.")
        try:
            status, document = 200, account(operation, **json.loads(request.body))
        except AwsError as error:
            status, document = error.status, {"__type": error.code, "message": error.message}
        body = io.BytesIO(json.dumps(document).encode())
        body.stream = lambda *_: iter([body.read()])  # type: ignore[attr-defined]
        return AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.1"}, body)

    client.meta.events.register("before-send.sagemaker", answer)
    return client
