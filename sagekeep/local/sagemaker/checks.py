"""Checks against the world that several operations share; each raises AwsError as AWS words it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.world import World

SERVICE = "sagemaker.amazonaws.com"
# Instances with local NVMe encrypt it themselves and refuse a volume key (API reference, ResourceConfig). The rule is
# AWS's; the list of families is ours and may lack new ones.
_LOCAL_STORAGE = (
    "c5d", "c6id", "c8gd", "g4dn", "g5", "g6", "g6e", "i3en", "m5d", "m6gd", "m6id", "m7gd", "p4d", "p4de", "p5",
    "p5e", "p5en", "p6-b200", "r5d", "r6gd", "r6id", "r7gd", "trn1", "trn1n", "trn2",
)  # fmt: skip


def check_role(world: World, arn: str) -> None:
    """The role exists and SageMaker may assume it."""
    if not world.role_exists(arn) or not world.role_trusts(arn, SERVICE):
        raise invalid(
            f"Could not assume role {arn}. Please ensure that the role exists and allows principal "
            f"'{SERVICE}' to assume the role."
        )


def check_key(world: World, key: str) -> None:
    """The KMS key exists and is enabled."""
    if not world.key_usable(key):
        raise invalid(f"The KMS key '{key}' does not exist, is not enabled or cannot be used by SageMaker.")


def check_subnets(world: World, subnets: Sequence[str]) -> str:
    """The subnets exist in one VPC, whose id is returned."""
    found = {subnet_id: world.subnet(subnet_id) for subnet_id in subnets}
    missing = [subnet_id for subnet_id, subnet in found.items() if subnet is None]
    if missing:
        raise invalid(f"The subnet ID '{missing[0]}' does not exist.")
    vpcs = sorted({subnet.vpc_id for subnet in found.values() if subnet})
    if len(vpcs) != 1:
        raise invalid(f"The subnets must be in one VPC, got {', '.join(vpcs) or 'none'}.")
    return vpcs[0]


def check_groups(world: World, groups: Iterable[str], vpc_id: str) -> None:
    """The security groups exist in this VPC."""
    for group_id in groups:
        group = world.security_group(group_id)
        if group is None or group.vpc_id != vpc_id:
            raise invalid(f"The security group '{group_id}' does not exist in VPC '{vpc_id}'.")


def check_vpc_config(world: World, config: Params | None) -> None:
    """A `VpcConfig` names subnets and groups of one VPC; None is no VpcConfig."""
    if config:
        check_groups(world, config["SecurityGroupIds"], check_subnets(world, config["Subnets"]))


def check_model_data(world: World, model: Params) -> None:
    """The archives that a model names are there, as CreateModel asks (aws/sagemaker-python-sdk, issue 608)."""
    for url in members(model, "ModelDataUrl"):
        if not world.object_exists(url):
            raise invalid(f"Could not find model data at {url}.")


def check_volume_key(instance_types: Iterable[str], key: str | None) -> None:
    """No volume key is asked for on an instance type with local storage."""
    for instance_type in instance_types if key else ():
        if instance_type.removeprefix("ml.").split(".")[0] in _LOCAL_STORAGE:
            raise invalid(f"VolumeKmsKeyId is not supported for instance type '{instance_type}' (local NVMe storage).")


def members(value: Any, name: str) -> list[Any]:
    """Every value of the member `name` at any depth of a request, in order; lists are flattened."""
    found: list[Any] = []
    if isinstance(value, dict):
        for key, item in value.items():
            if key == name:
                found += item if isinstance(item, list) else [item]
            else:
                found += members(item, name)
    elif isinstance(value, list):
        for item in value:
            found += members(item, name)
    return found
