"""Faults switched on from outside."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.errors import UsageError
from sagekeep.local.faults import Fault, Faults
from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import Cloud, code_of, message_of


@pytest.fixture
def faulty(running: Instance) -> Iterator[Instance]:
    yield running
    running.clear_faults()


def test_the_next_request_fails_and_the_one_after_does_not(faulty: Instance, admin: Cloud) -> None:
    faulty.inject(Fault("s3:ListAllMyBuckets", "SlowDown", "Please reduce your request rate.", 503))
    with pytest.raises(ClientError) as failed:
        admin("s3").list_buckets()
    assert code_of(failed) == "SlowDown"
    assert message_of(failed) == "Please reduce your request rate."
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert "Buckets" in admin("s3").list_buckets()


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("sagemaker", "list_pipelines", "sagemaker:ListPipelines"),
        ("ec2", "describe_vpcs", "ec2:DescribeVpcs"),
        ("iam", "list_roles", "iam:ListRoles"),
        ("kms", "list_keys", "kms:ListKeys"),
        ("lambda", "list_functions", "lambda:ListFunctions"),
        ("logs", "describe_log_groups", "logs:DescribeLogGroups"),
        ("sqs", "list_queues", "sqs:ListQueues"),
        ("sns", "list_topics", "sns:ListTopics"),
        ("events", "list_rules", "events:ListRules"),
    ],
)
def test_every_protocol_carries_the_code(
    faulty: Instance, admin: Cloud, service: str, operation: str, action: str
) -> None:
    faulty.inject(Fault(action, "ThrottlingException", "Rate exceeded", 400))
    with pytest.raises(ClientError) as failed:
        getattr(admin(service), operation)()
    assert code_of(failed) == "ThrottlingException"
    assert faulty.faults()["hits"] == [{"action": action, "resource": faulty.faults()["hits"][0]["resource"],
                                        "code": "ThrottlingException"}]  # fmt: skip


def test_a_fault_can_be_meant_for_one_resource(faulty: Instance, admin: Cloud) -> None:
    faulty.inject(Fault("kms:DescribeKey", "KMSInternalException", "x", 500, times=0, resource="*/not-this-one"))
    key = admin("kms").create_key()["KeyMetadata"]["KeyId"]
    assert admin("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyId"] == key
    admin("kms").schedule_key_deletion(KeyId=key)


@pytest.mark.parametrize(
    "bad", [{"action": "ListPipelines"}, {"action": "s3:x", "status": 200}, {"action": "s3:x", "times": -1}]
)
def test_a_fault_that_cannot_be_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Fault(**bad)  # type: ignore[arg-type]


@given(times=st.integers(1, 20), requests=st.integers(0, 30))
def test_a_fault_happens_as_often_as_asked(times: int, requests: int) -> None:
    faults = Faults()
    faults.inject(Fault("s3:GetObject", times=times))
    hits = [faults.take("s3:GetObject", "arn:aws:s3:::b/k") is not None for _ in range(requests)]
    assert sum(hits) == min(times, requests)
    assert hits == sorted(hits, reverse=True)
