"""What AWS also asks of whoever makes a thing: about the things that it is made in, and about its tags.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html (resource types of each action),
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html (tags at creation); for other
services the actions' dependent actions in the same reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2

from sagekeep.local.request import Request, current

if TYPE_CHECKING:
    from sagekeep.local.authorization import Check, Context

# EC2's actions that make something: its kind, and the parameters that name what it is made in.
MAKES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "CreateFlowLogs": ("vpc-flow-log", ("ResourceId",)),
    "CreateRouteTable": ("route-table", ("VpcId",)),
    "CreateSecurityGroup": ("security-group", ("VpcId",)),
    "CreateSubnet": ("subnet", ("VpcId",)),
    "CreateVpc": ("vpc", ()),
    "CreateVpcEndpoint": ("vpc-endpoint", ("VpcId", "RouteTableId", "SecurityGroupId", "SubnetId")),
}
# Actions that may make rules with tags of their own; what they are about is the group.
_RULES = ("AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress")
# EC2's actions that change or take away: the parameters that name what they are about.
_TOUCHES: Mapping[str, tuple[str, ...]] = {
    "AssociateRouteTable": ("RouteTableId", "SubnetId"),
    "DeleteFlowLogs": ("FlowLogId",),
    "DeleteNetworkInterface": ("NetworkInterfaceId",),
    "DetachNetworkInterface": ("AttachmentId",),
    "DeleteVpcEndpoints": ("VpcEndpointId",),
    "DisassociateRouteTable": ("AssociationId",),
    "ModifyVpcEndpoint": (
        "VpcEndpointId", "AddRouteTableId", "RemoveRouteTableId", "AddSubnetId", "RemoveSubnetId",
        "AddSecurityGroupId", "RemoveSecurityGroupId",
    ),
}  # fmt: skip
_KINDS = {
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "rtb": "route-table",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "subnet": "subnet",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
# Actions of other services that take tags -> the action that gives them.
_TAGGING = {
    "cloudwatch:PutMetricAlarm": "cloudwatch:TagResource",
    "events:PutRule": "events:TagResource",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "kms:CreateKey": "kms:TagResource",
    "lambda:CreateFunction": "lambda:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "sns:CreateTopic": "sns:TagResource",
    "sqs:CreateQueue": "sqs:TagQueue",
}
_TAG = re.compile(r"TagSpecification\.\d+\.Tag\.\d+\.Key")


def ec2_resource(action: str, members: Mapping[str, Any]) -> str | None:
    """The ARN that a call of EC2 is about in the first place; None where this module does not know."""
    if action in MAKES:
        return _arn(MAKES[action][0], "*")
    if action in _TOUCHES:
        # The attachment of an interface that somebody has just deleted names none any more.
        gone = _arn("network-interface", "*") if action == "DetachNetworkInterface" else None
        return next(iter(_named(members, _TOUCHES[action])), gone)
    return next(iter(_named(members, ("ResourceId",))), None) if action in ("CreateTags", "DeleteTags") else None


def request_tags(request: Request) -> dict[str, Any]:
    """The condition keys of the tags that a call of EC2 gives to what it makes."""
    members = _first(request.query)
    tags = {str(members[name]): members.get(f"{name[:-4]}.Value", "") for name in members if _TAG.fullmatch(name)}
    if not tags:
        return {}
    return {**{f"aws:RequestTag/{key}": value for key, value in tags.items()}, "aws:TagKeys": list(tags)}


def resource_tags(arn: str) -> dict[str, Any]:
    """The condition keys of the tags that something of EC2 has."""
    tags = ec2._tags.get(arn.rpartition("/")[2]) or ()
    return {f"{start}:ResourceTag/{tag['Key']}": tag["Value"] for tag in tags for start in ("ec2", "aws")}


def around(action: str, arn: str, context: Context) -> list[Check]:
    """The further questions about a call that makes or changes something."""
    service, _, name = action.partition(":")
    if service == "ec2":
        return list(_around_ec2(name, arn))
    tags = {key: value for key, value in context.items() if key.lower().startswith(("aws:requesttag/", "aws:tagkeys"))}
    # CloudWatch Logs' requests without tags have aws:TagKeys, with nothing in it.
    if action not in _TAGGING or not any(key.lower().startswith("aws:requesttag/") for key in tags):
        return []
    new = f"arn:aws:kms:{get_region()}:{get_account_id()}:key/*" if service == "kms" else arn
    return [(_TAGGING[action], "monitoring" if service == "cloudwatch" else service, new, tags)]


def _around_ec2(name: str, arn: str) -> Iterator[Check]:
    request = current()
    parents = MAKES[name][1] if name in MAKES else _TOUCHES.get(name, ())
    for other in _named(_first(request.query), parents):
        if other != arn:
            yield f"ec2:{name}", "ec2", other, resource_tags(other)
    if name == "DetachNetworkInterface":  # what it is attached to; Lambda's own instances are not in the account
        yield f"ec2:{name}", "ec2", _arn("instance", "*"), {}
    tags = request_tags(request)
    if tags and (name in MAKES or name in _RULES):
        kind = MAKES[name][0] if name in MAKES else "security-group-rule"
        yield "ec2:CreateTags", "ec2", _arn(kind, "*"), {**tags, "ec2:CreateAction": name}


def _named(members: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    """The ARNs of what the parameters name, those of lists too."""
    for name in names:
        for key, value in sorted(members.items()):
            if key == name or re.fullmatch(rf"{name}\.\d+", key):
                for found in _joined_by(str(value)) or (str(value),):
                    kind = _KINDS.get(found.partition("-")[0])
                    if kind:
                        yield _arn(kind, found)


def _joined_by(joint: str) -> tuple[str, ...]:
    """The route table and the subnet of an association, the interface of an attachment; empty for other ids."""
    for table in ec2._route_tables.values() if joint.startswith("rtbassoc-") else ():
        for association in table["Associations"]:
            if association["RouteTableAssociationId"] == joint:
                return association["RouteTableId"], association.get("SubnetId") or ""
    for interface_id, interface in ec2._network_interfaces.items() if "-attach-" in joint else ():
        if (interface.get("Attachment") or {}).get("AttachmentId") == joint:
            return (interface_id,)
    return ()


def _first(query: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value[0] if isinstance(value, list) and value else value for name, value in query.items()}


def _arn(kind: str, name: str) -> str:
    return f"arn:aws:ec2:{get_region()}:{get_account_id()}:{kind}/{name}"
