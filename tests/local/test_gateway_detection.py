"""Real calls to the embedded AWS, and who hears of them: with the template's own rules, messages and policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policies import alerts, detection, keys
from sagekeep import names
from stacks.parts.alert_rules import AlertRule
from stacks.parts.detection import METRIC
from stacks.parts.detection_rules import change, denied_call
from stacks.parts.detection_table import WATCHES, Ours
from tests.local.conftest import Become
from tests.local.gateway_cloud import ACCOUNT, REGION, ROOT, Cloud, allow, code_of, document
from tests.local.test_gateway_alerts import policy
from tests.local.trail_samples import DATA, SETTINGS

TOPIC = names.security_topic_arn(SETTINGS)
GROUP = names.denied_calls_group(SETTINGS)
THRESHOLD = 5
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:security-inbox"


class Watched:
    """An environment's key, bucket, VPC and endpoint, and a queue of what people hear about them."""

    def __init__(self, admin: Cloud) -> None:
        self.admin = admin
        self.key = admin("kms").create_key(Policy=policy(keys.logs_key(SETTINGS)))["KeyMetadata"]["Arn"]
        ec2 = admin("ec2")
        self.vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        made = ec2.create_security_group(VpcId=self.vpc, GroupName="watched", Description="watched")
        self.group = made["GroupId"]
        service = f"com.amazonaws.{REGION}.s3"
        self.endpoint = ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=service, RouteTableIds=[self.table])[
            "VpcEndpoint"
        ]["VpcEndpointId"]
        admin("s3").create_bucket(Bucket=DATA)
        self.inbox = self._topic_and_queue()
        ours = Ours(SETTINGS, [self.key], self.vpc, [self.group], ["subnet-0a1"], [self.table])
        self.rules = [change(ours, watch) for watch in WATCHES]
        self.denied = denied_call(ours)

    def _topic_and_queue(self) -> str:
        sns, sqs = self.admin("sns"), self.admin("sqs")
        attributes = {"KmsMasterKeyId": self.key, "Policy": policy(alerts.topic(SETTINGS, TOPIC))}
        sns.create_topic(Name=names.name(SETTINGS, "security-alerts"), Attributes=attributes)
        let = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
        made = sqs.create_queue(QueueName="security-inbox", Attributes={"Policy": document({**let, "Resource": QUEUE})})
        sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE, Attributes={"RawMessageDelivery": "true"})
        return str(made["QueueUrl"])

    def listen(self) -> None:
        """All rules, and for denied calls log group, policy, metric and alarm, as the stack makes them."""
        for rule in self.rules:
            transformer = {"InputPathsMap": dict(rule.reads), "InputTemplate": rule.template}
            self._rule(rule, {"Id": "topic", "Arn": TOPIC, "InputTransformer": transformer})
        logs = self.admin("logs")
        logs.create_log_group(logGroupName=GROUP, kmsKeyId=self.key)
        statements = detection.denied_calls_group(SETTINGS, names.arn(SETTINGS, "events", f"rule/{self.denied.name}"))
        logs.put_resource_policy(policyName="denied-calls", policyDocument=policy(statements))
        metric = {"metricName": METRIC, "metricNamespace": SETTINGS.prefix, "metricValue": "1"}
        logs.put_metric_filter(logGroupName=GROUP, filterName=METRIC, filterPattern="", metricTransformations=[metric])
        self.admin("cloudwatch").put_metric_alarm(
            AlarmName="told-denied-calls",
            Namespace=SETTINGS.prefix,
            MetricName=METRIC,
            Statistic="Sum",
            Period=300,
            EvaluationPeriods=1,
            Threshold=THRESHOLD,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
            AlarmActions=[TOPIC],
        )
        self._rule(self.denied, {"Id": "log", "Arn": names.log_group_arn(SETTINGS, GROUP)})

    def _rule(self, rule: AlertRule, target: dict[str, Any]) -> None:
        state = {"State": rule.state} if rule.state else {}
        self.admin("events").put_rule(Name=rule.name, EventPattern=json.dumps(rule.pattern), **state)
        assert self.admin("events").put_targets(Rule=rule.name, Targets=[target])["FailedEntryCount"] == 0

    def told(self) -> list[dict[str, Any]]:
        """The messages since the last time."""
        sqs = self.admin("sqs")
        found = sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in found]

    def denials(self) -> list[dict[str, Any]]:
        """The calls in the log group."""
        found = self.admin("logs").filter_log_events(logGroupName=GROUP)["events"]
        return [json.loads(line["message"])["detail"] for line in found]

    def forget(self) -> None:
        for rule in (*self.rules, self.denied):
            self.admin("events").remove_targets(Rule=rule.name, Ids=["topic", "log"])
            self.admin("events").delete_rule(Name=rule.name)
        self.admin("cloudwatch").delete_alarms(AlarmNames=["told-denied-calls"])
        self.admin("logs").delete_log_group(logGroupName=GROUP)
        self.admin("logs").delete_resource_policy(policyName="denied-calls")
        self.admin("sns").delete_topic(TopicArn=TOPIC)
        self.admin("sqs").delete_queue(QueueUrl=self.inbox)
        with suppress(ClientError):
            self.admin("ec2").delete_vpc_endpoints(VpcEndpointIds=[self.endpoint])
        self.admin("ec2").delete_security_group(GroupId=self.group)
        self.admin("ec2").delete_route_table(RouteTableId=self.table)
        self.admin("ec2").delete_vpc(VpcId=self.vpc)
        self.admin("s3").delete_bucket(Bucket=DATA)
        self.admin("kms").schedule_key_deletion(KeyId=self.key)


