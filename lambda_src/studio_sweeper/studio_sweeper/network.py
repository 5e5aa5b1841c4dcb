"""The two NFS security groups that a domain leaves in the VPC, each naming the other in its rules.

Studio makes security-group-for-inbound-nfs-<domain> and security-group-for-outbound-nfs-<domain>, deletes
neither, and while they refer to each other neither can be deleted, nor can the VPC:
https://docs.aws.amazon.com/sagemaker/latest/dg/gs-studio-delete-domain.html
"""

from __future__ import annotations

import logging
import re
from typing import Any

from botocore.exceptions import ClientError

from sagekeep_runtime.errors import code_of, is_missing
from sagekeep_runtime.interfaces import described, in_group
from sagekeep_runtime.retry import Budget
from studio_sweeper.requests import DOMAIN_ID

log = logging.getLogger(__name__)

_NAME = re.compile(rf"security-group-for-(inbound|outbound)-nfs-({DOMAIN_ID})")
_GROUP_GONE = frozenset({"InvalidGroup.NotFound", "InvalidGroupId.NotFound"})
_RULE_GONE = frozenset({"InvalidPermission.NotFound"})
_IN_USE = frozenset({"DependencyViolation", "InvalidGroup.InUse"})


def sweep_network(vpc_id: str, *, ec2: Any, sagemaker: Any, budget: Budget) -> dict[str, Any]:
    """Deletes the groups of domains that no longer exist, after revoking the rules of all of them.

    Groups of a living domain stay. Raises OutOfTime while a domain is still being deleted or an interface
    still uses a group; the message names both.
    """
    swept: set[str] = set()
    kept: set[str] = set()

    def pending() -> str:
        orphans, waiting = [], ""
        for group in _nfs_groups(vpc_id, ec2, budget):
            domain_id = group["DomainId"]
            status = _domain_status(domain_id, sagemaker, budget)
            if status == "Deleting":
                waiting = f"domain {domain_id} is still being deleted"
            elif status:
                kept.add(group["GroupName"])
            else:
                orphans.append(group)
        # Both rule sets go before either group: each refers to the other.
        for group in orphans:
            _revoke(group, ec2, budget)
        for group in orphans:
            waiting = _delete(group, swept, ec2, budget) or waiting
        return waiting

    budget.wait(pending, every=10.0)
    answer = {"status": "swept", "groups": sorted(swept), "kept": sorted(kept)}
    log.info("network swept", extra={"vpc": vpc_id, **answer})
    return answer


def _nfs_groups(vpc_id: str, ec2: Any, budget: Budget) -> list[dict[str, Any]]:
    """Groups of the VPC with Studio's names, each with the id of its domain under `DomainId`."""
    filters = [{"Name": "vpc-id", "Values": [vpc_id]}]

    def read() -> list[dict[str, Any]]:
        pages = ec2.get_paginator("describe_security_groups").paginate(Filters=filters)
        return [group for page in pages for group in page.get("SecurityGroups", [])]

    found = []
    for group in budget.settle(read):
        match = _NAME.fullmatch(group["GroupName"])
        if match:
            found.append(group | {"DomainId": match[2]})
    return found


def _domain_status(domain_id: str, sagemaker: Any, budget: Budget) -> str:
    """The domain's status, or nothing when it does not exist."""
    try:
        return str(budget.settle(sagemaker.describe_domain, DomainId=domain_id)["Status"])
    except ClientError as error:
        if is_missing(error):
            return ""
        raise


def _revoke(group: dict[str, Any], ec2: Any, budget: Budget) -> None:
    for call, rules in (
        (ec2.revoke_security_group_ingress, group.get("IpPermissions")),
        (ec2.revoke_security_group_egress, group.get("IpPermissionsEgress")),
    ):
        if not rules:
            continue
        try:
            budget.settle(call, GroupId=group["GroupId"], IpPermissions=rules)
        except ClientError as error:
            if code_of(error) not in _GROUP_GONE | _RULE_GONE:
                raise


def _delete(group: dict[str, Any], swept: set[str], ec2: Any, budget: Budget) -> str:
    """Deletes the group; says what still uses it."""
    try:
        budget.settle(ec2.delete_security_group, GroupId=group["GroupId"])
    except ClientError as error:
        if code_of(error) in _GROUP_GONE:
            return ""
        if code_of(error) in _IN_USE:
            return f"security group {group['GroupName']} ({group['GroupId']}) is in use{_users(group, ec2, budget)}"
        raise
    swept.add(group["GroupName"])
    log.info("deleted", extra={"group": group["GroupId"], "name_of_group": group["GroupName"]})
    return ""


def _users(group: dict[str, Any], ec2: Any, budget: Budget) -> str:
    """Which interfaces use the group, as far as the role may look."""
    try:
        interfaces = described(in_group(group["GroupId"], ec2=ec2, budget=budget))
    except ClientError:
        return ""
    return f" by {', '.join(interfaces)}" if interfaces else " by a rule of another security group"
