"""Events as CloudTrail sends them to EventBridge, for each row of the table of what is watched.

Shapes: CloudTrail user guide, "CloudTrail log entries" of each service's own guide; ids are made up.
"""

from __future__ import annotations

from typing import Any

from sagekeep.settings import Settings, parse
from stacks.parts.detection_table import API_CALL, Ours
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION

Event = dict[str, Any]
SETTINGS = parse(
    {"prefix": "told", "account_id": ACCOUNT, "region": REGION, "deploy": {"roles": [DEPLOYER]}}, environment="test"
)
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-86ef-1234567890ab"
OTHER_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0987dcba-09fe-87dc-65ba-ab0987654321"
DATA = f"told-data-{ACCOUNT}-{REGION}"


def ours(settings: Settings = SETTINGS) -> Ours:
    """What an environment's stacks have put out."""
    return Ours(settings, [KEY], "vpc-0a1", ["sg-0a1", "sg-0a2"], ["subnet-0a1"], ["rtb-0a1"])


def session(role: str = "someone", path: str = "/") -> Event:
    """A session of a role."""
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:jo",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/jo",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": f"arn:aws:iam::{ACCOUNT}:role{path}{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "attributes": {"creationDate": "2026-11-02T10:00:00Z", "mfaAuthenticated": "false"},
        },
    }


ROOT_USER = {"type": "Root", "principalId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
USER = {"type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": f"arn:aws:iam::{ACCOUNT}:user/jo", "userName": "jo"}
SERVICE = {"type": "AWSService", "invokedBy": "sagemaker.amazonaws.com"}


def event(service: str, name: str, request: Event | None = None, *, who: Event | None = None, **more: Any) -> Event:
    """One call; `more` are further members of the record, such as errorCode and resources."""
    return {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": API_CALL,
        "source": f"aws.{service}",
        "account": ACCOUNT,
        "time": "2026-11-02T10:20:00Z",
        "region": REGION,
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": who or session(),
            "eventTime": "2026-11-02T10:20:00Z",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": REGION,
            "sourceIPAddress": "192.0.2.1",
            "userAgent": "aws-cli/2",
            "requestParameters": request,
            "responseElements": None,
            "requestID": "c1",
            "eventID": "e1",
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": ACCOUNT,
            "eventCategory": "Management",
            **more,
        },
    }


def about(*arns: str) -> list[Event]:
    """The record's resources: keys."""
    return [{"accountId": ACCOUNT, "type": "AWS::KMS::Key", "ARN": arn} for arn in arns]


def _key(name: str, arn: str = KEY, **more: Any) -> Event:
    return event("kms", name, {"keyId": arn.rpartition("/")[2]}, resources=about(arn), **more)


def _ec2(name: str, **request: Any) -> Event:
    return event("ec2", name, request)


