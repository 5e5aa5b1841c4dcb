"""What other partitions write otherwise."""

from __future__ import annotations

import pytest

from policies import keys
from sagekeep.partitions import gateway_service_name, host, interface_service_name, partition_of
from sagekeep.settings import Settings
from stacks.parts.endpoint_table import INTERFACE_ENDPOINTS

# Settings refuse China for want of an image; what is made of them must be right all the same.
CHINA = Settings(environment="test", prefix="a", account_id="1" * 12, region="cn-north-1")


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("us-gov-east-1", "aws-us-gov"),
        ("cn-northwest-1", "aws-cn"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("us-isof-south-1", "aws-iso-f"),
    ],
)
def test_a_region_has_its_partition(region: str, partition: str) -> None:
    assert partition_of(region).name == partition


def test_hosts_end_as_their_partition_does() -> None:
    assert host("s3", "us-gov-west-1") == "s3.us-gov-west-1.amazonaws.com"
    assert host("logs", "cn-north-1") == "logs.cn-north-1.amazonaws.com.cn"


# aws-cdk-lib, aws-ec2/lib/vpc-endpoint.ts, of the services that an environment has endpoints for.
CHINAS_NAMES = {
    "sagemaker.api": "cn.com.amazonaws.cn-north-1.sagemaker.api",
    "sagemaker.runtime": "cn.com.amazonaws.cn-north-1.sagemaker.runtime",
    "studio": "aws.sagemaker.cn-north-1.studio",
    "ecr.api": "cn.com.amazonaws.cn-north-1.ecr.api",
    "ecr.dkr": "cn.com.amazonaws.cn-north-1.ecr.dkr",
    "logs": "com.amazonaws.cn-north-1.logs",
    "sts": "cn.com.amazonaws.cn-north-1.sts",
    "kms": "com.amazonaws.cn-north-1.kms",
    "monitoring": "cn.com.amazonaws.cn-north-1.monitoring",
}


def test_some_endpoint_services_in_china_are_named_the_other_way_round() -> None:
    assert {e.service: e.service_name("cn-north-1") for e in INTERFACE_ENDPOINTS} == CHINAS_NAMES
    assert gateway_service_name("s3", "cn-north-1") == "com.amazonaws.cn-north-1.s3"
    assert interface_service_name("s3", "cn-north-1") == "cn.com.amazonaws.cn-north-1.s3"


def test_keys_in_china_know_the_hosts_there() -> None:
    principals = [p for s in keys.logs_key(CHINA) for p in s.principals if "logs" in p.identifiers[0]]
    assert [p.identifiers for p in principals] == [("logs.cn-north-1.amazonaws.com.cn",)]
    via = [c for s in keys.state_key(CHINA) for c in s.conditions if c.variable == "kms:ViaService"]
    assert [c.values for c in via if c.test == "StringEquals"] == [("s3.cn-north-1.amazonaws.com.cn",)]
    roots = {i for s in keys.data_key(CHINA) for p in s.principals if p.type == "AWS" for i in p.identifiers}
    assert roots == {"arn:aws-cn:iam::111111111111:root"}
