"""What is in use cannot be deleted: ministack lets groups, subnets and route tables go whatever refers to them.

https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html and the errors of the EC2 API (DependencyViolation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import ec2

Params = dict[str, Any]


def apply() -> None:
    """Ask before each deletion whether something still refers to the resource."""
    for action, parameter, users in (
        ("DeleteSecurityGroup", "GroupId", _users_of_group),
        ("DeleteSubnet", "SubnetId", _users_of_subnet),
        ("DeleteRouteTable", "RouteTableId", _users_of_route_table),
        ("DeleteVpc", "VpcId", _users_of_vpc),
    ):
        ec2._ACTION_MAP[action] = _guarded(ec2._ACTION_MAP[action], parameter, users)


def _guarded(plain: Callable[[Params], Any], parameter: str, users: Callable[[str], Iterator[str]]) -> Any:
    def delete(p: Params) -> Any:
        resource = ec2._p(p, parameter)
        user = next(users(resource), None)
        if user is not None:
            text = f"resource {resource} has a dependent object ({user}) and cannot be deleted"
            return ec2._error("DependencyViolation", text, 400)
        return plain(p)

    return delete


def _users_of_group(group_id: str) -> Iterator[str]:
    for interface_id, interface in ec2._network_interfaces.items():
        if any(group.get("GroupId") == group_id for group in interface.get("Groups", [])):
            yield interface_id
    for other_id, other in ec2._security_groups.items():
        rules = [*other["IpPermissions"], *other["IpPermissionsEgress"]]
        pairs = (pair for rule in rules for pair in rule.get("UserIdGroupPairs", []))
        if other_id != group_id and any(pair.get("GroupId") == group_id for pair in pairs):
            yield other_id


def _users_of_subnet(subnet_id: str) -> Iterator[str]:
    return (i for i, interface in ec2._network_interfaces.items() if interface.get("SubnetId") == subnet_id)


def _users_of_route_table(table_id: str) -> Iterator[str]:
    table = ec2._route_tables.get(table_id) or {}
    return (a["SubnetId"] for a in table.get("Associations", []) if a.get("SubnetId"))


def _users_of_vpc(vpc_id: str) -> Iterator[str]:
    for endpoint_id, endpoint in ec2._vpc_endpoints.items():
        if endpoint["VpcId"] == vpc_id:
            yield endpoint_id
    for interface_id, interface in ec2._network_interfaces.items():
        if interface.get("VpcId") == vpc_id:
            yield interface_id
