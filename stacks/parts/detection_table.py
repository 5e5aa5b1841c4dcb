"""What is watched: one row for each kind of change that could open the environment or blind it.

Where a call names the resource in a way that CloudTrail documents, the row is narrowed to ours. Newer EC2 calls nest
their parameters under the name of the request (`DeleteVpcEndpointsRequest.VpcEndpointId.content`), which no page
documents: rows of such calls watch the whole region, because a narrow pattern that is wrong would be silent.

Names of calls: CloudTrail's `eventName`, https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference.html
and the page that each row names. Numbers: CIS AWS Foundations Benchmark 7.0, section 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep import names
from sagekeep.settings import Settings

API_CALL = "AWS API Call via CloudTrail"
# The user guide writes the second, events have the first.
SIGN_IN = ("AWS Console Sign In via CloudTrail", "AWS Console Signin via CloudTrail")
Detail = dict[str, Any]
ABSENT = [{"exists": False}]


@dataclass(frozen=True)
class Ours:
    """What patterns are narrowed to; ids are references that Terraform resolves."""

    settings: Settings
    key_arns: Sequence[str] = ()
    vpc_id: str = ""
    security_group_ids: Sequence[str] = ()
    subnet_ids: Sequence[str] = ()
    route_table_ids: Sequence[str] = ()

    @property
    def prefix(self) -> str:
        """How the names of all of our resources begin."""
        return names.name(self.settings, "")

    @property
    def buckets(self) -> list[str]:
        """Names of our buckets; those of the state only where it lies in S3."""
        s = self.settings
        kept = names.buckets(s)
        return [names.bucket(s, p) for p in kept if s.state.backend == "s3" or not p.startswith("state")]

    @property
    def log_groups(self) -> list[str]:
        """How the names of our log groups begin."""
        s = self.settings
        return [*names.log_group_starts(s), "/aws/sagemaker/"]


Narrow = Callable[[Ours], list[Detail]]  # alternatives, one of which the event's detail must match


def request(**members: Sequence[Any]) -> list[Detail]:
    """One alternative for each parameter of the request."""
    return [{"requestParameters": {name: list(values)}} for name, values in members.items()]


def _anything(_: Ours) -> list[Detail]:
    return []


def _roles(ours: Ours) -> list[Detail]:
    s = ours.settings
    policies = {"wildcard": f"arn:{s.partition}:iam::{s.account_id}:policy/*{ours.prefix}*"}
    return request(roleName=[{"prefix": ours.prefix}], policyArn=[policies])


def keys(ours: Ours) -> list[Detail]:
    """KMS names the key's ARN beside the request, which may name it by id (KMS developer guide, CloudTrail entries)."""
    return [{"resources": {"ARN": list(ours.key_arns)}}]


def _grants(ours: Ours) -> list[Detail]:
    """Grants that a service makes for volumes and functions are daily work: those say who invoked them."""
    return [{**alternative, "userIdentity": {"invokedBy": ABSENT}} for alternative in keys(ours)]


def buckets(ours: Ours) -> list[Detail]:
    """Our buckets by name."""
    return request(bucketName=ours.buckets)


def _security_groups(ours: Ours) -> list[Detail]:
    return request(groupId=ours.security_group_ids, vpcId=[ours.vpc_id])


def _network(ours: Ours) -> list[Detail]:
    vpc = [ours.vpc_id]
    return request(vpcId=vpc, peerVpcId=vpc, routeTableId=ours.route_table_ids, subnetId=ours.subnet_ids)


def _log_groups(ours: Ours) -> list[Detail]:
    return request(logGroupName=[{"prefix": start} for start in ours.log_groups])


def _alerts(ours: Ours) -> list[Detail]:
    s, start = ours.settings, [{"prefix": ours.prefix}]
    topic, queue = names.arn(s, "sns", ours.prefix), f"*/{s.account_id}/{ours.prefix}*"
    return request(
        name=start,
        rule=start,
        alarmName=start,
        alarmNames=start,
        topicArn=[{"prefix": topic}],
        subscriptionArn=[{"prefix": topic}],
        queueUrl=[{"wildcard": queue}],
    )


@dataclass(frozen=True)
class Watch:
    """A kind of change.

    Attributes:
        name: part of the rule's name. `says`: the sentence that people read.
        services: whose calls, as in `kms`; their `eventSource` is `kms.amazonaws.com`.
        calls: names of calls, or patterns of them. `on`: narrows them to our resources.
        source: where the calls and their shape are written down. `cis`: item of the benchmark, "" for none.
        global_service: its events are seen in one region only (see HOME_REGIONS).
        everyone: also what the deploy roles do.
    """

    name: str
    says: str
    services: tuple[str, ...]
    calls: tuple[Any, ...]
    source: str
    on: Narrow = _anything
    cis: str = ""
    global_service: bool = False
    everyone: bool = False


# Where IAM's events and the root user's sign-in are heard, by partition (CloudTrail user guide, global service events).
HOME_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

