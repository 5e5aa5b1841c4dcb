"""Checks of security groups that are brought: they let through what the stacks' table of traffic says.

The table is the template's (stacks/parts/traffic.py); main.py wrote it into model.json.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any

from sagekeep.estate.check import pasted
from sagekeep.estate.fault import Fault
from sagekeep.estate.network_facts import Described, Facts
from sagekeep.settings import Settings

S3 = "s3"


def groups_let_us_through(facts: Facts, s: Settings) -> Iterator[Fault]:
    """Each group is in the VPC, and has the rules of its traffic with the others."""
    for purpose in s.existing.security_groups:
        group, key = facts.group(purpose), f"existing.security_groups.{purpose}"
        if group["VpcId"] != facts.vpc_id:
            yield Fault(key, f"{group['GroupId']} is in {group['VpcId']}, not in existing.vpc, which is {facts.vpc_id}")
            continue
        for rule in facts.clients.required["traffic"]:
            if rule["source"] == purpose:
                yield from _needed(facts, group, key, rule, "egress", rule["target"])
            if rule["target"] == purpose:
                yield from _needed(facts, group, key, rule, "ingress", rule["source"])


def _needed(
    facts: Facts, group: Described, key: str, rule: Mapping[str, Any], direction: str, peer: str
) -> Iterator[Fault]:
    """A fault where no rule of the group lets the traffic through."""
    have = group.get("IpPermissionsEgress" if direction == "egress" else "IpPermissions", ())
    first, last = rule["ports"]
    if any(_carries(permission, first, last) and _reaches(facts, permission, peer) for permission in have):
        return
    wanted = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, **_peer(facts, peer, rule["why"])}
    change = {"GroupId": group["GroupId"], "IpPermissions": [wanted]}
    ports = str(first) if first == last else f"{first} to {last}"
    way = f"lets no traffic {'out to' if direction == 'egress' else 'in from'} {peer} on port {ports}"
    text = f"{group['GroupId']} {way} ({rule['why']}); its owner adds (authorize-security-group-{direction}):"
    yield Fault(key, text, pasted(change))


def _carries(permission: Described, first: int, last: int) -> bool:
    if permission.get("IpProtocol") == "-1":
        return True
    tcp = permission.get("IpProtocol") in {"tcp", "6"}
    return tcp and int(permission["FromPort"]) <= first and last <= int(permission["ToPort"])


def _reaches(facts: Facts, permission: Described, peer: str) -> bool:
    """Whether a rule speaks of the peer: by its group, by the prefix list, or by ranges that hold all our subnets."""
    ranges = [IPv4Network(entry["CidrIp"]) for entry in permission.get("IpRanges", ())]
    if peer == S3:
        lists = {entry["PrefixListId"] for entry in permission.get("PrefixListIds", ())}
        return facts.s3_prefix_list in lists or any(network.prefixlen == 0 for network in ranges)
    groups = {entry.get("GroupId") for entry in permission.get("UserIdGroupPairs", ())}
    if facts.group_id(peer) in groups - {None, ""}:
        return True
    return all(any(own.subnet_of(network) for network in ranges) for own in facts.our_ranges)


def _peer(facts: Facts, peer: str, why: str) -> dict[str, Any]:
    """The peer of a rule that is missing: a group that exists or, before the first deploy, our subnets' ranges."""
    if peer == S3:
        return {"PrefixListIds": [{"PrefixListId": facts.s3_prefix_list, "Description": why}]}
    if group := facts.group_id(peer):
        return {"UserIdGroupPairs": [{"GroupId": group, "Description": why}]}
    return {"IpRanges": [{"CidrIp": str(network), "Description": why} for network in facts.our_ranges]}
