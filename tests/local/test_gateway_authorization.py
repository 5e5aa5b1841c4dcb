"""Who may do what: IAM, resource policies and keys behave as on AWS where that hurts."""

from __future__ import annotations

import io
import ssl
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
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
    make_role,
    message_of,
)

TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:t"


def encrypt_by_default(admin: Cloud, bucket: str, key: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    admin("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("app.py", "def handler(event, _context):\n    return event\n")
    return out.getvalue()


def test_a_denial_names_principal_action_resource_and_reason(become: Become) -> None:
    with pytest.raises(ClientError) as denied:
        become()("sqs").create_queue(QueueName="mine")
    assert code_of(denied) in {"AccessDenied", "AccessDeniedException"}
    message = message_of(denied)
    assert f"arn:aws:sts::{ACCOUNT}:assumed-role/tester-" in message
    assert "sqs:CreateQueue" in message.replace("createqueue", "CreateQueue")
    assert f"arn:aws:sqs:{REGION}:{ACCOUNT}:mine" in message
    assert "because no identity-based policy allows" in message


# Each call, with the one resource that it is about: a policy for exactly that resource must be enough, and one for
# another resource must not.
SCOPED = [
    (
        "lambda",
        "get_function_concurrency",
        {"FunctionName": "f"},
        "lambda:GetFunctionConcurrency",
        "lambda:{r}:{a}:function:f",
    ),
    ("lambda", "invoke", {"FunctionName": "f"}, "lambda:InvokeFunction", "lambda:{r}:{a}:function:f"),
    (
        "lambda",
        "invoke",
        {"FunctionName": "f", "Qualifier": "1"},
        "lambda:InvokeFunction",
        "lambda:{r}:{a}:function:f:1",
    ),
    ("iam", "get_role", {"RoleName": "deployer"}, "iam:GetRole", "iam::{a}:role/team/deployer"),
    (
        "logs",
        "create_log_stream",
        {"logGroupName": "g", "logStreamName": "s"},
        "logs:CreateLogStream",
        "logs:{r}:{a}:log-group:g:*",
    ),
    (
        "logs",
        "put_retention_policy",
        {"logGroupName": "g", "retentionInDays": 1},
        "logs:PutRetentionPolicy",
        "logs:{r}:{a}:log-group:g:*",
    ),
    ("events", "describe_rule", {"Name": "n"}, "events:DescribeRule", "events:{r}:{a}:rule/n"),
    ("events", "list_targets_by_rule", {"Rule": "n"}, "events:ListTargetsByRule", "events:{r}:{a}:rule/n"),
    ("sns", "list_tags_for_resource", {"ResourceArn": TOPIC}, "sns:ListTagsForResource", "sns:{r}:{a}:t"),
    ("sns", "unsubscribe", {"SubscriptionArn": f"{TOPIC}:1-2"}, "sns:Unsubscribe", "sns:{r}:{a}:t"),
    ("sqs", "get_queue_url", {"QueueName": "q"}, "sqs:GetQueueUrl", "sqs:{r}:{a}:q"),
    ("s3", "get_bucket_policy", {"Bucket": "none-such"}, "s3:GetBucketPolicy", "s3:::none-such"),
    ("cloudwatch", "delete_alarms", {"AlarmNames": ["x"]}, "cloudwatch:DeleteAlarms", "cloudwatch:{r}:{a}:alarm:x"),
]


@pytest.mark.parametrize(("service", "operation", "parameters", "action", "resource"), SCOPED)
def test_actions_are_held_to_their_resource(
    become: Become, service: str, operation: str, parameters: dict[str, Any], action: str, resource: str
) -> None:
    arn = "arn:aws:" + resource.format(r=REGION, a=ACCOUNT)

    def denied(*statements: dict[str, Any]) -> bool:
        try:
            getattr(become(*statements)(service), operation)(**parameters)
        except ClientError as error:
            return "not authorized" in error.response["Error"]["Message"]
        return False

    assert denied()
    assert denied(allow(action, on=arn.replace(ACCOUNT, "999999999999").replace("none-such", "other")))
    assert not denied(allow(action, on=arn))


def test_a_key_is_checked_behind_its_alias(become: Become, admin: Cloud, key: str) -> None:
    admin("kms").create_alias(AliasName="alias/tested", TargetKeyId=key)
    assert become(allow("kms:DescribeKey", on=key))("kms").describe_key(KeyId="alias/tested")
    with pytest.raises(ClientError):
        become(allow("kms:DescribeKey", on=f"arn:aws:kms:{REGION}:{ACCOUNT}:alias/tested"))("kms").describe_key(
            KeyId="alias/tested"
        )
    admin("kms").delete_alias(AliasName="alias/tested")


def test_the_principal_of_a_session_is_its_role(become: Become, admin: Cloud, bucket: str) -> None:
    deny = {
        "Sid": "OnlyTheDeployer",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"ArnNotEquals": {"aws:PrincipalArn": DEPLOYER}},
    }
    admin("s3").put_bucket_policy(Bucket=bucket, Policy=document(deny))
    admin("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    assert admin("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    with pytest.raises(ClientError) as denied:
        become(allow("s3:*"))("s3").get_object(Bucket=bucket, Key="k")
    assert "with an explicit deny in a resource-based policy" in message_of(denied)


def test_an_unsigned_request_reads_nothing(running: Instance, admin: Cloud, bucket: str) -> None:
    admin("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    context = ssl.create_default_context(cafile=str(running.home / "ca.pem"))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({"https": f"http://127.0.0.1:{running.proxy_port}"}),
        urllib.request.HTTPSHandler(context=context),
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        opener.open(f"https://{bucket}.s3.{REGION}.amazonaws.com/k", timeout=10)
    assert refused.value.code == 403
    refused.value.close()


def test_an_object_with_tags_needs_the_right_to_tag_with_these_tags(become: Become, bucket: str) -> None:
    objects = f"arn:aws:s3:::{bucket}/*"
    with pytest.raises(ClientError, match="s3:PutObjectTagging"):
        become(allow("s3:PutObject", on=objects))("s3").put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=b")
    tagging = allow("s3:PutObjectTagging", on=objects, StringEquals={"s3:RequestObjectTag/a": "b"})
    tagger = become(allow("s3:PutObject", on=objects), tagging)("s3")
    tagger.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=b")
    with pytest.raises(ClientError, match="s3:PutObjectTagging"):
        tagger.put_object(Bucket=bucket, Key="k", Body=b"", Tagging="a=c")


class TestKeysOfObjects:
    """S3 uses the key in the caller's name."""

    def test_reading_needs_decrypt_and_writing_needs_a_data_key(
        self, become: Become, admin: Cloud, bucket: str, key: str
    ) -> None:
        encrypt_by_default(admin, bucket, key)
        admin("s3").put_object(Bucket=bucket, Key="k", Body=b"secret")
        objects = allow("s3:*", on=[f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"])
        without = become(objects)("s3")
        with pytest.raises(ClientError, match="kms:Decrypt"):
            without.get_object(Bucket=bucket, Key="k")
        with pytest.raises(ClientError, match="kms:GenerateDataKey"):
            without.put_object(Bucket=bucket, Key="new", Body=b"")
        assert without.head_object(Bucket=bucket, Key="k")["SSEKMSKeyId"] == key
        reader = become(objects, allow("kms:Decrypt", on=key))("s3")
        assert reader.get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
        with pytest.raises(ClientError, match="kms:GenerateDataKey"):
            reader.put_object(Bucket=bucket, Key="new", Body=b"")
        writer = become(objects, allow("kms:GenerateDataKey", on=key))("s3")
        writer.put_object(Bucket=bucket, Key="new", Body=b"")

    def test_a_named_key_counts_over_the_default(self, become: Become, bucket: str, key: str) -> None:
        objects = allow("s3:PutObject", on=f"arn:aws:s3:::{bucket}/*")
        writer = become(objects)("s3")
        writer.put_object(Bucket=bucket, Key="plain", Body=b"")
        with pytest.raises(ClientError, match="kms:GenerateDataKey"):
            writer.put_object(Bucket=bucket, Key="k", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=key)

    def test_the_service_is_seen_in_the_key_policy(self, become: Become, admin: Cloud, bucket: str, key: str) -> None:
        encrypt_by_default(admin, bucket, key)
        admin("s3").put_object(Bucket=bucket, Key="k", Body=b"secret")
        through = allow("kms:Decrypt", on=key, StringEquals={"kms:ViaService": f"s3.{REGION}.amazonaws.com"})
        reader = become(allow("s3:GetObject"), through)
        assert reader("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"secret"
        blob = admin("kms").encrypt(KeyId=key, Plaintext=b"x")["CiphertextBlob"]
        with pytest.raises(ClientError):
            reader("kms").decrypt(CiphertextBlob=blob)

    def test_a_key_that_is_off_or_going_opens_nothing(self, admin: Cloud, bucket: str, key: str) -> None:
        encrypt_by_default(admin, bucket, key)
        admin("s3").put_object(Bucket=bucket, Key="k", Body=b"secret")
        admin("kms").disable_key(KeyId=key)
        with pytest.raises(ClientError) as refused:
            admin("s3").get_object(Bucket=bucket, Key="k")
        assert code_of(refused) == "KMS.DisabledException"
        admin("kms").enable_key(KeyId=key)
        admin("kms").schedule_key_deletion(KeyId=key)
        with pytest.raises(ClientError) as refused:
            admin("s3").put_object(Bucket=bucket, Key="k", Body=b"secret")
        assert code_of(refused) == "KMS.KMSInvalidStateException"
        admin("kms").cancel_key_deletion(KeyId=key)


class TestPassingRoles:
    """iam:PassRole, for every role in a request."""

    @pytest.fixture
    def passed(self, admin: Cloud) -> Iterator[str]:
        yield make_role(admin, "passed", "lambda.amazonaws.com")
        drop_role(admin, "passed")

    def create(self, caller: Cloud, role: str) -> None:
        caller("lambda").create_function(
            FunctionName="passing", Runtime="python3.12", Role=role, Handler="app.handler", Code={"ZipFile": archive()}
        )

    def test_a_function_cannot_be_given_a_role_that_its_maker_may_not_pass(
        self, become: Become, admin: Cloud, passed: str
    ) -> None:
        with pytest.raises(ClientError, match="iam:PassRole"):
            self.create(become(allow("lambda:*")), passed)
        to_other = allow("iam:PassRole", on=passed, StringEquals={"iam:PassedToService": "ecs.amazonaws.com"})
        with pytest.raises(ClientError, match="iam:PassRole"):
            self.create(become(allow("lambda:*"), to_other), passed)
        to_lambda = allow("iam:PassRole", on=passed, StringEquals={"iam:PassedToService": "lambda.amazonaws.com"})
        self.create(become(allow("lambda:*"), to_lambda), passed)
        admin("lambda").delete_function(FunctionName="passing")

    def test_a_role_that_lambda_cannot_assume_is_refused(self, admin: Cloud) -> None:
        role = make_role(admin, "for-others", "ecs.amazonaws.com")
        with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
            self.create(admin, role)
        drop_role(admin, "for-others")


def test_a_group_is_known_by_its_vpc(become: Become, admin: Cloud) -> None:
    ec2 = admin("ec2")
    vpcs = [ec2.create_vpc(CidrBlock=f"10.{n}.0.0/16")["Vpc"]["VpcId"] for n in (6, 7)]
    groups = [ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"] for vpc in vpcs]
    mine = {"ec2:Vpc": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{vpcs[0]}"}
    sweeper = become(allow("ec2:DeleteSecurityGroup", ArnEquals=mine))("ec2")
    sweeper.delete_security_group(GroupId=groups[0])
    with pytest.raises(ClientError) as denied:
        sweeper.delete_security_group(GroupId=groups[1])
    assert code_of(denied) == "UnauthorizedOperation"
    ec2.delete_security_group(GroupId=groups[1])
    for vpc in vpcs:
        ec2.delete_vpc(VpcId=vpc)


def test_asking_for_a_bucket_is_listing_it_without_a_prefix(become: Become, bucket: str) -> None:
    below = {"StringLike": {"s3:prefix": ["sdk/*"]}}
    s3 = become({**allow("s3:ListBucket", on=f"arn:aws:s3:::{bucket}"), "Condition": below})("s3")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="sdk/jobs")["KeyCount"] == 0
    for call in (s3.head_bucket, s3.list_objects_v2):
        with pytest.raises(ClientError) as denied:
            call(Bucket=bucket)
        assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
