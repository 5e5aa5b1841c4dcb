"""An embedded AWS for a bench: an empty account, a bucket, a role that SageMaker takes, clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from sagekeep.local import instance
from sagekeep.local.instance import Instance

ACCOUNT, REGION, NAME = "123456789012", "us-east-1", "bench"
BUCKET = f"{NAME}-{ACCOUNT}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


@contextmanager
def account(folder: Path) -> Iterator[Instance]:
    """The account with its bucket; it is stopped and gone afterwards."""
    home = folder / "aws"
    running = instance.up(home, account_id=ACCOUNT, region=REGION)
    try:
        client(running, "s3").create_bucket(Bucket=BUCKET)
        yield running
    finally:
        instance.down(home)


def make_role(running: Instance, *actions: str) -> str:
    """ARN of a role that SageMaker may assume, with these actions on everything."""
    iam = client(running, "iam")
    arn: str = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=NAME, PolicyName=NAME, PolicyDocument=document)
    return arn


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
