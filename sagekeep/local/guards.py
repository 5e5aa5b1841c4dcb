"""What a service refuses after the caller was found allowed: checks that AWS makes and ministack does not."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core import iam_actions
from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, ec2, eventbridge, iam, kms, lambda_svc, s3, sns, sqs, ssm

from sagekeep.local import checks, delegates, oversize, resource_policies
from sagekeep.local.request import Request, current
from sagekeep.local.resource_policies import Refusal
from sagekeep.local.resources import members_of

Guard = Callable[[Request, Mapping[str, Any]], Refusal | None]

_MODULES: dict[str, Any] = {
    "ec2": ec2,
    "events": eventbridge,
    "iam": iam,
    "kms": kms,
    "lambda": lambda_svc,
    "logs": cloudwatch_logs,
    "s3": s3,
    "sns": sns,
    "sqs": sqs,
    "ssm": ssm,
}
_BAD_PARAMETER = "InvalidParameterValueException"


def install() -> None:
    """Put the guards in front of the services' handlers; they run once IAM has allowed the request."""
    for service, module in _MODULES.items():
        plain = vars(module)["handle_request"]
        vars(module)["handle_request"] = _guarded(service, plain)


def _guarded(service: str, plain: Callable[..., Any]) -> Callable[..., Any]:
    async def handle(method: str, path: str, headers: Any, body: bytes, query: Any, **options: Any) -> Any:
        refused = _refusal(current())
        if refused is None:
            return await plain(method, path, headers, body, query, **options)
        _, answer_headers, answer = iam_actions.access_denied_response(
            service, "", "", str(uuid.uuid4()), error_code=refused.code, message=refused.message, headers=headers
        )
        return 400, answer_headers, answer

    return handle


def _refusal(request: Request) -> Refusal | None:
    members = members_of(request.body, request.query)
    named = resource_policies.refusal(request.action, request.body, get_account_id())
    refused = named or oversize.refusal(request, members)
    if refused is not None or request.action not in _GUARDS:
        return refused
    return _GUARDS[request.action](request, members)


def _key_of_group(request: Request, members: Mapping[str, Any]) -> Refusal | None:
    """The key must let Logs: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html."""
    key = members.get("kmsKeyId")
    if not key:
        return None
    group = request.resource.partition(":log-stream:")[0]
    service = f"logs.{get_region()}.amazonaws.com"
    if delegates.service_may_encrypt(service, key, {"kms:EncryptionContext:aws:logs:arn": group}):
        return None
    text = f"The specified KMS key does not exist or is not allowed to be used with Arn '{group}'"
    return Refusal("InvalidParameterException", text)


def _key_of_object(request: Request, _members: Mapping[str, Any]) -> Refusal | None:
    """S3 cannot use a key that is disabled, going or gone; codes as KMS's, with its name before them."""
    key = checks.key_of(request.action, request.resource)
    if not key:
        return None
    record = kms._resolve_key(key)
    if record is None:
        return Refusal("KMS.NotFoundException", f"Key '{key}' does not exist")
    known = {
        "Disabled": Refusal("KMS.DisabledException", f"{record['Arn']} is disabled."),
        "PendingDeletion": Refusal("KMS.KMSInvalidStateException", f"{record['Arn']} is pending deletion."),
    }
    return known.get(record["KeyState"])


def _lock_out(_request: Request, members: Mapping[str, Any]) -> Refusal | None:
    """https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html: nobody locks himself out."""
    if members.get("BypassPolicyLockoutSafetyCheck") or not members.get("Policy"):
        return None
    context = evaluator.EvalContext(
        principal_arn=evaluator.caller_arn(),
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action="kms:PutKeyPolicy",
        resource_arn="*",
        region=get_region(),
    )
    if evaluator.evaluate_resource_policy(members["Policy"], context).decision == "Allow":
        return None
    text = "The new key policy will not allow you to update the key policy in the future."
    return Refusal("MalformedPolicyDocumentException", text)


def _function(request: Request, members: Mapping[str, Any]) -> Refusal | None:
    """A function's role and network, checked as Lambda does before it makes or changes a function."""
    return next(_faults_of_function(request, members), None)


def _faults_of_function(request: Request, members: Mapping[str, Any]) -> Iterator[Refusal]:
    role = members.get("Role") or _role_of(request.resource)
    if members.get("Role") and not delegates.role_trusts(role, "lambda.amazonaws.com", request.resource):
        yield Refusal(_BAD_PARAMETER, "The role defined for the function cannot be assumed by Lambda.")
    network = members.get("VpcConfig") or {}
    for subnet in network.get("SubnetIds") or ():
        if subnet not in ec2._subnets:
            code = "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound"
            yield Refusal(_BAD_PARAMETER, f"{code}. EC2 Error Message: The subnet ID '{subnet}' does not exist")
    for group in network.get("SecurityGroupIds") or ():
        if group not in ec2._security_groups:
            code = "Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound"
            yield Refusal(_BAD_PARAMETER, f"{code}. EC2 Error Message: The security group '{group}' does not exist")
    if network.get("SubnetIds"):
        for action in ("CreateNetworkInterface", "DescribeNetworkInterfaces", "DeleteNetworkInterface"):
            if not delegates.role_may(role, "awslambda", f"ec2:{action}", "*"):
                text = f"The provided execution role does not have permissions to call {action} on EC2"
                yield Refusal(_BAD_PARAMETER, text)


def _role_of(function_arn: str) -> str:
    record = lambda_svc._functions.get(function_arn.split(":")[6]) if function_arn.count(":") > 5 else None
    return str(record["config"]["Role"]) if record else ""


_GUARDS: dict[str, Guard] = {
    "kms:CreateKey": _lock_out,
    "kms:PutKeyPolicy": _lock_out,
    "lambda:CreateFunction": _function,
    "lambda:UpdateFunctionConfiguration": _function,
    "logs:AssociateKmsKey": _key_of_group,
    "logs:CreateLogGroup": _key_of_group,
    "s3:GetObject": _key_of_object,
    "s3:GetObjectVersion": _key_of_object,
    "s3:PutObject": _key_of_object,
}
