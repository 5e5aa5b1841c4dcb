"""Checks of the network's promises, N1 to N11."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep.controls.view import Check, Fact, View, absent, switched
from sagekeep.iam.document import Statement
from sagekeep.iam.request import Caller
from sagekeep.prove.estate import Endpoint
from sagekeep.prove.rows import applies, calls, kept
from sagekeep.prove.terraform import Resource

WAYS_OUT = (
    "aws_internet_gateway",
    "aws_egress_only_internet_gateway",
    "aws_nat_gateway",
    "aws_eip",
    "aws_vpc_peering_connection",
    "aws_route",
    "aws_vpn_gateway",
    "aws_ec2_transit_gateway_vpc_attachment",
)
RULES = {"ingress": "aws_vpc_security_group_ingress_rule", "egress": "aws_vpc_security_group_egress_rule"}
_ANYWHERE = {"0.0.0.0/0", "::/0"}
_PRINCIPAL_KEYS = {"aws:principalaccount", "aws:principalorgid", "aws:principalisawsservice"}
_RESOURCE_KEYS = {"aws:resourceaccount", "aws:resourceorgid"}


def no_way_out(view: View) -> Iterator[Fact]:
    """N1."""
    yield from absent(view, WAYS_OUT, "is a way out of the VPC")
    for table in view.resources("aws_route_table", "aws_default_route_table"):
        yield Fact(table.address, "has a route" if table.body.get("route") else "")


def default_group_is_empty(view: View) -> Iterator[Fact]:
    """N2."""
    adopted = {group.text("vpc_id"): group for group in view.resources("aws_default_security_group")}
    for vpc in (vpc for vpc in view.estate.vpcs if not vpc.brought):
        group = adopted.get(vpc.id)
        if group is None:
            yield Fact(vpc.address, "does not adopt its default security group, which lets everything out")
        else:
            rules = [name for name in ("ingress", "egress") if group.body.get(name)]
            yield Fact(group.address, f"has {' and '.join(rules)} rules" if rules else "")


def flow_logs(view: View) -> Iterator[Fact]:
    """N3."""
    logged = {log.text("vpc_id"): log for log in view.resources("aws_flow_log")}
    groups = {view.terraform.attribute(group, "arn") for group in view.resources("aws_cloudwatch_log_group")}
    for vpc in view.estate.vpcs:
        log = logged.get(vpc.id)
        if log is None:
            if not vpc.brought or view.setting("network.flow_logs"):
                yield Fact(vpc.address, "has no flow logs")
        elif log.text("traffic_type") != "ALL":
            yield Fact(log.address, f"logs {log.text('traffic_type') or 'some'} traffic only")
        else:
            yield Fact(log.address, "" if log.text("log_destination") in groups else "goes to no log group of ours")


def no_public_addresses(view: View) -> Iterator[Fact]:
    """N4."""
    for subnet in view.resources("aws_subnet"):
        yield Fact(subnet.address, "hands out public addresses" if switched(subnet, "map_public_ip_on_launch") else "")


def ingress(view: View) -> Iterator[Fact]:
    """N5."""
    for group in view.resources("aws_security_group"):
        inline = [name for name in ("ingress", "egress") if group.body.get(name)]
        yield Fact(group.address, f"has {' and '.join(inline)} rules of its own" if inline else "")
    for rule in view.resources(*RULES.values()):
        if not rule.text("description"):
            yield Fact(rule.address, "has no description")
        elif rule.kind == RULES["ingress"]:
            yield Fact(rule.address, _open(rule))


def _open(rule: Resource) -> str:
    found = _ANYWHERE & {rule.text("cidr_ipv4"), rule.text("cidr_ipv6")}
    return f"lets {found.pop()} in" if found else ""


def egress(view: View) -> Iterator[Fact]:
    """N6."""
    groups = {group.id for group in view.estate.groups}
    for rule in view.resources(RULES["egress"]):
        inside = rule.text("referenced_security_group_id") in groups or rule.text("prefix_list_id")
        if not inside:
            where = rule.text("cidr_ipv4") or rule.text("cidr_ipv6") or "somewhere else"
            yield Fact(rule.address, f"leads to {where}")
        else:
            yield Fact(rule.address, "" if rule.text("ip_protocol") == "tcp" else "is for every protocol")


def endpoints(view: View) -> Iterator[Fact]:
    """N7."""
    needed = {row.service: row.does for row in calls() if row.service and not applies(row, view.settings)}
    wanted = {*needed, *(view.setting("network.extra_endpoints") or ())}
    meant = {row.of for row in kept() if not applies(row, view.settings)}
    present = {endpoint.service for endpoint in view.estate.endpoints}
    for endpoint in _ours(view):
        if endpoint.service not in wanted and endpoint.address not in meant:
            yield Fact(endpoint.address, f"leads to {endpoint.service}, which nothing in the VPC calls")
        else:
            yield Fact(endpoint.address, "" if endpoint.gateway or endpoint.private_dns else "has no private DNS")
    for service in sorted(set(needed) - present):
        yield Fact("network: aws_vpc_endpoint", f"has none for {service}: {needed[service]}")


def _ours(view: View) -> Iterator[Endpoint]:
    return (endpoint for endpoint in view.estate.endpoints if not endpoint.brought)


def endpoint_policies(view: View) -> Iterator[Fact]:
    """N8."""
    for endpoint in _ours(view):
        if endpoint.policy is None:
            yield Fact(endpoint.address, "has no policy")
            continue
        allows = [s for s in endpoint.policy.statements if s.effect == "Allow"]
        yield Fact(endpoint.address, next(filter(None, (_unbounded(s, endpoint) for s in allows)), ""))


def _unbounded(statement: Statement, endpoint: Endpoint) -> str:
    keys = {condition.key.lower() for condition in statement.conditions}
    where = f"{endpoint.policy.origin}#{statement.sid}" if endpoint.policy else statement.sid
    named = "*" not in statement.resources and bool(statement.resources)
    if not keys & _PRINCIPAL_KEYS and not (named and set(statement.actions) == {"s3:GetObject"}):
        return f"lets any account through: {where}"
    if not named and not keys & _RESOURCE_KEYS and "aws:principalisawsservice" not in keys:
        return f"leads to any account's resources: {where}"
    return ""


_DATA_ACTIONS = {
    "s3:GetObject": "/processed/x",
    "s3:PutObject": "/raw/x",
    "s3:DeleteObject": "/models/x",
    "s3:ListBucket": "",
}


def data_from_the_vpc_only(view: View) -> Iterator[Fact]:
    """N9."""
    for bucket in view.estate.holders:
        if bucket.brought or not (bucket.purpose == "data" and ":s3:::" in bucket.arn):
            continue
        stranger = Caller(
            f"{bucket.arn.split(':')[0]}:{view.terraform.known['partition']}:iam::{view.estate.account}:role/somebody",
            view.estate.account,
            "role",
        )
        for action, path in _DATA_ACTIONS.items():
            verdict = view.ask(stranger, action, f"{bucket.arn}{path}", policy=bucket.policy)
            yield Fact(bucket.address, "" if verdict.explicit else f"allows {action} from outside the VPC")


def zones(view: View) -> Iterator[Fact]:
    """N10."""
    for vpc in view.estate.vpcs:
        subnets = [subnet for subnet in view.resources("aws_subnet") if subnet.text("vpc_id") == vpc.id]
        if "existing.subnets" in view.estate.brought and not subnets:
            continue
        different = {subnet.text("availability_zone_id") or subnet.text("availability_zone") for subnet in subnets}
        yield Fact(vpc.address, "" if len(different) > 1 else f"has subnets in {len(different)} zone")


def no_network_acls(view: View) -> Iterator[Fact]:
    """N11."""
    kinds = ("aws_network_acl", "aws_default_network_acl", "aws_network_acl_rule")
    return absent(view, kinds, "is a network ACL, which this matrix does not speak of")


CHECKS: dict[str, Check] = {
    "N1": no_way_out,
    "N2": default_group_is_empty,
    "N3": flow_logs,
    "N4": no_public_addresses,
    "N5": ingress,
    "N6": egress,
    "N7": endpoints,
    "N8": endpoint_policies,
    "N9": data_from_the_vpc_only,
    "N10": zones,
    "N11": no_network_acls,
}