WATCHES = (
    Watch(
        "role-policies",
        "A role of the environment, or a policy of its own, was changed",
        ("iam",),
        (
            "AttachRolePolicy", "CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "DeleteRole",
            "DeleteRolePermissionsBoundary", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary",
            "PutRolePolicy", "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy",
        ),
        "IAM user guide, logging calls with CloudTrail",
        on=_roles,
        cis="5.4",
        global_service=True,
    ),
    Watch(
        "keys",
        "A key of the environment was changed, disabled or given up",
        ("kms",),
        ("DeleteAlias", "DisableKey", "DisableKeyRotation", "PutKeyPolicy", "ScheduleKeyDeletion", "UpdateAlias"),
        "KMS developer guide, CloudTrail log entries",
        on=keys,
        cis="5.7",
    ),
    Watch(
        "grants",
        "Somebody, not a service, made or revoked a grant on a key of the environment",
        ("kms",),
        ("CreateGrant", "RevokeGrant"),
        "KMS developer guide, CloudTrail log entries",
        on=_grants,
    ),
    Watch(
        "buckets",
        "The configuration of a bucket of the environment was changed",
        ("s3",),
        ({"prefix": "DeleteBucket"}, {"prefix": "PutBucket"}),
        "S3 user guide, CloudTrail management events",
        on=buckets,
        cis="5.8",
    ),
    Watch(
        "endpoints",
        "A VPC endpoint was made, changed or deleted in this region",
        ("ec2",),
        ("CreateVpcEndpoint", "DeleteVpcEndpoints", "ModifyVpcEndpoint"),
        "EC2 API reference",
    ),
    Watch(
        "security-groups",
        "A security group of the environment was changed, or another one made in its VPC",
        ("ec2",),
        (
            "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "CreateSecurityGroup",
            "DeleteSecurityGroup", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
        ),
        "EC2 API reference",
        on=_security_groups,
        cis="5.10",
    ),
    Watch(
        "network",
        "The VPC of the environment, its subnets or its routes were changed",
        ("ec2",),
        (
            "AssociateDhcpOptions", "AssociateRouteTable", "AssociateVpcCidrBlock", "AttachInternetGateway",
            "AttachVpnGateway", "CreateRoute", "CreateSubnet", "CreateVpcPeeringConnection", "DeleteRoute",
            "DeleteRouteTable", "DeleteSubnet", "DeleteVpc", "ModifySubnetAttribute", "ModifyVpcAttribute",
            "ReplaceRoute", "ReplaceRouteTableAssociation",
        ),
        "EC2 API reference",
        on=_network,
        cis="5.12, 5.13, 5.14",
    ),
    Watch(
        "network-of-region",
        "A network of this region was changed by a call that does not say whose it is",
        ("ec2",),
        (
            "AcceptVpcPeeringConnection", "CreateEgressOnlyInternetGateway", "CreateNatGateway",
            "CreateNetworkAclEntry", "CreateTransitGatewayVpcAttachment", "DeleteFlowLogs", "DeleteNetworkAclEntry",
            "DisassociateRouteTable", "ModifySecurityGroupRules", "ModifyVpcBlockPublicAccessOptions",
            "ReplaceNetworkAclAssociation", "ReplaceNetworkAclEntry",
        ),
        "EC2 API reference",
        cis="5.10, 5.11, 5.12, 5.13, 5.14",
    ),
    Watch(
        "logs",
        "A log group of the environment was deleted, or keeps less than it should",
        ("logs",),
        (
            "AssociateKmsKey", "DeleteLogGroup", "DeleteLogStream", "DeleteMetricFilter", "DeleteRetentionPolicy",
            "DisassociateKmsKey", "PutMetricFilter", "PutRetentionPolicy",
        ),
        "CloudWatch Logs user guide, logging calls with CloudTrail",
        on=_log_groups,
    ),
    Watch(
        "trails",
        "A trail, without which nothing here is heard of, was stopped, changed or deleted",
        ("cloudtrail",),
        ("DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"),
        "CloudTrail user guide, logging calls of CloudTrail itself",
        cis="5.5",
        everyone=True,
    ),
    Watch(
        "detection",
        "A rule, an alarm, a topic or a queue of the environment's alerts was changed or deleted",
        ("events", "monitoring", "sns", "sqs"),
        (
            "AddPermission", "DeleteAlarms", "DeleteQueue", "DeleteRule", "DeleteTopic", "DisableAlarmActions",
            "DisableRule", "PurgeQueue", "PutMetricAlarm", "PutRule", "PutTargets", "RemovePermission",
            "RemoveTargets", "SetAlarmState", "SetQueueAttributes", "SetTopicAttributes", "Subscribe", "Unsubscribe",
        ),
        "API references of EventBridge, CloudWatch, SNS and SQS",
        on=_alerts,
    ),
)  # fmt: skip


def watches(s: Settings) -> list[Watch]:
    """The rows of this region: a rule elsewhere never sees the events of a global service."""
    return [watch for watch in WATCHES if not watch.global_service or s.region == HOME_REGIONS.get(s.partition)]
