"""Security group rules to or from a prefix list: ministack reads no list in a request and writes none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id
from ministack.services import ec2


def apply() -> None:
    """Wrap how rules are read and how one is written."""
    plain, plain_parse = ec2._sg_rule_xml, ec2._parse_ip_permissions

    def parse(params: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
        rules: list[dict[str, Any]] = plain_parse(params, prefix)
        for place, rule in enumerate(rules, 1):
            rule["PrefixListIds"] = list(_prefix_lists(params, f"{prefix}.{place}.PrefixListIds"))
        return rules

    def write(group_id: str, rule: dict[str, Any], is_egress: bool = False) -> str:  # noqa: FBT001, FBT002
        lists = [entry["PrefixListId"] for entry in rule.get("PrefixListIds", [])]
        others = any(rule.get(kind) for kind in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs"))
        if not lists:
            return str(plain(group_id, rule, is_egress=is_egress))
        written = str(plain(group_id, {**rule, "PrefixListIds": []}, is_egress=is_egress)) if others else ""
        return written + "".join(_item(group_id, rule, prefix_list, is_egress) for prefix_list in lists)

    ec2._sg_rule_xml = write
    ec2._parse_ip_permissions = parse
    ec2._rules_match = lambda one, other: _peers(one) == _peers(other)


# What makes a peer of a rule; its description, and its owner, who is always this account, do not.
_PEERS = {
    "IpRanges": "CidrIp",
    "Ipv6Ranges": "CidrIpv6",
    "PrefixListIds": "PrefixListId",
    "UserIdGroupPairs": "GroupId",
}


def _peers(rule: dict[str, Any]) -> tuple[object, ...]:
    ports = () if str(rule.get("IpProtocol")) == "-1" else (rule.get("FromPort"), rule.get("ToPort"))
    peers = tuple(frozenset(peer.get(name) for peer in rule.get(kind, ())) for kind, name in _PEERS.items())
    return (str(rule.get("IpProtocol")), *ports, *peers)


def _prefix_lists(params: dict[str, Any], prefix: str) -> Iterator[dict[str, str]]:
    for at in count(1):
        found = ec2._p(params, f"{prefix}.{at}.PrefixListId")
        if not found:
            return
        yield {"PrefixListId": found, "Description": ec2._p(params, f"{prefix}.{at}.Description") or ""}


def _item(group_id: str, rule: dict[str, Any], prefix_list: str, is_egress: bool) -> str:  # noqa: FBT001
    rule_id = ec2._sg_rule_id(group_id, is_egress, rule)
    members = {
        "securityGroupRuleId": rule_id,
        "groupId": group_id,
        "groupOwnerId": get_account_id(),
        "isEgress": str(is_egress).lower(),
        "ipProtocol": rule.get("IpProtocol", "-1"),
        "fromPort": rule.get("FromPort", -1),
        "toPort": rule.get("ToPort", -1),
        "prefixListId": prefix_list,
        "description": ec2._sg_rule_description(rule),
    }
    xml = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items() if value != "")
    return f"<item>{xml}{ec2._sg_rule_tag_suffix(rule_id)}</item>"
