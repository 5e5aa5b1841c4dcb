"""The network of a VPC: which AWS service a place can reach, and through which endpoint.

Facts: interface endpoints with private DNS and their security groups
(https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html), gateway endpoints through route tables
and prefix lists (https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.services import ec2

from sagekeep.local.place import Place

HTTPS = 443
_FULL_ACCESS = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint that carries a request; `policy` is its JSON document."""

    id: str
    vpc_id: str
    policy: str


class Unreachable(Exception):
    """No way leads from the place to the host; the message says what is missing."""


def place_of(subnet_ids: Sequence[str], group_ids: Sequence[str]) -> Place | None:
    """Where something with these subnets and groups runs: the internet (None) when it has no subnets.

    Raises:
        LookupError: there is no such subnet.
    """
    if not subnet_ids:
        return None
    return Place(ec2._subnets[subnet_ids[0]]["VpcId"], tuple(subnet_ids), tuple(group_ids))


def service_of(host: str, region: str) -> str:
    """The endpoint service (the last part of com.amazonaws.<region>.<service>) that serves a host name.

    Studio's are https://docs.aws.amazon.com/sagemaker/latest/dg/studio-interface-endpoint.html.

    A global host such as iam.amazonaws.com or sts.amazonaws.com is returned whole: no endpoint serves it. That of S3
    has addresses of us-east-1, which the gateway endpoint there routes; the SDKs send ListBuckets to it.
    """
    if host.endswith((".s3.amazonaws.com", f".s3.{region}.amazonaws.com")) or host == f"s3.{region}.amazonaws.com":
        return "s3"
    if host == "s3.amazonaws.com" and region == "us-east-1":
        return "s3"
    if host.endswith(f".studio.{region}.sagemaker.aws"):
        return "studio"
    labels = host.removesuffix(f".{region}.amazonaws.com")
    if labels == host:
        return host
    parts = labels.split(".")
    return ".".join(reversed(parts[-2:]))


def find_endpoint(place: Place, host: str, region: str, port: int = HTTPS) -> Endpoint:
    """The endpoint through which `place` reaches a port of `host`.

    Raises:
        Unreachable: there is none, or route tables or security groups block the way to it.
    """
    service = service_of(host, region)
    names = {f"com.amazonaws.{region}.{service}", f"aws.sagemaker.{region}.{service}"}
    candidates = [e for e in ec2._vpc_endpoints.values() if e["VpcId"] == place.vpc_id and e["ServiceName"] in names]
    if not candidates:
        raise Unreachable(f"{host}: no route. {place.vpc_id} has no endpoint for {service}")
    reasons = []
    for record in candidates:
        blocks = _gateway_blocks if _is_gateway(record) else _interface_blocks
        reason = blocks(record, place, port)
        if reason is None:
            return Endpoint(record["VpcEndpointId"], place.vpc_id, record.get("PolicyDocument") or _FULL_ACCESS)
        reasons.append(f"{record['VpcEndpointId']} {reason}")
    raise Unreachable(f"{host}: no route. " + "; ".join(reasons))


def _is_gateway(record: dict[str, Any]) -> bool:
    return str(record["VpcEndpointType"]) == "Gateway"


def _gateway_blocks(record: dict[str, Any], place: Place, port: int) -> str | None:
    tables = {_route_table_of(subnet, place.vpc_id) for subnet in place.subnet_ids}
    missing = sorted(str(table) for table in tables - set(record["RouteTableIds"]))
    if missing:
        return f"is not in route table {', '.join(missing)}"
    prefix_list = ec2._aws_pl_id_from_name(record["ServiceName"])
    rules = _rules(place.group_ids, "IpPermissionsEgress")
    if any(_opens(rule, port, groups=(), prefix_list=prefix_list, addresses=()) for rule in rules):
        return None
    return f"cannot be reached: {_names(place.group_ids)} has no egress on {port} to prefix list {prefix_list}"


def _route_table_of(subnet_id: str, vpc_id: str) -> str | None:
    main = None
    for table in ec2._route_tables.values():
        for association in table.get("Associations", []):
            if association.get("SubnetId") == subnet_id:
                return str(table["RouteTableId"])
            if association.get("Main") and table["VpcId"] == vpc_id:
                main = str(table["RouteTableId"])
    return main


def _interface_blocks(record: dict[str, Any], place: Place, port: int) -> str | None:
    if record.get("PrivateDns") != "true":
        return "has no private DNS: the name leads to the internet"
    if not record.get("SubnetIds"):
        return "is in no subnet"
    groups = tuple(record.get("Groups", ()))
    outbound = _rules(place.group_ids, "IpPermissionsEgress")
    if not any(_opens(r, port, groups=groups, prefix_list="", addresses=_cidrs(record["SubnetIds"])) for r in outbound):
        return f"cannot be reached: {_names(place.group_ids)} has no egress on {port} to {_names(groups)}"
    inbound = _rules(groups, "IpPermissions")
    sources = _cidrs(place.subnet_ids)
    if not any(_opens(r, port, groups=place.group_ids, prefix_list="", addresses=sources) for r in inbound):
        return f"refuses: {_names(groups)} has no ingress on {port} from {_names(place.group_ids)}"
    return None


def _names(groups: Iterable[str]) -> str:
    return ", ".join(groups) or "(no security group)"


def _rules(group_ids: Iterable[str], direction: str) -> list[dict[str, Any]]:
    groups = (ec2._security_groups.get(group_id) for group_id in group_ids)
    return [rule for group in groups if group for rule in group[direction]]


def _cidrs(subnet_ids: Iterable[str]) -> tuple[str, ...]:
    subnets = (ec2._subnets.get(subnet_id) for subnet_id in subnet_ids)
    return tuple(subnet["CidrBlock"] for subnet in subnets if subnet)


def _opens(
    rule: dict[str, Any], port: int, *, groups: Iterable[str], prefix_list: str, addresses: Iterable[str]
) -> bool:
    """Whether a security group rule lets a TCP port through to or from any of the peers."""
    protocol = str(rule.get("IpProtocol", "-1"))
    if protocol not in {"-1", "tcp", "6"}:
        return False
    if protocol != "-1" and not int(rule.get("FromPort", 0)) <= port <= int(rule.get("ToPort", 65535)):
        return False
    if prefix_list and prefix_list in {p.get("PrefixListId") for p in rule.get("PrefixListIds", [])}:
        return True
    if {p.get("GroupId") for p in rule.get("UserIdGroupPairs", [])} & set(groups):
        return True
    ranges = [ipaddress.ip_network(r["CidrIp"], strict=False) for r in rule.get("IpRanges", [])]
    if prefix_list:
        return any(network.prefixlen == 0 for network in ranges)
    peers = [ipaddress.ip_network(address) for address in addresses]
    return bool(peers) and all(any(_within(peer, network) for network in ranges) for peer in peers)


def _within(inner: Any, outer: Any) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))
