"""Which endpoint carries a call from a place in the VPC, or what stands in its way.

Facts: interface endpoints, private DNS and their security groups
(https://docs.aws.amazon.com/vpc/latest/privatelink/interface-endpoints.html), gateway endpoints through route tables
and prefix lists (https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html). The embedded AWS holds
live calls to the same rules (sagekeep/local/network.py).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sagekeep.prove.estate import Endpoint, Estate, Group, Place, Rule, Subnet, Vpc

HTTPS = 443


@dataclass(frozen=True)
class Way:
    """The endpoint that carries a call; `blocked` says what is missing on the way to it, "" where nothing is."""

    endpoint: Endpoint | None
    blocked: str = ""


def way(estate: Estate, place: Place, service: str) -> Way:
    """How a place reaches an endpoint service such as `s3`; the first thing in the way by its Terraform address."""
    vpc_ids = {subnet.vpc_id for subnet in estate.subnets if subnet.id in place.subnet_ids}
    candidates = [e for e in estate.endpoints if e.service == service and e.vpc_id in vpc_ids]
    if not candidates:
        return Way(None, f"no endpoint for {service}")
    ways = [Way(endpoint, _blocked(estate, place, endpoint)) for endpoint in candidates]
    return next((found for found in ways if not found.blocked), ways[0])


def _blocked(estate: Estate, place: Place, endpoint: Endpoint) -> str:
    checks = _gateway(estate, place, endpoint) if endpoint.gateway else _interface(estate, place, endpoint)
    return next(checks, "")


def _gateway(estate: Estate, place: Place, endpoint: Endpoint) -> Iterator[str]:
    for subnet in _subnets(estate, place.subnet_ids):
        if not _leads(subnet, endpoint):
            table = estate.route_tables.get(subnet.route_table_id, f"the main route table, which {subnet.address} has")
            yield f"{endpoint.address} is not in {table}"
    prefix_list = endpoint.prefix_list_id
    if not _opens(estate, place.group_ids, "egress", lambda rule: rule.peer == prefix_list or _everywhere(rule.peer)):
        yield f"{_names(estate, place.group_ids)} has no egress on {HTTPS} to the prefix list of {endpoint.address}"


def _leads(subnet: Subnet, endpoint: Endpoint) -> bool:
    """Whether a subnet's route table leads to a gateway endpoint; of tables that are brought, whether any may."""
    if endpoint.in_every_table or subnet.route_table_id in endpoint.route_table_ids:
        return True
    return subnet.table_brought and bool(endpoint.route_table_ids)


def _interface(estate: Estate, place: Place, endpoint: Endpoint) -> Iterator[str]:
    if not endpoint.private_dns:
        yield f"{endpoint.address} has no private DNS"
    for vpc in estate.vpcs:
        if vpc.id == endpoint.vpc_id:
            yield from _dns(vpc)
    if not endpoint.subnet_ids:
        yield f"{endpoint.address} is in no subnet"
    ours, theirs = _names(estate, place.group_ids), _names(estate, endpoint.group_ids)
    there = _reaches(endpoint.group_ids, _subnets(estate, endpoint.subnet_ids))
    if not _opens(estate, place.group_ids, "egress", there):
        yield f"{ours} has no egress on {HTTPS} to {theirs}"
    here = _reaches(place.group_ids, _subnets(estate, place.subnet_ids))
    if not _opens(estate, endpoint.group_ids, "ingress", here):
        yield f"{theirs} has no ingress on {HTTPS} from {ours}"


def _dns(vpc: Vpc) -> Iterator[str]:
    if not vpc.dns_support:
        yield f"{vpc.address} has enable_dns_support off"
    if not vpc.dns_hostnames:
        yield f"{vpc.address} has enable_dns_hostnames off"


def _reaches(groups: Iterable[str], subnets: Iterable[Subnet]) -> Callable[[Rule], bool]:
    """Whether a rule's peer is one of some groups, or an address range with all of some subnets."""
    members, ranges = set(groups), [ipaddress.ip_network(subnet.cidr) for subnet in subnets if subnet.cidr]

    def test(rule: Rule) -> bool:
        if rule.peer in members:
            return True
        return "/" in rule.peer and bool(ranges) and all(_within(inner, rule.peer) for inner in ranges)

    return test


def _within(inner: ipaddress.IPv4Network | ipaddress.IPv6Network, outer: str) -> bool:
    network = ipaddress.ip_network(outer)
    return inner.version == network.version and inner.subnet_of(network)  # type: ignore[arg-type]


def _opens(estate: Estate, group_ids: Iterable[str], direction: str, peer: Callable[[Rule], bool]) -> bool:
    wanted = set(group_ids)
    return any(
        rule.group_id in wanted and rule.direction == direction and _carries_https(rule) and peer(rule)
        for rule in estate.rules
    )


def _carries_https(rule: Rule) -> bool:
    return rule.protocol == "-1" or (rule.protocol in {"tcp", "6"} and rule.ports[0] <= HTTPS <= rule.ports[1])


def _everywhere(peer: str) -> bool:
    return peer == "0.0.0.0/0"


def _subnets(estate: Estate, ids: Iterable[str]) -> list[Subnet]:
    wanted = set(ids)
    return [subnet for subnet in estate.subnets if subnet.id in wanted]


def _names(estate: Estate, group_ids: Iterable[str]) -> str:
    known: dict[str, Group] = {group.id: group for group in estate.groups}
    return ", ".join(known[i].address if i in known else i for i in group_ids) or "(no security group)"
