"""Condition keys that tell of the resource, the request or the caller's function, which ministack leaves out.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-policy-keys,
https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html,
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from ministack.core import lambda_runtime
from ministack.services import ec2, iam

from sagekeep.local import sessions
from sagekeep.local.creation import request_tags, resource_tags
from sagekeep.local.request import Request, current
from sagekeep.local.resources import members_of

_FUNCTIONS: dict[str, str] = {}  # access key of a function's session -> the function's ARN


def install() -> None:
    """Learn the access keys of functions as ministack gives them out."""
    plain = lambda_runtime.execution_credentials

    def credentials(config: dict[str, Any]) -> dict[str, str]:
        found: dict[str, str] = plain(config)
        _FUNCTIONS[found["AWS_ACCESS_KEY_ID"]] = config["FunctionArn"]
        return found

    lambda_runtime.execution_credentials = credentials


def keys_of(access_key_id: str, resource_arn: str) -> dict[str, Any]:
    """The keys that a request of this caller about this resource has beside those of its service."""
    function = _FUNCTIONS.get(access_key_id)
    caller = {"lambda:SourceFunctionArn": function} if function else {}
    return {
        **sessions.keys_of(access_key_id),
        **caller,
        **_subscription_keys(current()),
        **_metric_keys(current()),
        **_grant_keys(current()),
        **({**_ec2_keys(resource_arn), **request_tags(current())} if resource_arn.startswith("arn:aws:ec2:") else {}),
        **(_boundary_keys(current(), resource_arn) if resource_arn.startswith("arn:aws:iam:") else {}),
    }


_STORES = {
    "network-interface": ec2._network_interfaces,
    "route-table": ec2._route_tables,
    "security-group": ec2._security_groups,
    "subnet": ec2._subnets,
    "vpc-endpoint": ec2._vpc_endpoints,
}


def _ec2_keys(arn: str) -> dict[str, Any]:
    prefix, _, resource = arn.rpartition(":")
    kind, _, resource_id = resource.partition("/")
    record = _STORES.get(kind, {}).get(resource_id)
    keys = resource_tags(arn)
    if record and record.get("VpcId"):
        keys["ec2:Vpc"] = f"{prefix}:vpc/{record['VpcId']}"
        keys["ec2:VpcID"] = record["VpcId"]
    if record and kind == "network-interface":
        keys["ec2:Subnet"] = f"{prefix}:subnet/{record['SubnetId']}"
    return keys


def _subscription_keys(request: Request) -> dict[str, Any]:
    if request.action != "sns:Subscribe":
        return {}
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    return {f"sns:{name}": form[name] for name in ("Protocol", "Endpoint") if name in form}


def _metric_keys(request: Request) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html."""
    if request.action != "cloudwatch:PutMetricData":
        return {}
    return {"cloudwatch:namespace": _namespace(request)}


def _namespace(request: Request) -> str:
    found = members_of(request.body, {**request.query, **dict(parse_qsl(request.body.decode("utf-8", "replace")))})
    return str(found.get("Namespace", ""))


def _grant_keys(request: Request) -> dict[str, Any]:
    """A grant that a client asks for itself is for no service.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource
    """
    return {"kms:GrantIsForAWSResource": "false"} if request.action == "kms:CreateGrant" else {}


def _boundary_keys(request: Request, arn: str) -> dict[str, Any]:
    """The boundary that a role is to have, or has.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
    """
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    role = iam._roles.get(arn.rsplit("/", 1)[-1]) if ":role/" in arn else None
    boundary = form.get("PermissionsBoundary") or (role or {}).get("PermissionsBoundary")
    return {"iam:PermissionsBoundary": boundary} if boundary else {}
