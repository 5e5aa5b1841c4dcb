"""Functions in a VPC own network interfaces, logs are written with the function's role, keys are for variables only.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions,
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html#monitoring-cloudwatchlogs-prereqs. AWS keeps
a deleted function's interfaces for 20 to 45 minutes; here they go with it, unless somebody has asked for a time: then
they are in use that long, and afterwards there until they are deleted.

A key encrypts a function's variables, and Lambda keeps none where there are none: hashicorp/terraform-provider-aws
issue 6366 and its acceptance test TestAccLambdaFunction_KMSKeyARN_noEnvironmentVariables. Who may not decrypt with the
key is told so in the place of the variables:
https://docs.aws.amazon.com/lambda/latest/api/API_EnvironmentError.html.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import cloudwatch_logs, ec2, lambda_svc

from sagekeep.local import delegates
from sagekeep.local.patches import zones
from sagekeep.local.request import begin, current

_DESCRIPTION = "AWS Lambda VPC ENI-{name}"
_LINGER = [0.0]  # seconds
_LEAVING: dict[str, float] = {}  # interface of a deleted function -> when it is no longer in use


def linger(seconds: float) -> None:
    """How long interfaces of functions that are deleted from now on stay in use."""
    _LINGER[0] = seconds


def settle() -> None:
    """Those whose time is over are in use no longer; EC2 still says what they were attached to."""
    for interface_id in [name for name, at in _LEAVING.items() if time.monotonic() >= at]:
        del _LEAVING[interface_id]
        if interface_id in ec2._network_interfaces:
            ec2._network_interfaces[interface_id]["Status"] = "available"


def apply() -> None:
    """Wrap creation, update, deletion and the writing of logs."""
    plain_create, plain_delete, plain_logs = (
        lambda_svc._create_function,
        lambda_svc._delete_function,
        lambda_svc._emit_lambda_logs,
    )
    plain_update = lambda_svc._update_config

    def create(data: dict[str, Any]) -> Any:
        subnet = zones.lacks("lambda", (data.get("VpcConfig") or {}).get("SubnetIds") or ())
        if subnet:
            message = f"Lambda is not available in the availability zone of the subnet {subnet}."
            return error_response_json("InvalidParameterValueException", message, 400)
        answer = plain_create(_with_a_key_for_variables(data, {}))
        if answer[0] < 300:
            _plug(data["FunctionName"])
        return answer

    def update(name: str, data: dict[str, Any], *rest: Any, **options: Any) -> Any:
        before = lambda_svc._functions[name]["config"] if name in lambda_svc._functions else {}
        answer = plain_update(name, _with_a_key_for_variables(data, before), *rest, **options)
        if answer[0] < 300 and "VpcConfig" in data:
            _unplug(name)
            _plug(name)
        return answer

    def delete(name: str, *rest: Any, **options: Any) -> Any:
        answer = plain_delete(name, *rest, **options)
        if name not in lambda_svc._functions:
            _unplug(name)
        return answer

    def logs(func: dict[str, Any], *rest: Any, **options: Any) -> None:
        if _may_log(func.get("config") or func):
            plain_logs(func, *rest, **options)

    lambda_svc._create_function = create
    lambda_svc._update_config = update
    lambda_svc._delete_function = delete
    lambda_svc._get_function = _shown(lambda_svc._get_function)
    lambda_svc._emit_lambda_logs = logs


def _with_a_key_for_variables(data: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A request that creates or changes a function; it loses its key where the function then has no variables."""
    environment = data.get("Environment", before.get("Environment")) or {}
    return data if environment.get("Variables") else {**data, "KMSKeyArn": ""}


def _shown(plain: Callable[..., Any]) -> Callable[..., Any]:
    def get(name: str, *rest: Any, **options: Any) -> Any:
        answer = plain(name, *rest, **options)
        return _without_secrets(answer) if answer[0] < 300 else answer

    return get


def _without_secrets(answer: Any) -> Any:
    """GetFunction's answer, without the variables where the caller may not decrypt with the function's key."""
    status, headers, body = answer
    found = json.loads(body)
    config = found["Configuration"]
    if not config.get("KMSKeyArn") or _caller_decrypts(config["KMSKeyArn"], config["FunctionArn"]):
        return answer
    error = {"ErrorCode": "AccessDeniedException", "Message": "Lambda was unable to decrypt the environment variables"}
    config["Environment"] = {"Error": error}
    return status, headers, json.dumps(found).encode()


def _caller_decrypts(key: str, function_arn: str) -> bool:
    """Lambda asks for it in the caller's name, from outside the VPC."""
    request = current()
    keys = {
        "kms:ViaService": f"lambda.{get_region()}.amazonaws.com",
        "kms:CallerAccount": get_account_id(),
        "kms:EncryptionContext:aws:lambda:FunctionArn": function_arn,
    }
    begin(replace(request, endpoint=None, several=True))
    try:
        access_key = extract_access_key_id(dict(request.headers), {})
        return evaluator.enforce(access_key, "kms:Decrypt", "kms", get_region(), key, keys) is None
    finally:
        begin(request)


def _plug(name: str) -> None:
    network = lambda_svc._functions[name]["config"].get("VpcConfig") or {}
    for subnet in network.get("SubnetIds") or ():
        before = set(ec2._network_interfaces)
        request = {"SubnetId": subnet, "Description": _DESCRIPTION.format(name=name)}
        groups = network.get("SecurityGroupIds") or ()
        request |= {f"SecurityGroupId.{place}": group for place, group in enumerate(groups, 1)}
        ec2._create_network_interface(request)
        (interface,) = set(ec2._network_interfaces) - before
        attachment = {"AttachmentId": interface.replace("eni-", "ela-attach-"), "DeviceIndex": 1, "Status": "attached"}
        attachment["AttachTime"] = ec2._now_ts()
        ec2._network_interfaces[interface] |= {"Status": "in-use", "InterfaceType": "lambda", "Attachment": attachment}


def _unplug(name: str) -> None:
    description = _DESCRIPTION.format(name=name)
    for interface_id, interface in list(ec2._network_interfaces.items()):
        if interface["Description"] != description or interface_id in _LEAVING:
            continue
        if _LINGER[0]:
            _LEAVING[interface_id] = time.monotonic() + _LINGER[0]
        else:
            del ec2._network_interfaces[interface_id]


def _may_log(config: dict[str, Any]) -> bool:
    name = config["FunctionName"]
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    needed = ["logs:CreateLogStream", "logs:PutLogEvents"]
    if group not in cloudwatch_logs._log_groups:
        needed.append("logs:CreateLogGroup")
    resource = cloudwatch_logs._make_group_arn(group).removesuffix(":*") + ":log-stream:"
    return all(delegates.role_may(config["Role"], name, action, resource) for action in needed)
