"""Studio's domain when the network gets a third zone, by real terraform: it is changed in place, and stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sagekeep.local.instance import Instance
from sagekeep.settings import parse
from stacks.app import synthesize
from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, drop_role, make_role
from tests.local.small_root import SmallRoot

NETWORK = """
resource "aws_vpc" "v" {{
  cidr_block = "10.78.0.0/16"
}}
resource "aws_subnet" "s" {{
  count                = 3
  vpc_id               = aws_vpc.v.id
  cidr_block           = cidrsubnet("10.78.0.0/16", 3, count.index)
  availability_zone_id = ["use1-az1", "use1-az2", "use1-az4"][count.index]
}}
resource "aws_security_group" "g" {{
  vpc_id = aws_vpc.v.id
  name   = "studio"
}}
locals {{
  subnet_ids = slice(aws_subnet.s[*].id, 0, {zones})
}}
"""


@pytest.fixture
def role(admin: Cloud) -> Iterator[str]:
    yield make_role(admin, "in-studio", "sagemaker.amazonaws.com")
    drop_role(admin, "in-studio")


def studio(folder: Path, role: str, key: str) -> str:
    """The synthesized domain and its scripts, with what they read from other stacks put in."""
    synthesize(
        parse({"prefix": "acme", "account_id": ACCOUNT, "region": REGION, "removal": "destroy"}, environment="t"),
        folder,
    )
    document = json.loads((folder / "stacks" / "studio" / "cdk.tf.json").read_text(encoding="utf-8"))
    kinds = ("aws_sagemaker_domain", "aws_sagemaker_studio_lifecycle_config")
    found: dict[str, Any] = {kind: document["resource"][kind] for kind in kinds}
    found["aws_sagemaker_domain"]["studio_domain"] |= {"depends_on": [], "kms_key_id": key}
    text = json.dumps({"resource": found})
    remote = "data.terraform_remote_state"
    for read, here in (
        (f"{remote}.network.outputs.subnet_ids", "local.subnet_ids"),
        (f"{remote}.network.outputs.vpc_id", "aws_vpc.v.id"),
        (f"{remote}.network.outputs.studio_security_group_id", "aws_security_group.g.id"),
        (f"{remote}.network.outputs.jobs_security_group_id", "aws_security_group.g.id"),
        ("${aws_iam_role.access_role.arn}", role),
        (f"{remote}.keys.outputs.data_key_arn", "aws_vpc.v.arn"),  # a text like another, for the scripts
    ):
        text = text.replace(read, here)
    return text


def test_a_third_zone_changes_the_domain_in_place(
    running: Instance, admin: Cloud, tmp_path: Path, role: str, key: str
) -> None:
    root = SmallRoot(tmp_path, running)
    root.write(NETWORK.format(zones=2))
    (tmp_path / "studio.tf.json").write_text(studio(tmp_path / "out", role, key), encoding="utf-8")
    root.terraform("init")
    try:
        root.terraform("apply", "-auto-approve")
        (before,) = admin("sagemaker").list_domains()["Domains"]
        root.write(NETWORK.format(zones=3))
        root.terraform("apply", "-auto-approve")
        (after,) = admin("sagemaker").list_domains()["Domains"]
        assert after["DomainId"] == before["DomainId"]
        assert len(admin("sagemaker").list_studio_lifecycle_configs()["StudioLifecycleConfigs"]) == 2
        assert not root.plan_differs()
    finally:
        for group in admin("ec2").describe_security_groups()["SecurityGroups"]:
            if "-nfs-" in group["GroupName"]:
                _strip(admin, group)
        root.terraform("destroy", "-auto-approve", "-target=aws_sagemaker_domain.studio_domain")
        for group in admin("ec2").describe_security_groups()["SecurityGroups"]:
            if "-nfs-" in group["GroupName"]:
                admin("ec2").delete_security_group(GroupId=group["GroupId"])
        root.terraform("destroy", "-auto-approve")


def _strip(admin: Cloud, group: dict[str, Any]) -> None:
    """The two groups that Studio leaves name each other."""
    ec2 = admin("ec2")
    for permissions, revoke in (
        (group["IpPermissions"], ec2.revoke_security_group_ingress),
        (group["IpPermissionsEgress"], ec2.revoke_security_group_egress),
    ):
        if permissions:
            revoke(GroupId=group["GroupId"], IpPermissions=permissions)
