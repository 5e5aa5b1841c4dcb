"""Sessions that rehearse, of other accounts, with keys of their own; requests without TLS; the record of calls."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sagekeep.local.instance import Instance
from tests.local.conftest import Become
from tests.local.gateway_cloud import (
    ACCOUNT,
    DEPLOYER,
    REGION,
    Cloud,
    allow,
    code_of,
    document,
    drop_role,
    key_policy,
    make_role,
    message_of,
)

STRANGER = "arn:aws:iam::999999999999:role/stranger"
TRUSTED = f"arn:aws:iam::{ACCOUNT}:root"


def test_a_session_that_rehearses_is_judged_as_ever_and_does_nothing(running: Instance, admin: Cloud) -> None:
    rehearsing = Cloud(running.variables(rehearse=True))
    for service, method, parameters in (
        ("sqs", "create_queue", {"QueueName": "rehearsed"}),
        ("kms", "create_key", {}),
        ("s3", "create_bucket", {"Bucket": "rehearsed-123"}),
        ("sagemaker", "create_model_package_group", {"ModelPackageGroupName": "rehearsed"}),
    ):
        with pytest.raises(ClientError) as told:
            getattr(rehearsing(service), method)(**parameters)
        assert code_of(told) == "DryRunOperation", service
    with pytest.raises(ClientError, match="NonExistentQueue"):
        admin("sqs").get_queue_url(QueueName="rehearsed")
    assert "rehearsed-123" not in {bucket["Name"] for bucket in admin("s3").list_buckets()["Buckets"]}
    assert admin("sagemaker").list_model_package_groups(NameContains="rehearsed")["ModelPackageGroupSummaryList"] == []


def test_a_rehearsal_of_what_is_not_allowed_is_denied(running: Instance, admin: Cloud) -> None:
    role = make_role(admin, "rehearser", TRUSTED, allow("sqs:CreateQueue", on=f"arn:aws:sqs:{REGION}:{ACCOUNT}:mine"))
    try:
        client = Cloud(running.variables(role=role, rehearse=True))("sqs")
        with pytest.raises(ClientError, match="DryRunOperation"):
            client.create_queue(QueueName="mine")
        with pytest.raises(ClientError, match="AccessDenied"):
            client.create_queue(QueueName="another")
    finally:
        drop_role(admin, "rehearser")


def test_a_role_of_another_account_has_its_own_things_and_none_of_ours(
    running: Instance, admin: Cloud, bucket: str
) -> None:
    stranger = Cloud(running.variables(role=STRANGER))
    assert stranger("sts").get_caller_identity()["Account"] == "999999999999"
    stranger("s3").create_bucket(Bucket="strangers-own")
    stranger("s3").put_object(Bucket="strangers-own", Key="x", Body=b"x")
    admin("s3").put_object(Bucket=bucket, Key="x", Body=b"x")
    with pytest.raises(ClientError) as denied:
        stranger("s3").get_object(Bucket=bucket, Key="x")
    assert code_of(denied) == "AccessDenied"
    stranger("s3").delete_object(Bucket="strangers-own", Key="x")
    stranger("s3").delete_bucket(Bucket="strangers-own")


def test_a_role_of_ours_that_is_not_there_gets_no_session(running: Instance) -> None:
    with pytest.raises(Exception, match="refused 'session'"):
        running.variables(role=f"arn:aws:iam::{ACCOUNT}:role/nobody")


def test_keys_of_a_session_count_in_its_roles_policies(running: Instance, admin: Cloud) -> None:
    user = {"StringEquals": {"sagemaker:UserProfileName": "me"}}
    role = make_role(admin, "profiled", TRUSTED, allow("sqs:ListQueues", **user))
    try:
        assert Cloud(running.variables(role=role, keys={"sagemaker:UserProfileName": "me"}))("sqs").list_queues()
        for keys in ({"sagemaker:UserProfileName": "them"}, {}):
            with pytest.raises(ClientError, match="AccessDenied"):
                Cloud(running.variables(role=role, keys=keys))("sqs").list_queues()
    finally:
        drop_role(admin, "profiled")


def plain(running: Instance, service: str) -> Any:
    """A client without TLS."""
    given = running.variables()
    return boto3.client(
        service,
        region_name=REGION,
        use_ssl=False,
        config=Config(proxies={"http": given["HTTPS_PROXY"]}, retries={"total_max_attempts": 1}),
        aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=given["AWS_SESSION_TOKEN"],
    )


def test_without_tls_a_policy_that_asks_for_it_denies(running: Instance, admin: Cloud, bucket: str) -> None:
    without = plain(running, "s3")
    without.put_object(Bucket=bucket, Key="x", Body=b"x" * 100_000)
    assert len(without.get_object(Bucket=bucket, Key="x")["Body"].read()) == 100_000
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    admin("s3").put_bucket_policy(Bucket=bucket, Policy=document({**deny, "Condition": condition}))
    assert admin("s3").get_object(Bucket=bucket, Key="x")
    with pytest.raises(ClientError) as denied:
        without.get_object(Bucket=bucket, Key="x")
    assert "explicit deny in a resource-based policy" in message_of(denied)


def test_calls_are_counted_by_who_what_from_where_and_how_they_ended(running: Instance, become: Become) -> None:
    caller = become(allow("sqs:ListQueues"))
    for _ in range(3):
        caller("sqs").list_queues()
    with pytest.raises(ClientError):
        caller("sns").list_topics()
    name = caller("sts").get_caller_identity()["Arn"]
    found = {seen["action"]: seen for seen in running.calls() if seen["principal"] == name}
    assert (found["sqs:ListQueues"]["count"], found["sqs:ListQueues"]["denied"]) == (3, "")
    assert found["sqs:ListQueues"]["place"] == "internet"
    assert "no identity-based policy" in found["sns:ListTopics"]["denied"]


def test_what_a_service_may_do_is_asked_of_the_things_own_policy(running: Instance, admin: Cloud) -> None:
    trust = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = admin("iam").create_role(
        RoleName="served", AssumeRolePolicyDocument=json.dumps({"Statement": [{**statement, "Condition": trust}]})
    )["Role"]["Arn"]
    ask = ("sts:AssumeRole", role)
    assert running.refusal("lambda.amazonaws.com", *ask, {"aws:SourceAccount": ACCOUNT}) == ""
    assert running.refusal("lambda.amazonaws.com", *ask, {"aws:SourceAccount": "999999999999"})
    assert running.refusal("events.amazonaws.com", *ask, {"aws:SourceAccount": ACCOUNT})
    assert running.refusal(DEPLOYER, "kms:Decrypt", f"arn:aws:kms:{REGION}:{ACCOUNT}:key/x", {}) == ""
    admin("iam").delete_role(RoleName="served")


def test_who_may_use_a_key_of_another_account_is_the_keys_own_say_too(
    running: Instance, admin: Cloud, key: str
) -> None:
    stranger = Cloud(running.variables(role=STRANGER, rehearse=True))("kms")
    with pytest.raises(ClientError) as denied:
        stranger.describe_key(KeyId=key)
    assert "no resource-based policy allows" in message_of(denied)
    admin("kms").put_key_policy(
        KeyId=key,
        Policy=key_policy({"Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": "kms:*", "Resource": "*"}),
    )
    with pytest.raises(ClientError, match="DryRunOperation"):
        stranger.describe_key(KeyId=key)