@pytest.fixture(scope="module")
def watched(admin: Cloud) -> Iterator[Watched]:
    made = Watched(admin)
    made.listen()
    yield made
    made.forget()


BUCKET_POLICY = document(
    {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{DATA}/secret/*"}
)


def test_a_changed_bucket_policy_is_told_with_who_and_what(watched: Watched, become: Become) -> None:
    intruder = become(allow("s3:*BucketPolicy"))
    intruder("s3").put_bucket_policy(Bucket=DATA, Policy=BUCKET_POLICY)
    (message,) = watched.told()
    assert message["alert"].startswith("The configuration of a bucket")
    assert (message["call"], message["service"]) == ("PutBucketPolicy", "s3.amazonaws.com")
    assert message["request"]["bucketName"] == DATA
    assert message["who"]["sessionContext"]["sessionIssuer"]["userName"].startswith("tester-")
    assert message["environment"] == "test"
    intruder("s3").delete_bucket_policy(Bucket=DATA)
    assert [told["call"] for told in watched.told()] == ["DeleteBucketPolicy"]


def test_what_the_deployer_does_is_not_told(watched: Watched, admin: Cloud) -> None:
    admin("s3").put_bucket_policy(Bucket=DATA, Policy=BUCKET_POLICY)
    admin("s3").delete_bucket_policy(Bucket=DATA)
    assert watched.told() == []


def test_another_bucket_is_nobodys_business(watched: Watched, become: Become, bucket: str) -> None:
    become(allow("s3:*BucketPolicy"))("s3").delete_bucket_policy(Bucket=bucket)
    assert watched.told() == []


def test_bucket_settings_are_told_under_the_names_that_cloudtrail_has_for_them(
    watched: Watched, become: Become
) -> None:
    s3 = become(allow("s3:*"))("s3")
    rules = [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]
    s3.put_bucket_lifecycle_configuration(Bucket=DATA, LifecycleConfiguration={"Rules": rules})
    s3.delete_bucket_lifecycle(Bucket=DATA)
    s3.put_bucket_versioning(Bucket=DATA, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_bucket_encryption(Bucket=DATA)
    s3.delete_public_access_block(Bucket=DATA)
    assert sorted(told["call"] for told in watched.told()) == [
        "DeleteBucketEncryption",
        "DeleteBucketLifecycle",
        "DeleteBucketPublicAccessBlock",
        "PutBucketLifecycle",
        "PutBucketVersioning",
    ]


def test_a_key_that_is_disabled_is_told(watched: Watched, become: Become) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    kept = policy(keys.logs_key(SETTINGS))
    whole = json.loads(kept)["Statement"]
    kms = become(allow("kms:*"))("kms")
    kms.put_key_policy(KeyId=watched.key, Policy=document(*whole, root))
    kms.disable_key_rotation(KeyId=watched.key)
    assert [told["call"] for told in watched.told()] == ["PutKeyPolicy", "DisableKeyRotation"]
    watched.admin("kms").put_key_policy(KeyId=watched.key, Policy=kept)


def test_routes_groups_and_endpoints_are_told(watched: Watched, become: Become) -> None:
    ec2 = become(allow("ec2:*"))("ec2")
    opened = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=watched.group, IpPermissions=[opened])
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=watched.vpc)
    ec2.create_route(RouteTableId=watched.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[watched.endpoint])
    assert [told["call"] for told in watched.told()] == [
        "AuthorizeSecurityGroupIngress",
        "AttachInternetGateway",
        "CreateRoute",
        "DeleteVpcEndpoints",
    ]
    admin = watched.admin("ec2")
    admin.delete_route(RouteTableId=watched.table, DestinationCidrBlock="0.0.0.0/0")
    admin.detach_internet_gateway(InternetGatewayId=gateway, VpcId=watched.vpc)
    admin.delete_internet_gateway(InternetGatewayId=gateway)


def test_a_role_that_gets_another_policy_is_told(watched: Watched, become: Become) -> None:
    watched.admin("iam").create_role(RoleName="told-job-us-east-1", AssumeRolePolicyDocument=document())
    iam = become(allow("iam:*"))("iam")
    iam.put_role_policy(RoleName="told-job-us-east-1", PolicyName="x", PolicyDocument=document(allow("s3:*")))
    iam.delete_role_policy(RoleName="told-job-us-east-1", PolicyName="x")
    assert [told["call"] for told in watched.told()] == ["PutRolePolicy", "DeleteRolePolicy"]
    watched.admin("iam").delete_role(RoleName="told-job-us-east-1")


def test_who_blinds_detection_is_told(watched: Watched, become: Become) -> None:
    intruder = become(allow("events:*", "sns:*", "logs:*"))
    intruder("events").disable_rule(Name="told-security-logs")
    intruder("events").enable_rule(Name="told-security-logs")
    intruder("sns").set_topic_attributes(TopicArn=TOPIC, AttributeName="DisplayName", AttributeValue="x")
    intruder("logs").put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    assert [told["call"] for told in watched.told()] == ["DisableRule", "SetTopicAttributes", "PutRetentionPolicy"]


def denied(client: Any, call: str, **parameters: Any) -> str:
    with pytest.raises(ClientError) as error:
        getattr(client, call)(**parameters)
    return code_of(error)


def test_a_few_denied_calls_are_kept_and_many_are_an_alert(watched: Watched, become: Become) -> None:
    nobody = become()
    before = len(watched.denials())
    denied(nobody("s3"), "get_bucket_policy", Bucket=DATA)
    denied(nobody("kms"), "disable_key", KeyId=watched.key)
    denied(nobody("ec2"), "describe_vpcs")  # not a role of the environment, and about nothing of it
    kept = watched.denials()[before:]
    assert [(call["eventName"], call["errorCode"]) for call in kept] == [
        ("GetBucketPolicy", "AccessDenied"),
        ("DisableKey", "AccessDeniedException"),
    ]
    assert watched.told() == []
    for _ in range(THRESHOLD):
        denied(nobody("s3"), "delete_bucket_policy", Bucket=DATA)
    (message,) = watched.told()
    assert (message["AlarmName"], message["NewStateValue"]) == ("told-denied-calls", "ALARM")


def test_what_our_own_roles_may_not_is_kept(watched: Watched, admin: Cloud, running: Any) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "sts:AssumeRole"}
    admin("iam").create_role(RoleName="told-studio-us-east-1", AssumeRolePolicyDocument=document(trust))
    studio = Cloud(running.variables(role=f"arn:aws:iam::{ACCOUNT}:role/told-studio-us-east-1"))
    denied(studio("ec2"), "describe_vpcs")
    denied(studio("sagemaker"), "delete_domain", DomainId="d-1234")
    kept = [(call["eventSource"], call["eventName"]) for call in watched.denials()[-2:]]
    assert kept == [("ec2.amazonaws.com", "DescribeVpcs"), ("sagemaker.amazonaws.com", "DeleteDomain")]
    admin("iam").delete_role(RoleName="told-studio-us-east-1")


def test_objects_are_data_which_a_trail_does_not_have(watched: Watched, become: Become) -> None:
    before = len(watched.denials())
    denied(become()("s3"), "get_object", Bucket=DATA, Key="x")
    assert len(watched.denials()) == before


def test_a_filter_that_would_count_nothing_here_is_refused(watched: Watched, admin: Cloud) -> None:
    metric = {"metricName": "x", "metricNamespace": "x", "metricValue": "1"}
    asked = {"logGroupName": GROUP, "filterName": "x", "filterPattern": "ERROR", "metricTransformations": [metric]}
    with pytest.raises(ClientError) as error:
        admin("logs").put_metric_filter(**asked)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_without_the_groups_policy_nothing_is_written(watched: Watched, become: Become, admin: Cloud) -> None:
    kept = admin("logs").describe_resource_policies()["resourcePolicies"][0]["policyDocument"]
    admin("logs").delete_resource_policy(policyName="denied-calls")
    before = len(watched.denials())
    denied(become()("s3"), "get_bucket_policy", Bucket=DATA)
    assert len(watched.denials()) == before
    admin("logs").put_resource_policy(policyName="denied-calls", policyDocument=kept)
    denied(become()("s3"), "get_bucket_policy", Bucket=DATA)
    assert len(watched.denials()) == before + 1
