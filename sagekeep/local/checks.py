"""Permissions that a request needs beside its own action."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, s3

from sagekeep.local import creation
from sagekeep.local.authorization import Check, Context, Extra
from sagekeep.local.request import current
from sagekeep.local.resources import members_of

_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
_ALGORITHM_HEADER = "x-amz-server-side-encryption"


def _objects_keys(action: str, arn: str, _context: Context) -> list[Check]:
    """S3 uses an object's key in the caller's name.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html#require-sse-kms: GetObject needs
    kms:Decrypt, PutObject kms:GenerateDataKey, a multipart upload both. HEAD reads metadata, without the key.
    """
    key = key_of(action, arn)
    if not key:
        return []
    if action != "s3:PutObject":
        return [_key_check("kms:Decrypt", key, arn)]
    upload = ["kms:Decrypt"] if "uploadId" in current().query else []
    return [_key_check(wish, key, arn) for wish in ("kms:GenerateDataKey", *upload)]


def key_of(action: str, arn: str) -> str:
    """The key that an S3 request about an object uses, as it was named; "" when none is needed."""
    bucket, _, name = arn.removeprefix("arn:aws:s3:::").partition("/")
    if action == "s3:PutObject":
        return _key_of_upload(bucket)
    if action in {"s3:GetObject", "s3:GetObjectVersion"} and current().method != "HEAD":
        return _key_of_object(bucket, name)
    return ""


def _key_of_object(bucket: str, name: str) -> str:
    try:
        record = s3._buckets[bucket]["objects"][name]
    except KeyError:
        return ""
    return str(s3._stored_sse_headers(record).get(_KEY_HEADER, ""))


def _key_of_upload(bucket: str) -> str:
    """The key that S3 takes: the request's, or the bucket's default; "" when neither is KMS.

    The AWS-managed key, which S3 takes when none is named, lets everybody in the account use it through S3.
    """
    headers = current().headers
    defaults = s3._bucket_default_sse_headers(bucket)
    algorithm = headers.get(_ALGORITHM_HEADER) or defaults.get(_ALGORITHM_HEADER, "")
    if not str(algorithm).startswith("aws:kms"):
        return ""
    return str(headers.get(_KEY_HEADER) or defaults.get(_KEY_HEADER) or "")


def _key_check(action: str, key: str, object_arn: str) -> Check:
    record = kms._resolve_key(key)
    arn = str(record["Arn"]) if record else _arn_of(key)
    context: dict[str, Any] = {
        "kms:ViaService": f"s3.{get_region()}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
        "kms:EncryptionContext:aws:s3:arn": object_arn,
        "kms:EncryptionContextKeys": ["aws:s3:arn"],
    }
    return action, "kms", arn, context


def _arn_of(key: str) -> str:
    if key.startswith("arn:"):
        return key
    resource = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:aws:kms:{get_region()}:{get_account_id()}:{resource}"


# Requests that hand a role to a service: (parameter, the service that takes it).
_PASSES = {
    "lambda:CreateFunction": ("Role", "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": ("Role", "lambda.amazonaws.com"),
    "ec2:CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    "events:PutRule": ("RoleArn", "events.amazonaws.com"),
}


def _passed_roles(action: str, arn: str, _context: Context) -> list[Check]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html."""
    members = members_of(current().body, current().query)
    if action == "events:PutTargets":
        roles = [target["RoleArn"] for target in members.get("Targets", []) if target.get("RoleArn")]
        service = "events.amazonaws.com"
    elif action in _PASSES:
        name, service = _PASSES[action]
        roles = [members[name]] if members.get(name) else []
    else:
        return []
    keys = {"iam:PassedToService": service, "iam:AssociatedResourceArn": arn}
    return [("iam:PassRole", "iam", str(role), keys) for role in roles]


def _tags_of_upload(action: str, arn: str, _context: Context) -> list[Check]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html."""
    header = str(current().headers.get("x-amz-tagging", ""))
    if action != "s3:PutObject" or not header:
        return []
    tags = dict(parse_qsl(header, keep_blank_values=True))
    keys: Context = {f"s3:RequestObjectTag/{key}": value for key, value in tags.items()}
    return [("s3:PutObjectTagging", "s3", arn, {**keys, "s3:RequestObjectTagKeys": list(tags)})]


def _aliased_keys(action: str, _arn: str, _context: Context) -> list[Check]:
    """An alias and the key it names are both checked."""
    if action not in {"kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"}:
        return []
    members = members_of(current().body, current().query)
    record = kms._resolve_key(members.get("TargetKeyId") or members.get("AliasName", ""))
    return [(action, "kms", str(record["Arn"]), {})] if record else []


EXTRA_CHECKS: list[Extra] = [_objects_keys, _tags_of_upload, _passed_roles, _aliased_keys, creation.around]
