"""The world outside SageMaker, as its control plane sees it: EC2, IAM, KMS and EventBridge of this account."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ministack.services import ec2, eventbridge, iam, kms

from sagekeep.local import delegates
from sagekeep.local.sagemaker import Group, Subnet


class LocalWorld:
    """See sagekeep.local.sagemaker.World."""

    partition = "aws"

    def __init__(self, account_id: str, region: str) -> None:
        self.account_id = account_id
        self.region = region

    def subnet(self, subnet_id: str) -> Subnet | None:
        """The subnet of that id, or None."""
        record = ec2._subnets.get(subnet_id)
        return Subnet(subnet_id, record["VpcId"], record["AvailabilityZoneId"]) if record else None

    def security_group(self, group_id: str) -> Group | None:
        """The security group of that id, or None."""
        record = ec2._security_groups.get(group_id)
        return Group(group_id, record["VpcId"]) if record else None

    def create_security_group(self, vpc_id: str, name: str, description: str, tags: dict[str, str]) -> str:
        """The id of a new group; like every new group it may send anything anywhere."""
        before = set(ec2._security_groups)
        ec2._create_security_group({"VpcId": vpc_id, "GroupName": name, "GroupDescription": description})
        (group_id,) = set(ec2._security_groups) - before
        ec2._tags[group_id] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return str(group_id)

    def authorize_ingress(self, group_id: str, *, port: int, peer_group_id: str) -> None:
        """Let a group receive TCP on a port from another."""
        ec2._security_groups[group_id]["IpPermissions"].append(_rule(port, peer_group_id, self.account_id))

    def authorize_egress(self, group_id: str, *, port: int, peer_group_id: str) -> None:
        """Let a group send TCP on a port to another."""
        ec2._security_groups[group_id]["IpPermissionsEgress"].append(_rule(port, peer_group_id, self.account_id))

    def create_network_interface(self, subnet_id: str, groups: Sequence[str], description: str) -> str:
        """The id of a new interface; its subnet and groups cannot be deleted while it exists."""
        before = set(ec2._network_interfaces)
        request = {"SubnetId": subnet_id, "Description": description}
        request |= {f"SecurityGroupId.{place}": group for place, group in enumerate(groups, 1)}
        ec2._create_network_interface(request)
        (interface_id,) = set(ec2._network_interfaces) - before
        ec2._network_interfaces[interface_id]["Status"] = "in-use"
        return str(interface_id)

    def delete_network_interface(self, interface_id: str) -> None:
        """Remove an interface; no error when it is gone already."""
        ec2._network_interfaces.pop(interface_id, None)

    def role_exists(self, arn: str) -> bool:
        """Whether the account has that very role, path included."""
        role = iam._roles.get(arn.rsplit("/", 1)[-1])
        return role is not None and role["Arn"] == arn

    def role_trusts(self, arn: str, service: str) -> bool:
        """Whether the role's trust policy lets the service assume it on behalf of this account."""
        source = f"arn:{self.partition}:sagemaker:{self.region}:{self.account_id}:*"
        return delegates.role_trusts(arn, service, source)

    def key_usable(self, key: str) -> bool:
        """Whether a key id, ARN or alias names an enabled key of this account."""
        record = kms._resolve_key(key)
        return record is not None and record.get("KeyState") == "Enabled"

    def emit_event(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
        """Put an event of SageMaker on the default bus."""
        entry = {
            "Source": "aws.sagemaker",
            "DetailType": detail_type,
            "Detail": json.dumps(detail, default=str),
            "Resources": list(resources),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _rule(port: int, peer_group_id: str, account_id: str) -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        "IpRanges": [],
        "Ipv6Ranges": [],
        "PrefixListIds": [],
        "UserIdGroupPairs": [{"GroupId": peer_group_id, "UserId": account_id}],
    }
