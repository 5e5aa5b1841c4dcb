"""Clients of the embedded AWS for tests, and the roles they take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
REGION = "us-east-1"
_SESSION = boto3.Session()  # one for all: it reads the service models once

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/team/deployer"


@dataclass(frozen=True)
class Cloud:
    """Clients of one principal at one place."""

    variables: Mapping[str, str]

    def __call__(self, service: str, **options: Any) -> Any:
        """A boto3 client whose only way leads to the embedded AWS; it never retries."""
        config = Config(
            proxies={"https": self.variables["HTTPS_PROXY"]},
            retries={"total_max_attempts": 1},
            **options,
        )
        return _SESSION.client(
            service,
            region_name=self.variables["AWS_REGION"],
            config=config,
            verify=self.variables["AWS_CA_BUNDLE"],
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=self.variables["AWS_SESSION_TOKEN"],
        )


def make_role(admin: Cloud, name: str, trusted: str, *statements: Mapping[str, Any]) -> str:
    """A role trusting an account root's ARN or a service; its ARN."""
    principal = {"AWS": trusted} if trusted.startswith("arn:") else {"Service": trusted}
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})
    arn: str = admin("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    if statements:
        admin("iam").put_role_policy(RoleName=name, PolicyName="tested", PolicyDocument=document(*statements))
    return arn


def drop_role(admin: Cloud, name: str) -> None:
    with suppress(ClientError):
        admin("iam").delete_role_policy(RoleName=name, PolicyName="tested")
    admin("iam").delete_role(RoleName=name)


def document(*statements: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str | list[str] = "*", **condition: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return {**statement, **({"Condition": condition} if condition else {})}


def code_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def message_of(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Message"])


def key_policy(*more: dict[str, Any]) -> str:
    return document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}, *more)
