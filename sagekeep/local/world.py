"""The world outside SageMaker, as its control plane sees it: EC2, IAM, KMS, S3 and EventBridge of this account."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ministack.services import ec2, eventbridge, iam, kms, s3

from sagekeep.local import delegates, grants, variants
from sagekeep.local.checks import EXTRA_CHECKS
from sagekeep.local.faults import Fault
from sagekeep.local.sagemaker import AwsError, Group, Permission, Subnet

TakeFault = Callable[[str, str], Fault | None]


class LocalWorld:
    """See sagekeep.local.sagemaker.World."""

    partition = "aws"

    def __init__(self, account_id: str, region: str, take_fault: TakeFault = lambda _action, _resource: None) -> None:
        """`take_fault` gives the injected fault for an IAM action on an ARN, and uses it up (`Faults.take`)."""
        self.account_id = account_id
        self.region = region
        self._take_fault = take_fault

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

    def release_network_interface(self, interface_id: str) -> None:
        """Nothing is attached to it any more, but it is still there, unless somebody has deleted it."""
        if interface_id in ec2._network_interfaces:
            ec2._network_interfaces[interface_id]["Status"] = "available"

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

    def object_exists(self, uri: str) -> bool:
        """Whether there is an object s3://bucket/key, whoever may read it."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return key in s3._buckets.get(bucket, {}).get("objects", {})

    def emit_event(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
        """Put an event of SageMaker on the default bus."""
        entry = {
            "Source": "aws.sagemaker",
            "DetailType": detail_type,
            "Detail": json.dumps(detail, default=str),
            "Resources": list(resources),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

    def denied(self, role_arn: str, session: str, permission: Permission) -> str:
        """Why a session of the role may not do this, in AWS's words; "" when it may."""
        keys = variants.of_sagemaker(permission.context)
        action, arn = permission.action, permission.resource_arn
        return delegates.denial(role_arn, session, action, arn, keys) or grants.stopped(action, arn)

    def fault(self, action: str, resource_arn: str) -> AwsError | None:
        """The fault that a test has injected for this call, if any; asking uses it up."""
        fault = self._take_fault(action, resource_arn)
        return AwsError(fault.code, fault.message, fault.status) if fault else None

    def read_object(self, role_arn: str, session: str, uri: str) -> bytes:
        """The content of s3://bucket/key, read with the role; raises AwsError (AccessDenied, NoSuchKey).

        Not through a VPC endpoint: Pipelines reads from outside the account's networks.
        """
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        action, arn = "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"
        fault = self.fault(action, arn)
        if fault is not None:
            raise fault
        extra = [check for find in EXTRA_CHECKS for check in find(action, arn, {})]
        for wish, _service, resource, keys in [(action, "s3", arn, {}), *extra]:
            reason = delegates.denial(role_arn, session, wish, resource, keys)
            if reason:
                raise AwsError("AccessDenied", f"{uri} cannot be read. {reason}")
        content = s3._get_object_data(bucket, key)
        if content is None:
            raise AwsError("NoSuchKey", f"{uri} does not exist.")
        return bytes(content)


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
