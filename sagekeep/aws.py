"""boto3 clients under a given environment; boto3 loads on first use, so that `--help` stays quick."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sagekeep.errors import OperationError

_lock = threading.Lock()


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Within the block this process has exactly these variables; botocore reads proxies and credentials from them."""
    with _lock:
        before = dict(os.environ)
        os.environ.clear()
        os.environ.update(variables)
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def client(service: str, region: str, variables: Mapping[str, str]) -> Any:
    """A client that keeps the proxy and credentials of `variables`.

    Raises:
        OperationError: there are no credentials.
    """
    import boto3  # noqa: PLC0415 - half a second
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    with environment(variables):
        try:
            session = boto3.Session(region_name=region)
            if session.get_credentials() is None:
                raise OperationError(
                    "no AWS credentials were found", hint="log in (`aws sso login`) or set AWS_PROFILE"
                )
            return session.client(service)
        except BotoCoreError as error:
            raise OperationError(f"AWS cannot be reached: {error}") from error


def caller(region: str, variables: Mapping[str, str]) -> str:
    """ARN of whoever has these credentials; for a role's session the role's, where IAM tells it, with its path.

    A session's ARN lacks the role's path (IAM user guide, IAM identifiers). Terraform's aws_iam_session_context asks
    IAM for it as well. Where IAM does not tell, the session's ARN is returned.

    Raises:
        OperationError: the credentials are not valid, or AWS does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        arn = str(client("sts", region, variables).get_caller_identity()["Arn"])
    except ClientError as error:
        raise OperationError(f"AWS does not know these credentials: {error}", hint="log in again") from error
    except BotoCoreError as error:
        raise OperationError(f"AWS cannot be reached: {error}") from error
    if ":assumed-role/" not in arn:
        return arn
    try:
        found = client("iam", region, variables).get_role(RoleName=arn.split("/")[1])
    except (BotoCoreError, ClientError):
        return arn  # whoever may not ask still has a name
    return str(found["Role"]["Arn"])


def bucket_exists(name: str, region: str, variables: Mapping[str, str]) -> bool:
    """True where the bucket exists and is ours to read.

    Raises:
        OperationError: it belongs to somebody else, or AWS does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        client("s3", region, variables).head_bucket(Bucket=name)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 404:
            return False
        hint = "these credentials may not read it, or another account owns the name"
        raise OperationError(f"the state bucket {name} answers {status}", hint=hint) from error
    except BotoCoreError as error:
        raise OperationError(f"AWS cannot be reached: {error}") from error
    return True


def read_object(bucket: str, key: str, region: str, variables: Mapping[str, str]) -> bytes | None:
    """An object's bytes, or None where it does not exist.

    Raises:
        OperationError: AWS refuses or does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        body: bytes = client("s3", region, variables).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise OperationError(f"s3://{bucket}/{key} cannot be read: {error}") from error
    except BotoCoreError as error:
        raise OperationError(f"AWS cannot be reached: {error}") from error
    return body


@dataclass(frozen=True)
class Key:
    """A KMS key; `usable` is False while it waits for its deletion."""

    id: str
    usable: bool


def key_behind(alias: str, region: str, variables: Mapping[str, str]) -> Key | None:
    """The key that an alias points to, or None where the alias does not exist.

    Raises:
        OperationError: AWS refuses or does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        found = client("kms", region, variables).describe_key(KeyId=alias)["KeyMetadata"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NotFoundException":
            return None
        raise OperationError(f"{alias} cannot be read: {error}") from error
    except BotoCoreError as error:
        raise OperationError(f"AWS cannot be reached: {error}") from error
    return Key(found["KeyId"], found["KeyState"] not in ("PendingDeletion", "PendingReplicaDeletion"))


def nameless_key(description: str, tags: Mapping[str, str], region: str, variables: Mapping[str, str]) -> str | None:
    """A usable key with this description and these tags that no alias points to, or None.

    Raises:
        OperationError: AWS refuses or does not answer.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    kms = client("kms", region, variables)
    try:
        named = {alias.get("TargetKeyId") for alias in _pages(kms, "list_aliases", "Aliases")}
        for key in _pages(kms, "list_keys", "Keys"):
            if key["KeyId"] in named:
                continue
            facts = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if facts["KeyState"] != "Enabled" or facts.get("Description") != description:
                continue
            found = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key["KeyId"])["Tags"]}
            if tags.items() <= found.items():
                return str(key["KeyId"])
    except ClientError as error:
        raise OperationError(f"the account's keys cannot be listed: {error}") from error
    except BotoCoreError as error:
        raise OperationError(f"AWS cannot be reached: {error}") from error
    return None


def _pages(service: Any, operation: str, member: str) -> Iterator[Any]:
    for page in service.get_paginator(operation).paginate():
        yield from page.get(member, [])
