"""Policies of resources: what AWS refuses to store."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, ROOT, Cloud, code_of, document, key_policy, message_of

NOBODY = f"arn:aws:iam::{ACCOUNT}:role/nobody"


class TestUnknownPrincipals:
    """Resource policies that name a role which does not exist are refused, each service in its own words."""

    def statement(self, action: str, resource: str = "*") -> str:
        return document({"Effect": "Allow", "Principal": {"AWS": NOBODY}, "Action": action, "Resource": resource})

    def test_key_policies(self, admin: Cloud, key: str) -> None:
        policy = json.loads(key_policy())
        policy["Statement"] += json.loads(self.statement("kms:Decrypt"))["Statement"]
        for call in (
            lambda: admin("kms").create_key(Policy=json.dumps(policy)),
            lambda: admin("kms").put_key_policy(KeyId=key, Policy=json.dumps(policy)),
        ):
            with pytest.raises(ClientError) as refused:
                call()
            assert code_of(refused) == "MalformedPolicyDocumentException"

    def test_bucket_policies(self, admin: Cloud, bucket: str) -> None:
        with pytest.raises(ClientError) as refused:
            admin("s3").put_bucket_policy(
                Bucket=bucket, Policy=self.statement("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
            )
        assert code_of(refused) == "MalformedPolicy"
        assert message_of(refused).startswith("Invalid principal in policy")

    def test_topic_policies(self, admin: Cloud) -> None:
        with pytest.raises(ClientError) as refused:
            admin("sns").create_topic(Name="t", Attributes={"Policy": self.statement("sns:Publish")})
        assert code_of(refused) == "InvalidParameter"

    def test_queue_policies(self, admin: Cloud) -> None:
        with pytest.raises(ClientError) as refused:
            admin("sqs").create_queue(QueueName="q", Attributes={"Policy": self.statement("sqs:SendMessage")})
        assert code_of(refused) == "InvalidAttributeValue"

    def test_the_root_and_roles_that_exist_are_accepted(self, admin: Cloud, bucket: str) -> None:
        for principal in (ROOT, DEPLOYER, ACCOUNT):
            statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "s3:GetObject",
                         "Resource": f"arn:aws:s3:::{bucket}/*"}  # fmt: skip
            admin("s3").put_bucket_policy(Bucket=bucket, Policy=document(statement))


def test_nobody_locks_himself_out_of_a_key(admin: Cloud) -> None:
    readers_only = document({"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:Decrypt", "Resource": "*"})
    with pytest.raises(ClientError, match="will not allow you to update the key policy"):
        admin("kms").create_key(Policy=readers_only)


def test_a_log_group_takes_only_a_key_that_logs_may_use(admin: Cloud, key: str) -> None:
    with pytest.raises(ClientError) as refused:
        admin("logs").create_log_group(logGroupName="/sealed", kmsKeyId=key)
    assert code_of(refused) == "InvalidParameterException"
    logs = {"Effect": "Allow", "Principal": {"Service": f"logs.{REGION}.amazonaws.com"}, "Resource": "*",
            "Action": ["kms:Encrypt*", "kms:Decrypt*", "kms:GenerateDataKey*"],
            "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn":
                                        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/sealed"}}}  # fmt: skip
    admin("kms").put_key_policy(KeyId=key, Policy=key_policy(logs))
    admin("logs").create_log_group(logGroupName="/sealed", kmsKeyId=key)
    admin("logs").delete_log_group(logGroupName="/sealed")