_ALIAS = f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/told-data"
_TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}"
_RULES = {"ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}]}}

# Row -> events that it must hear of.
FIRES: dict[str, list[Event]] = {
    "role-policies": [
        event("iam", "PutRolePolicy", {"roleName": "told-job-us-east-1", "policyName": "x", "policyDocument": "{}"}),
        event("iam", "UpdateAssumeRolePolicy", {"roleName": "told-studio-us-east-1", "policyDocument": "{}"}, who=USER),
        event("iam", "CreatePolicyVersion", {"policyArn": f"arn:aws:iam::{ACCOUNT}:policy/ml/told-people"}),
    ],
    "keys": [
        _key("DisableKey"),
        _key("ScheduleKeyDeletion", who=ROOT_USER),
        _key("PutKeyPolicy", who=session("deployer")),  # of that name, and not the deployer, who has a path
        event("kms", "DeleteAlias", {"aliasName": "alias/told-data"}, resources=about(_ALIAS, KEY)),
    ],
    "grants": [_key("CreateGrant"), _key("RevokeGrant", who=USER)],
    "buckets": [
        event("s3", name, {"bucketName": DATA, "Host": f"{DATA}.s3.amazonaws.com"})
        for name in (
            "DeleteBucketPolicy", "PutBucketEncryption", "PutBucketLifecycle", "PutBucketLogging", "PutBucketPolicy",
            "PutBucketPublicAccessBlock", "PutBucketVersioning",
        )
    ],
    "endpoints": [
        _ec2("DeleteVpcEndpoints", DeleteVpcEndpointsRequest={"VpcEndpointId": {"tag": 1, "content": "vpce-0a1"}}),
        _ec2("ModifyVpcEndpoint", ModifyVpcEndpointRequest={"VpcEndpointId": "vpce-0a1", "ResetPolicy": True}),
    ],
    "security-groups": [
        _ec2("AuthorizeSecurityGroupEgress", groupId="sg-0a2", **_RULES),
        _ec2("CreateSecurityGroup", groupName="x", vpcId="vpc-0a1"),
    ],
    "network": [
        _ec2("CreateRoute", routeTableId="rtb-0a1", destinationCidrBlock="0.0.0.0/0", gatewayId="igw-1"),
        _ec2("AttachInternetGateway", internetGatewayId="igw-1", vpcId="vpc-0a1"),
        _ec2("CreateVpcPeeringConnection", vpcId="vpc-9", peerVpcId="vpc-0a1"),
        _ec2("ModifySubnetAttribute", subnetId="subnet-0a1", mapPublicIpOnLaunch={"value": True}),
    ],
    "network-of-region": [
        _ec2("CreateNatGateway", CreateNatGatewayRequest={"SubnetId": "subnet-0a1"}),
        _ec2("DeleteFlowLogs", DeleteFlowLogsRequest={"FlowLogId": {"tag": 1, "content": "fl-0a1"}}),
    ],
    "logs": [
        event("logs", "DeleteLogGroup", {"logGroupName": "/told/flow-logs"}),
        event("logs", "PutRetentionPolicy", {"logGroupName": "/aws/lambda/told-data-seed", "retentionInDays": 1}),
        event("logs", "DeleteMetricFilter", {"logGroupName": "/told/denied-calls", "filterName": "DeniedCalls"}),
    ],
    "trails": [event("cloudtrail", "StopLogging", {"name": "all"}, who=session("deployer", "/team/"))],
    "detection": [
        event("events", "DisableRule", {"name": "told-security-keys", "eventBusName": "default"}),
        event("events", "RemoveTargets", {"rule": "told-security-keys", "ids": ["topic"]}),
        event("monitoring", "DeleteAlarms", {"alarmNames": ["other", "told-denied-calls"]}),
        event("sns", "Unsubscribe", {"subscriptionArn": f"{_TOPIC}:told-security-alerts:1234"}),
        event("sns", "SetTopicAttributes", {"topicArn": f"{_TOPIC}:told-pipeline-alerts", "attributeName": "Policy"}),
        event("sqs", "SetQueueAttributes", {"queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/told-queue"}),
    ],
}  # fmt: skip

# Row -> events that are nearly what it hears of.
QUIET: dict[str, list[Event]] = {
    "role-policies": [
        event("iam", "PutRolePolicy", {"roleName": "toldest-job", "policyName": "x"}),
        event("iam", "GetRolePolicy", {"roleName": "told-job-us-east-1", "policyName": "x"}),
        event("iam", "DetachUserPolicy", {"userName": "told-jo", "policyArn": f"arn:aws:iam::{ACCOUNT}:policy/told-x"}),
    ],
    "keys": [
        _key("DisableKey", OTHER_KEY),
        _key("EnableKey"),
        _key("DisableKey", errorCode="AccessDenied"),
        _key("DisableKey", who=session("deployer", "/team/")),
    ],
    "grants": [
        _key("CreateGrant", who={**session(), "invokedBy": "sagemaker.amazonaws.com"}),
        _key("CreateGrant", OTHER_KEY),
        _key("RetireGrant", who=SERVICE),
    ],
    "buckets": [
        event("s3", "PutBucketPolicy", {"bucketName": f"x{DATA}"}),
        event("s3", "GetBucketPolicy", {"bucketName": DATA}),
        event("s3", "PutObject", {"bucketName": DATA, "key": "raw/x"}),
    ],
    "endpoints": [_ec2("DescribeVpcEndpoints"), _ec2("CreateVpcEndpointServiceConfiguration")],
    "security-groups": [
        _ec2("AuthorizeSecurityGroupEgress", groupId="sg-9", **_RULES),
        _ec2("CreateSecurityGroup", groupName="x", vpcId="vpc-9"),
    ],
    "network": [
        _ec2("CreateRoute", routeTableId="rtb-9", destinationCidrBlock="0.0.0.0/0"),
        _ec2("CreateNetworkInterface", subnetId="subnet-0a1"),
    ],
    "network-of-region": [_ec2("CreateVpcEndpoint"), _ec2("DescribeNatGateways")],
    "logs": [
        event("logs", "DeleteLogGroup", {"logGroupName": "/toldest/flow-logs"}),
        event("logs", "CreateLogStream", {"logGroupName": "/told/flow-logs"}),
    ],
    "trails": [event("cloudtrail", "LookupEvents"), event("cloudtrail", "StartLogging", {"name": "all"})],
    "detection": [
        event("events", "DisableRule", {"name": "toldest"}),
        event("monitoring", "DeleteAlarms", {"alarmNames": ["other"]}),
        event("sns", "DeleteTopic", {"topicArn": f"{_TOPIC}:toldest"}),
        event("sqs", "DeleteQueue", {"queueUrl": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/toldest-queue"}),
    ],
}
