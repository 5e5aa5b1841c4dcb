"""The outside world as the control plane sees it: EC2, IAM, KMS, S3 and EventBridge behind one protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sagekeep.local.sagemaker.errors import AwsError


@dataclass(frozen=True)
class Subnet:
    """A subnet that exists: its id, its VPC and its zone id (such as use1-az1)."""

    id: str
    vpc_id: str
    zone_id: str


@dataclass(frozen=True)
class Group:
    """A security group that exists, and its VPC."""

    id: str
    vpc_id: str


@dataclass(frozen=True)
class Caller:
    """Who calls: the principal's ARN (of a session, where there is one), account and unique id."""

    arn: str
    account_id: str
    user_id: str


@dataclass(frozen=True)
class Permission:
    """One action on one resource with its condition keys; every permission of a call must be allowed."""

    action: str
    resource_arn: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)


class World(Protocol):
    """What the control plane asks of the account around it. Look-ups return None or False for what does not exist."""

    @property
    def account_id(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def partition(self) -> str: ...

    def subnet(self, subnet_id: str) -> Subnet | None: ...
    def security_group(self, group_id: str) -> Group | None: ...
    def create_security_group(self, vpc_id: str, name: str, description: str, tags: dict[str, str]) -> str: ...
    def authorize_ingress(self, group_id: str, *, port: int, peer_group_id: str) -> None: ...
    def authorize_egress(self, group_id: str, *, port: int, peer_group_id: str) -> None: ...
    def create_network_interface(self, subnet_id: str, groups: Sequence[str], description: str) -> str: ...
    def delete_network_interface(self, interface_id: str) -> None: ...
    def release_network_interface(self, interface_id: str) -> None: ...
    def role_exists(self, arn: str) -> bool: ...
    def role_trusts(self, arn: str, service: str) -> bool: ...
    def key_usable(self, key: str) -> bool: ...
    def object_exists(self, uri: str) -> bool: ...
    def emit_event(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None: ...

    def denied(self, role_arn: str, session: str, permission: Permission) -> str:
        """Why a session of the role may not do this, in AWS's words; "" when it may."""

    def fault(self, action: str, resource_arn: str) -> AwsError | None:
        """The fault that a test has injected for this call, if any; asking uses it up."""

    def read_object(self, role_arn: str, session: str, uri: str) -> bytes:
        """The content of s3://bucket/key, read with the role; raises AwsError (AccessDenied, NoSuchKey)."""
