"""Network interfaces in a security group: while there is one, neither the group nor its subnets can be deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sagekeep_runtime.retry import Budget

Interface = dict[str, Any]


def in_group(group_id: str, *, ec2: Any, budget: Budget, subnet_ids: Sequence[str] = ()) -> list[Interface]:
    """The interfaces in a group, and in these subnets where any are named. Raises ClientError."""
    filters = [{"Name": "group-id", "Values": [group_id]}]
    if subnet_ids:
        filters.append({"Name": "subnet-id", "Values": list(subnet_ids)})

    def read() -> list[Interface]:
        pages = ec2.get_paginator("describe_network_interfaces").paginate(Filters=filters)
        return [item for page in pages for item in page.get("NetworkInterfaces", [])]

    found: list[Interface] = budget.settle(read)
    return found


def described(interfaces: Sequence[Interface]) -> list[str]:
    """What to call each: its id, what EC2 says that it is for, and whether it is in use."""
    return [
        f"{item['NetworkInterfaceId']} ({item.get('Description') or 'no description'}, {item.get('Status', 'unknown')})"
        for item in interfaces
    ]
