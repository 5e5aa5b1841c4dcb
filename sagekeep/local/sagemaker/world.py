"""The outside world as the control plane sees it: EC2, IAM, KMS and EventBridge behind one protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


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
    def role_exists(self, arn: str) -> bool: ...
    def role_trusts(self, arn: str, service: str) -> bool: ...
    def key_usable(self, key: str) -> bool: ...
    def emit_event(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None: ...
