"""What the embedded AWS refuses for its size or number, as AWS does: one more than the table says, and no fewer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sagekeep import limits
from tests.local.gateway_cloud import Cloud, code_of, document

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}


def policy_of(size: int, statement: dict[str, Any], *, indent: int | None = None) -> str:
    """A policy of so many characters, white space not counted."""
    empty = limits.dense(document({**statement, "Sid": ""}))
    text = document({**statement, "Sid": "x" * (size - empty)})
    assert limits.dense(text) == size
    return json.dumps(json.loads(text), indent=indent)


def refused(call: Callable[[], object]) -> str:
    with pytest.raises(ClientError) as error:
        call()
    return code_of(error)


ANYTHING = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def test_white_space_of_a_managed_policy_does_not_count(admin: Cloud) -> None:
    iam, most = admin("iam"), limits.most("managed-policy")
    iam.create_policy(PolicyName="fits", PolicyDocument=policy_of(most, ANYTHING, indent=8))
    large = policy_of(most + 1, ANYTHING)
    assert refused(lambda: iam.create_policy(PolicyName="large", PolicyDocument=large)) == "LimitExceeded"


def test_inline_policies_of_a_role_are_counted_together(admin: Cloud) -> None:
    iam, most = admin("iam"), limits.most("inline-policy")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=document(TRUST))
    half = policy_of(most // 2, ANYTHING)

    def put(name: str, text: str) -> Callable[[], object]:
        return lambda: iam.put_role_policy(RoleName="r", PolicyName=name, PolicyDocument=text)

    put("one", half)()
    put("two", half)()
    put("two", half)()  # in its own place
    assert refused(put("three", document(ANYTHING))) == "LimitExceeded"


def test_a_trust_policy_has_a_size_of_its_own(admin: Cloud) -> None:
    iam, most = admin("iam"), limits.most("trust-policy")
    iam.create_role(RoleName="trusting", AssumeRolePolicyDocument=policy_of(most, TRUST))
    large = policy_of(most + 1, TRUST)
    assert refused(lambda: iam.create_role(RoleName="other", AssumeRolePolicyDocument=large)) == "LimitExceeded"
    update = {"RoleName": "trusting", "PolicyDocument": large}
    assert refused(lambda: iam.update_assume_role_policy(**update)) == "LimitExceeded"


def test_a_role_has_ten_managed_policies(admin: Cloud) -> None:
    iam = admin("iam")
    iam.create_role(RoleName="held", AssumeRolePolicyDocument=document(TRUST))
    arns = [
        iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document(ANYTHING))["Policy"]["Arn"]
        for number in range(limits.most("policies-of-a-role") + 1)
    ]
    for arn in [*arns[:-1], arns[0]]:
        iam.attach_role_policy(RoleName="held", PolicyArn=arn)
    assert refused(lambda: iam.attach_role_policy(RoleName="held", PolicyArn=arns[-1])) == "LimitExceeded"


def test_policies_of_keys_buckets_topics_queues_and_endpoints(admin: Cloud, key: str, bucket: str) -> None:
    everybody = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    large = policy_of(40_000, everybody)
    queue = admin("sqs").create_queue(QueueName="q")["QueueUrl"]
    topic = admin("sns").create_topic(Name="t")["TopicArn"]
    vpc = admin("ec2").create_vpc(CidrBlock="10.9.0.0/24")["Vpc"]["VpcId"]
    endpoint = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3", "PolicyDocument": large}
    calls: dict[str, Callable[[], object]] = {
        "LimitExceededException": lambda: admin("kms").put_key_policy(KeyId=key, Policy=large),
        "MalformedPolicy": lambda: admin("s3").put_bucket_policy(Bucket=bucket, Policy=large),
        "InvalidAttributeValue": lambda: admin("sqs").set_queue_attributes(
            QueueUrl=queue, Attributes={"Policy": large}
        ),
        "InvalidParameter": lambda: admin("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=large
        ),
    }
    for code, call in calls.items():
        assert refused(call) == code
    assert refused(lambda: admin("ec2").create_vpc_endpoint(**endpoint)) == "InvalidParameter"


def test_conditions_of_a_queues_policy(admin: Cloud) -> None:
    queue = admin("sqs").create_queue(QueueName="conditions")["QueueUrl"]
    for number, passes in ((10, True), (11, False)):
        keys = {f"aws:PrincipalTag/t{n}": "x" for n in range(number)}
        statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
        policy = document({**statement, "Condition": {"StringEquals": keys}})
        call = {"QueueUrl": queue, "Attributes": {"Policy": policy}}
        if passes:
            admin("sqs").set_queue_attributes(**call)
        else:
            assert refused(lambda call=call: admin("sqs").set_queue_attributes(**call)) == "InvalidAttributeValue"


@pytest.mark.parametrize(
    ("values", "passes"),
    [(["x" * 1900], True), (["x" * 2048], False), ([{"wildcard": f"a*{n}"} for n in range(6)], True),
     ([{"wildcard": f"a*{n}"} for n in range(8)], False)],
)  # fmt: skip
def test_event_patterns(admin: Cloud, values: list[Any], passes: bool) -> None:
    rule = {"Name": "r", "EventPattern": json.dumps({"source": ["aws.iam"], "detail": {"x": values}})}
    if passes:
        admin("events").put_rule(**rule)
    else:
        assert refused(lambda: admin("events").put_rule(**rule)) == "InvalidEventPatternException"


def test_standard_parameters(admin: Cloud) -> None:
    ssm = admin("ssm")
    ssm.put_parameter(Name="/fits", Value="x" * 4096, Type="String")
    assert refused(lambda: ssm.put_parameter(Name="/large", Value="x" * 4097, Type="String")) == "ValidationException"


def test_objects_take_ten_tags_and_other_things_fifty(admin: Cloud, bucket: str) -> None:
    def put(number: int) -> Callable[[], object]:
        tagging = "&".join(f"tag{n}=x" for n in range(number))
        return lambda: admin("s3").put_object(Bucket=bucket, Key="k", Body=b"", Tagging=tagging)

    put(10)()
    assert refused(put(11)) == "BadRequest"
    tags = [{"Key": f"tag{n}", "Value": "x"} for n in range(51)]
    iam = admin("iam")
    iam.create_role(RoleName="fifty", AssumeRolePolicyDocument=document(TRUST), Tags=tags[:50])
    many = {"RoleName": "more", "AssumeRolePolicyDocument": document(TRUST), "Tags": tags}
    assert refused(lambda: iam.create_role(**many)) == "InvalidInput"


@pytest.mark.parametrize("key", ["aws:mine", "a" * 129, "quoted?", "tab\t"])
def test_tags_that_no_service_takes(admin: Cloud, key: str) -> None:
    tags = [{"Key": key, "Value": "x"}]
    role = {"RoleName": "tagged", "AssumeRolePolicyDocument": document(TRUST), "Tags": tags}
    assert refused(lambda: admin("iam").create_role(**role)) == "InvalidInput"
    assert refused(lambda: admin("sns").create_topic(Name="tagged", Tags=tags)) == "InvalidParameter"


def test_keys_of_iams_tags_differ_by_more_than_capitals(admin: Cloud) -> None:
    tags = [{"Key": key, "Value": "x"} for key in ("Environment", "environment")]
    role = {"RoleName": "twice", "AssumeRolePolicyDocument": document(TRUST), "Tags": tags}
    assert refused(lambda: admin("iam").create_role(**role)) == "InvalidInput"
    admin("kms").create_key(Tags=[{"TagKey": tag["Key"], "TagValue": "x"} for tag in tags])


def test_a_functions_variables(admin: Cloud) -> None:
    name = {"FunctionName": "none", "Environment": {"Variables": {"A": "x" * 4096}}}
    assert refused(lambda: admin("lambda").update_function_configuration(**name)) == "InvalidParameterValueException"
