"""What SageMaker may do with a role of the account around it: IAM, bucket policies and keys as they are there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.core import iam_evaluator, responses
from ministack.services import iam, kms, s3

from sagekeep.local.faults import Fault, Faults
from sagekeep.local.patches import caller_keys
from sagekeep.local.sagemaker import AwsError, Permission
from sagekeep.local.world import LocalWorld
from tests.local.gateway_cloud import allow, document

ACCOUNT = "210987654321"  # no other test's
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/pipeline"
MODEL = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model/pipelines-1"
REPORT = "s3://reports/evaluation/report.json"
OBJECTS = "arn:aws:s3:::reports/*"
HEADERS = {"x-amz-server-side-encryption": "aws:kms"}
KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalWorld]:
    """The account with one role without policies and one bucket with one report."""
    monkeypatch.setattr(iam_evaluator, "_resolve_condition_key", iam_evaluator._resolve_condition_key)
    caller_keys.apply()
    with responses.request_scope(ACCOUNT, "us-east-1"):
        iam._create_role({"RoleName": "pipeline", "Path": "/team/", "AssumeRolePolicyDocument": document()})
        s3._create_bucket("reports", b"", {})
        s3._put_object("reports", "evaluation/report.json", b"{}", {})
        yield LocalWorld(ACCOUNT, "us-east-1")
        s3._buckets.pop("reports")
        s3._bucket_policies.pop("reports", None)
        iam._roles.pop("pipeline")


def let(*statements: dict[str, Any]) -> None:
    """Give the role these statements, and no other."""
    policy = {"RoleName": "pipeline", "PolicyName": "tested", "PolicyDocument": document(*statements)}
    iam._put_role_policy(policy)


def read(world: LocalWorld, uri: str = REPORT) -> bytes:
    return world.read_object(ROLE, "SageMaker", uri)


def test_a_role_may_what_its_policies_say_under_their_conditions(world: LocalWorld) -> None:
    pinned = {"ForAllValues:StringEquals": {"sagemaker:VpcSubnets": ["subnet-1", "subnet-2"]}}
    let(allow("sagemaker:CreateModel", on=MODEL, **pinned, Null={"sagemaker:VpcSubnets": "false"}))

    def denied(*subnets: str) -> str:
        context = {"sagemaker:VpcSubnets": list(subnets)} if subnets else {}
        return world.denied(ROLE, "SageMaker", Permission("sagemaker:CreateModel", MODEL, context))

    assert denied("subnet-1") == ""
    assert (
        denied("subnet-1", "subnet-9")
        == denied()
        == (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/pipeline/SageMaker is not authorized to perform: "
            f"sagemaker:CreateModel on resource: {MODEL} because no identity-based policy allows the "
            f"sagemaker:CreateModel action"
        )
    )


def test_an_explicit_deny_is_told_as_one(world: LocalWorld) -> None:
    let(allow("*"), {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"})
    reason = world.denied(ROLE, "SageMaker", Permission("iam:PassRole", ROLE))
    assert reason.endswith("with an explicit deny in an identity-based policy")


def test_a_role_that_is_gone_may_nothing(world: LocalWorld) -> None:
    assert world.denied(ROLE + "-x", "SageMaker", Permission("sagemaker:CreateModel", MODEL))


def test_an_object_is_read_with_the_roles_policies(world: LocalWorld) -> None:
    with pytest.raises(AwsError, match=r"s3:GetObject on resource: arn:aws:s3:::reports/evaluation/report\.json"):
        read(world)
    let(allow("s3:GetObject", on=OBJECTS))
    assert read(world) == b"{}"
    with pytest.raises(AwsError) as missing:
        read(world, "s3://reports/none")
    assert (missing.value.code, missing.value.message) == ("NoSuchKey", "s3://reports/none does not exist.")


def test_a_bucket_that_is_closed_to_other_networks_must_exempt_the_role(world: LocalWorld) -> None:
    let(allow("s3:GetObject", on=OBJECTS))
    deny: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": OBJECTS}
    conditions: dict[str, Any] = {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}
    s3._put_bucket_policy("reports", document({**deny, "Condition": conditions}).encode())
    with pytest.raises(AwsError, match="with an explicit deny in a resource-based policy"):
        read(world)
    conditions["ArnNotEquals"] = {"aws:PrincipalArn": ROLE}
    s3._put_bucket_policy("reports", document({**deny, "Condition": conditions}).encode())
    assert read(world) == b"{}"


def test_an_encrypted_object_needs_its_key(world: LocalWorld) -> None:
    owner = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    answer = kms._create_key({"Policy": document(owner)})
    key = json.loads(answer[2])["KeyMetadata"]["Arn"]
    s3._put_object("reports", "evaluation/report.json", b"{}", {**HEADERS, KEY_HEADER: key})
    let(allow("s3:GetObject", on=OBJECTS))
    with pytest.raises(AwsError, match="kms:Decrypt on resource"):
        read(world)
    let(allow("s3:GetObject", on=OBJECTS), allow("kms:Decrypt", on=key))
    assert read(world) == b"{}"


def test_injected_faults_hit_the_calls_of_a_role(world: LocalWorld) -> None:
    faults = Faults()
    world = LocalWorld(ACCOUNT, "us-east-1", faults.take)
    faults.inject(Fault("sagemaker:CreateModel", resource="*/pipelines-*"))
    faults.inject(Fault("s3:GetObject", code="SlowDown", status=503))
    assert world.fault("sagemaker:CreateModel", MODEL.replace("pipelines", "other")) is None
    fault = world.fault("sagemaker:CreateModel", MODEL)
    assert fault is not None
    assert (fault.code, fault.status) == ("ThrottlingException", 400)
    assert world.fault("sagemaker:CreateModel", MODEL) is None
    with pytest.raises(AwsError, match="Rate exceeded"):
        read(world)


def test_without_faults_nothing_is_injected(world: LocalWorld) -> None:
    assert world.fault("sagemaker:CreateModel", MODEL) is None
