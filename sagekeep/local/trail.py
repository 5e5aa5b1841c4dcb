"""The account's trail: an event on the default bus for each call that changed something, and for each denied one.

Record contents: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
Left out: calls that failed otherwise, calls of data (a trail has those only where it is told to), and the way in which
newer EC2 calls nest their parameters. Nothing is made while no rule listens.
"""

from __future__ import annotations

import datetime
import json
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import eventbridge, iam

from sagekeep.local.resources import members_of
from sagekeep.local.sagemaker_api import is_sagemaker

if TYPE_CHECKING:
    from sagekeep.local.gateway import Call, Operation

log = logging.getLogger("sagekeep.trail")

KIND = "AWS API Call via CloudTrail"
_READS = ("Describe", "Get", "Head", "List", "Lookup", "Query", "Search", "Test", "Filter", "AssumeRole")
_KMS_READS = ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncrypt")
# Calls of data, and calls that no trail has.
_DATA = re.compile(
    r"s3:(?!.*Bucket|PutEncryption|PutLifecycle|PutReplication).*|s3:ListBucket.*"
    r"|sqs:(Send|Receive|Delete|Change)Message.*"
    r"|sns:Publish.*|logs:PutLogEvents|lambda:Invoke.*|events:PutEvents|cloudwatch:PutMetricData|sagemaker:Invoke.*"
    r"|xray:.*|[a-z0-9-]+:Unknown"
)
_DENIED = re.compile(r"AccessDenied\w*|AuthorizationError\w*|UnauthorizedOperation")
_CODE = re.compile(rb'<Code>([^<]+)</Code>|"(?:__type|code|Code)"\s*:\s*"(?:[^"#]*#)?([^"]+)"')
# S3's IAM actions that CloudTrail calls otherwise; what DELETE does is called Delete.
_S3_CALLS = {"PutEncryptionConfiguration": "PutBucketEncryption", "PutLifecycleConfiguration": "PutBucketLifecycle"}


class Trail:
    """Tells the default bus of calls. `operation_of` says what a call asks of AWS."""

    def __init__(self, operation_of: Callable[[Call], Operation]) -> None:
        self._operation_of = operation_of

    def record(self, call: Call, status: int, body: bytes) -> None:
        """Tell of one call by its answer: the status, and the beginning of the body where it is an error."""
        if not any("CloudTrail" in (rule.get("EventPattern") or "") for rule in eventbridge._rules.values()):
            return
        try:
            self._record(call, status, body)
        except Exception:  # the caller has his answer, whatever becomes of its record
            log.exception("recording %s %s", call.method, call.path)

    def _record(self, call: Call, status: int, body: bytes) -> None:
        code = _code(body) if status >= 400 else ""
        service, action, resource = self._asked(call)
        name = _event_name(service, action.partition(":")[2], call.method)
        reads = name.startswith(_READS) or (service == "kms" and name.startswith(_KMS_READS))
        denied = _DENIED.search(code) is not None
        if _DATA.fullmatch(action) or (code and not denied) or (reads and not denied):
            return
        error = {"errorCode": f"Client.{code}" if service == "ec2" else code} if denied else {}
        parameters = _parameters(call, service, resource)
        self._put(service, {"eventName": name, "readOnly": reads, **error, **parameters, **_origin(call)})

    def _asked(self, call: Call) -> tuple[str, str, str]:
        if is_sagemaker(call.headers):
            return "sagemaker", f"sagemaker:{call.headers['x-amz-target'].partition('.')[2]}", ""
        operation = self._operation_of(call)
        return operation.service, operation.action, operation.resource

    def _put(self, service: str, record: Mapping[str, Any]) -> None:
        now = datetime.datetime.now(datetime.UTC)
        detail = {
            "eventVersion": "1.11",
            "eventTime": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "eventSource": f"{service}.amazonaws.com",
            "awsRegion": get_region(),
            "eventID": str(uuid.uuid4()),
            "eventType": "AwsApiCall",
            "eventCategory": "Management",
            "managementEvent": True,
            "recipientAccountId": get_account_id(),
            **record,
        }
        entry = {"Source": f"aws.{service}", "DetailType": KIND, "Detail": json.dumps(detail, default=str)}
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _code(body: bytes) -> str:
    found = _CODE.search(body)
    return (found[1] or found[2]).decode(errors="replace") if found else "Unknown"


def _event_name(service: str, name: str, method: str) -> str:
    if service != "s3":
        return name
    name = _S3_CALLS.get(name, name)
    return f"Delete{name.removeprefix('Put')}" if method == "DELETE" and name.startswith("Put") else name


def _parameters(call: Call, service: str, resource: str) -> dict[str, Any]:
    if service == "s3":
        bucket = resource.partition(":::")[2].partition("/")[0]
        return {"requestParameters": {"bucketName": bucket}}
    found: dict[str, Any] = {}
    for name, value in members_of(call.body, call.query | _form(call)).items():
        first, numbered, _ = name.partition(".")
        key = first[:1].lower() + first[1:]
        if numbered:
            found.setdefault(key, []).append(value)
        elif name not in ("Action", "Version"):
            found[key] = value
    key_of = {"resources": [{"accountId": get_account_id(), "type": "AWS::KMS::Key", "ARN": resource}]}
    return {"requestParameters": found or None, **(key_of if service == "kms" else {})}


def _form(call: Call) -> dict[str, list[str]]:
    return parse_qs(call.body.decode("utf-8", "replace")) if "form" in call.headers.get("content-type", "") else {}


def _origin(call: Call) -> dict[str, Any]:
    return {
        "userIdentity": _identity(extract_access_key_id(call.headers, call.query)),
        "sourceIPAddress": "127.0.0.1",
        "userAgent": call.headers.get("user-agent", ""),
    }


def _identity(access_key_id: str) -> dict[str, Any]:
    """Who called: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html."""
    found = evaluator.resolve_credential(access_key_id) if access_key_id else None
    if found is None or isinstance(found, evaluator.CredentialResolutionError):
        return {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    kinds = {"User": "IAMUser"}
    identity = {
        "type": kinds.get(found.principal_type, found.principal_type),
        "principalId": found.principal_id,
        "arn": found.principal_arn,
        "accountId": found.account_id,
        "accessKeyId": access_key_id,
    }
    if found.principal_type != "AssumedRole":
        return identity
    name = found.principal_arn.split("/")[1]
    role = iam._roles.get(name)
    issuer = {
        "type": "Role",
        "principalId": role["RoleId"] if role else "",
        "arn": role["Arn"] if role else "",
        "accountId": found.account_id,
        "userName": name,
    }
    return {**identity, "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}}}
