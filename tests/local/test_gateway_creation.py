"""Whoever makes a thing is asked about its tags and about what it lies in, as AWS does; boundaries are seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Become
from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, allow, document, message_of

EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
OURS = {"Key": "ManagedBy", "Value": "us"}
NEW = {"StringEquals": {"aws:RequestTag/ManagedBy": "us"}}
MARKED = {"StringEquals": {"aws:ResourceTag/ManagedBy": "us"}}
TRUST = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}})


def tags(kind: str, *given: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": list(given)}]


@pytest.fixture
def vpcs(admin: Cloud) -> Iterator[dict[str, str]]:
    ec2 = admin("ec2")
    made = {
        "marked": ec2.create_vpc(CidrBlock="10.1.0.0/16", TagSpecifications=tags("vpc", OURS))["Vpc"]["VpcId"],
        "other": ec2.create_vpc(CidrBlock="10.2.0.0/16")["Vpc"]["VpcId"],
    }
    yield made
    for vpc in made.values():
        for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
            ec2.delete_subnet(SubnetId=subnet["SubnetId"])
        ec2.delete_vpc(VpcId=vpc)


def test_a_new_subnet_is_asked_with_its_tags_and_its_vpc_with_those_that_it_has(
    become: Become, vpcs: dict[str, str]
) -> None:
    ec2 = become(
        allow("ec2:CreateSubnet", on=f"{EC2}:subnet/*", **NEW),
        allow("ec2:CreateSubnet", on=f"{EC2}:vpc/*", **MARKED),
        allow("ec2:CreateTags", on=f"{EC2}:subnet/*", StringEquals={"ec2:CreateAction": "CreateSubnet"}),
    )("ec2")
    ec2.create_subnet(VpcId=vpcs["marked"], CidrBlock="10.1.0.0/24", TagSpecifications=tags("subnet", OURS))
    with pytest.raises(ClientError) as denied:
        ec2.create_subnet(VpcId=vpcs["marked"], CidrBlock="10.1.1.0/24")
    assert f"ec2:CreateSubnet on resource: {EC2}:subnet/*" in message_of(denied)
    with pytest.raises(ClientError) as denied:
        ec2.create_subnet(VpcId=vpcs["other"], CidrBlock="10.2.0.0/24", TagSpecifications=tags("subnet", OURS))
    assert f"ec2:CreateSubnet on resource: {EC2}:vpc/{vpcs['other']}" in message_of(denied)


def test_a_log_group_without_tags_needs_no_right_to_tag(become: Become) -> None:
    logs = become(allow("logs:CreateLogGroup"))("logs")
    logs.create_log_group(logGroupName="/untagged")
    with pytest.raises(ClientError) as denied:
        logs.create_log_group(logGroupName="/tagged", tags={"a": "b"})
    assert "logs:TagResource" in message_of(denied)


def test_tags_at_creation_need_the_right_to_tag(become: Become) -> None:
    ec2 = become(allow("ec2:CreateVpc"))("ec2")
    with pytest.raises(ClientError) as denied:
        ec2.create_vpc(CidrBlock="10.3.0.0/16", TagSpecifications=tags("vpc", OURS))
    assert f"ec2:CreateTags on resource: {EC2}:vpc/*" in message_of(denied)


def test_tagging_later_is_asked_of_the_thing_itself(become: Become, vpcs: dict[str, str]) -> None:
    ec2 = become(allow("ec2:CreateTags", on=f"{EC2}:vpc/*", **MARKED))("ec2")
    ec2.create_tags(Resources=[vpcs["marked"]], Tags=[{"Key": "Team", "Value": "ml"}])
    with pytest.raises(ClientError):
        ec2.create_tags(Resources=[vpcs["other"]], Tags=[OURS])


TAGGED = [
    ("sns", "create_topic", {"Name": "tagged", "Tags": [OURS]}, "sns:CreateTopic", "sns:TagResource"),
    ("sqs", "create_queue", {"QueueName": "tagged", "tags": {"ManagedBy": "us"}}, "sqs:CreateQueue", "sqs:TagQueue"),
    (
        "logs",
        "create_log_group",
        {"logGroupName": "tagged", "tags": {"ManagedBy": "us"}},
        "logs:CreateLogGroup",
        "logs:TagResource",
    ),
    (
        "kms",
        "create_key",
        {"Tags": [{"TagKey": "ManagedBy", "TagValue": "us"}]},
        "kms:CreateKey",
        "kms:TagResource",
    ),
    (
        "events",
        "put_rule",
        {"Name": "tagged", "ScheduleExpression": "rate(1 day)", "Tags": [OURS]},
        "events:PutRule",
        "events:TagResource",
    ),
    (
        "iam",
        "create_role",
        {"RoleName": "tagged", "AssumeRolePolicyDocument": TRUST, "Tags": [OURS]},
        "iam:CreateRole",
        "iam:TagRole",
    ),
]


@pytest.mark.parametrize(("service", "call", "parameters", "action", "tagging"), TAGGED, ids=[row[3] for row in TAGGED])
def test_what_is_made_with_tags_needs_the_right_to_tag_it(
    become: Become, service: str, call: str, parameters: dict[str, Any], action: str, tagging: str
) -> None:
    with pytest.raises(ClientError) as denied:
        getattr(become(allow(action))(service), call)(**parameters)
    assert tagging in message_of(denied)


def test_a_role_without_the_boundary_is_not_made(become: Become, admin: Cloud) -> None:
    bounds = admin("iam").create_policy(PolicyName="limit", PolicyDocument=document(allow("s3:GetObject")))
    arn = bounds["Policy"]["Arn"]
    iam = become(
        allow("iam:CreateRole", "iam:PutRolePolicy", StringEquals={"iam:PermissionsBoundary": arn}),
        allow("iam:DeleteRole", "iam:DeleteRolePolicy"),
    )("iam")
    given = {"RoleName": "bounded", "AssumeRolePolicyDocument": TRUST}
    with pytest.raises(ClientError):
        iam.create_role(**given)
    iam.create_role(**given, PermissionsBoundary=arn)
    policy = {"PolicyName": "p", "PolicyDocument": document(allow("s3:GetObject"))}
    iam.put_role_policy(RoleName="bounded", **policy)
    admin("iam").create_role(**{**given, "RoleName": "free"})
    with pytest.raises(ClientError):
        iam.put_role_policy(RoleName="free", **policy)
    iam.delete_role_policy(RoleName="bounded", PolicyName="p")
    for name in ("bounded", "free"):
        iam.delete_role(RoleName=name)
    admin("iam").delete_policy(PolicyArn=arn)


def test_iam_remembers_what_it_was_asked_with_resources_and_keys(become: Become, running) -> None:
    become(allow("sns:CreateTopic", "sns:TagResource"))("sns").create_topic(Name="asked", Tags=[OURS])
    found = [q for q in running.questions() if q["resource"].endswith(":asked")]
    assert [(q["action"], q["denied"]) for q in found] == [("sns:CreateTopic", ""), ("sns:TagResource", "")]
    assert {key.lower(): value for key, value in found[1]["keys"].items()}["aws:requesttag/managedby"] == ["us"]
