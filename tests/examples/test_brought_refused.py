"""`sagekeep deploy` over things that do not serve: all are named, with exit code 2, before terraform starts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

from brought_things import ACCOUNT, DEPLOYER, REGION, ROOT, SETTINGS
from sagekeep import aws
from sagekeep.local import instance
from sagekeep.local.instance import Instance
from sagekeep.local.leftovers import left

STATES = f"acme-ml-state-{ACCOUNT}-{REGION}"
ABSENT = {
    "vpc": "vpc-0123456789abcdef0",
    "key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/00000000-0000-4000-8000-000000000000",
}
# Sections of the settings; `$word` is an id of what is in the account.
UNFIT = """
[existing]
vpc          = "$vpc"
subnets      = ["$here", "$elsewhere"]
route_tables = ["$table"]
data_bucket  = "unversioned"
keys         = { data = { ssm = "/keys/data" } }
"""
ABSENT_TEXT = f"""
[network]
cidr = "10.0.0.0/20"
[existing]
vpc         = "{ABSENT["vpc"]}"
data_bucket = "nobodys-bucket"
keys        = {{ data = "{ABSENT["key"]}" }}
"""
CONTRADICTING = """
[network]
cidr = "10.0.0.0/20"
[existing]
vpc          = "$vpc"
subnets      = ["$here", "$elsewhere"]
route_tables = ["$table"]
domain       = "d-a1b2c3d4e5f6"
"""
# Settings -> what is said of them.
CASES = {
    "unfit": (
        UNFIT,
        (
            "existing.keys.data: $key is in region eu-west-1, the environment in us-east-1",
            "existing.vpc: $vpc has an internet gateway, $gateway, and network.sealed = true",
            "existing.subnets: $elsewhere is in $other, not in existing.vpc, which is $vpc",
            "existing.data_bucket: bucket unversioned has no versioning",
        ),
    ),
    "absent": (
        ABSENT_TEXT,
        (
            f"existing.keys.data: there is no key {ABSENT['key']}",
            f"existing.vpc: {ABSENT['vpc']} does not exist in account {ACCOUNT}, region {REGION}",
            "existing.data_bucket: there is no bucket nobodys-bucket",
        ),
    ),
    "contradicting": (
        CONTRADICTING,
        (
            "network.cidr: contradicts existing.subnets",
            "existing.keys.studio: must be given with existing.domain",
        ),
    ),
}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    home = tmp_path_factory.mktemp("refused") / "aws"
    try:
        yield instance.up(home, account_id=ACCOUNT, region=REGION, deploy_role=DEPLOYER)
    finally:
        instance.down(home)


@pytest.fixture(scope="module")
def words(account: Instance) -> dict[str, str]:
    """A VPC with an internet gateway, a subnet in it and one elsewhere, a key of another region, a bucket."""
    variables = account.environment()
    ec2, s3 = aws.client("ec2", REGION, variables), aws.client("s3", REGION, variables)
    vpc, other = (ec2.create_vpc(CidrBlock=f"10.{at}.0.0/16")["Vpc"]["VpcId"] for at in range(2))
    here, elsewhere = (
        ec2.create_subnet(VpcId=where, CidrBlock=f"10.{at}.0.0/20")["Subnet"]["SubnetId"]
        for at, where in enumerate((vpc, other))
    )
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    key = aws.client("kms", "eu-west-1", variables).create_key()["KeyMetadata"]["Arn"]
    aws.client("ssm", REGION, variables).put_parameter(Name="/keys/data", Type="String", Value=key)
    for bucket in ("unversioned", STATES):
        s3.create_bucket(Bucket=bucket)
    found = {"vpc": vpc, "other": other, "here": here, "elsewhere": elsewhere}
    return {**found, "gateway": gateway, "table": table, "key": key}


@pytest.mark.parametrize("case", CASES)
def test_each_thing_is_named_and_nothing_is_begun(
    case: str, account: Instance, words: dict[str, str], tmp_path: Path
) -> None:
    section, expected = CASES[case]
    file, out = tmp_path / f"refused-{case}.toml", tmp_path / "out"
    file.write_text(SETTINGS + Template(section).substitute(words), encoding="utf-8")
    before = left(account)
    command = [sys.executable, "-m", "sagekeep", "deploy", "--yes", "--env", str(file), "--out", str(out)]
    environment = {**account.environment(), "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT)), "COLUMNS": "400"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2, done.stdout + done.stderr
    for said in expected:
        assert Template(said).substitute(words) in done.stderr
    assert "Traceback" not in done.stderr
    assert left(account) == before
    assert list(out.glob("stacks/*/.terraform")) == []
    assert "Contents" not in aws.client("s3", REGION, account.environment()).list_objects_v2(Bucket=STATES)
