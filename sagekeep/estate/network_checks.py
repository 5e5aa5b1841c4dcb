"""Checks of a network that is brought: VPC, subnets, route tables; endpoints and groups have files of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Network
from itertools import combinations

from sagekeep import catalog, names
from sagekeep.estate.check import Check, pasted
from sagekeep.estate.clients import Clients
from sagekeep.estate.endpoint_checks import endpoints_let_us_through, endpoints_serve_us, no_endpoint_twice
from sagekeep.estate.fault import Fault
from sagekeep.estate.group_checks import groups_let_us_through
from sagekeep.estate.network_facts import Described, Facts
from sagekeep.settings import Settings
from sagekeep.subnets import MOST_SUBNETS, RESERVED_BY_AWS, needed_addresses

_UNSEAL = "detach it, or set network.sealed = false"
_DEFAULTS = ("0.0.0.0/0", "::/0")


def vpc_answers_private_names(facts: Facts, _s: Settings) -> Iterator[Fault]:
    """The private names of interface endpoints need both DNS flags (PrivateLink guide, interface endpoints)."""
    for attribute, told in (("enableDnsSupport", "DNS support"), ("enableDnsHostnames", "DNS hostnames")):
        if not facts.dns(attribute):
            change = {"VpcId": facts.vpc_id, attribute[0].upper() + attribute[1:]: {"Value": True}}
            text = f"{facts.vpc_id} has {told} off, which private names of endpoints need (modify-vpc-attribute):"
            yield Fault("existing.vpc", text, pasted(change))


def vpc_is_sealed(facts: Facts, s: Settings) -> Iterator[Fault]:
    """No gateway to the internet in the VPC, no default route from our subnets."""
    if not s.network.sealed:
        return
    for gateway in facts.ways_out:
        kind = {"igw": "an internet gateway", "nat": "a NAT gateway"}.get(gateway[:3], "an egress-only gateway")
        yield Fault("existing.vpc", f"{facts.vpc_id} has {kind}, {gateway}, and network.sealed = true: {_UNSEAL}")
    key = "existing.subnets" if s.existing.subnets else "existing.route_tables"
    for table in facts.used_tables if s.existing.subnets or s.existing.route_tables else ():
        if any(_is_default(route) for route in table.get("Routes", ())):
            text = f"route table {table['RouteTableId']} has a default route, and network.sealed = true"
            yield Fault(key, f"{text}: remove it, or set network.sealed = false")


def _is_default(route: Described) -> bool:
    found = {route.get("DestinationCidrBlock"), route.get("DestinationIpv6CidrBlock")}
    return bool(found.intersection(_DEFAULTS)) and route.get("State") != "blackhole"


def our_range_is_free(facts: Facts, s: Settings) -> Iterator[Fault]:
    """Subnets of ours lie in the VPC's range, where no other subnet is."""
    if s.existing.subnets:
        return
    key = "network.cidr"
    if not any(s.network.range.subnet_of(whole) for whole in facts.ranges):
        ranges = ", ".join(map(str, facts.ranges))
        yield Fault(key, f"{s.network.cidr} is not in the range of {facts.vpc_id}, which is {ranges}")
    # By name: one that was made under another split keeps its range.
    ours = {names.name(s, f"isolated-{at}") for at in range(1, MOST_SUBNETS + 1)}
    for subnet in facts.every_subnet:
        tags = {tag["Key"]: tag["Value"] for tag in subnet.get("Tags", ())}
        block = subnet["CidrBlock"]
        if tags.get("Name") not in ours and IPv4Network(block).overlaps(s.network.range):
            yield Fault(key, f"{s.network.cidr} overlaps {subnet['SubnetId']} of {facts.vpc_id}, which is {block}")


def subnets_are_fit(facts: Facts, s: Settings) -> Iterator[Fault]:
    """Subnets that are brought: of the VPC, in different zones, private, with room."""
    key = "existing.subnets"
    if not s.existing.subnets:
        return
    for subnet in facts.subnets:
        found = subnet["SubnetId"]
        if subnet["VpcId"] != facts.vpc_id:
            yield Fault(key, f"{found} is in {subnet['VpcId']}, not in existing.vpc, which is {facts.vpc_id}")
            continue
        if subnet.get("MapPublicIpOnLaunch"):
            yield Fault(key, f"{found} hands out public addresses: its owner sets map_public_ip_on_launch = false")
        if lack := catalog.zones_left_out(s.region).get(subnet.get("AvailabilityZoneId", "")):
            yield Fault(key, f"{found} is in {subnet['AvailabilityZoneId']}: {lack}")
        yield from _room(facts, subnet, s)
    if len(facts.subnets) < 2:
        yield Fault(key, f"must be at least two, in different zones, and lead to {len(facts.subnets)}")
    for one, other in combinations(facts.subnets, 2):
        zone = one.get("AvailabilityZoneId")
        if zone == other.get("AvailabilityZoneId"):
            text = f"{one['SubnetId']} and {other['SubnetId']} are in the same zone, {zone}"
            yield Fault(key, f"{text}: an endpoint takes one subnet a zone")


def _room(facts: Facts, subnet: Described, s: Settings) -> Iterator[Fault]:
    """Addresses in use by the environment count as free: they are not needed twice."""
    needed, found = needed_addresses(s), subnet["SubnetId"]
    capacity = int(IPv4Network(subnet["CidrBlock"]).num_addresses) - RESERVED_BY_AWS
    free = min(capacity, int(subnet.get("AvailableIpAddressCount", capacity)))
    if free < needed and free + facts.interfaces_of_ours(found) < needed:
        users = len(s.studio.users)
        text = f"{found} has {free} addresses left of {capacity}, and {needed} are needed for {users} users"
        yield Fault("existing.subnets", f"{text}, endpoints, jobs and functions")


def tables_lead_to_s3(facts: Facts, s: Settings) -> Iterator[Fault]:
    """Every subnet has a route to an S3 endpoint: one that is there, or that is made by us."""
    e, key = s.existing, "existing.route_tables"
    if e.route_tables:
        for table_id in facts.table_ids:
            if table_id not in facts.tables:
                yield Fault(key, f"{table_id} is no route table of {facts.vpc_id}")
    if e.subnets and (e.route_tables and not (e.endpoints.brings("s3") and not e.associate_s3)):
        for subnet in facts.subnets:
            table = facts.table_of(subnet["SubnetId"]).get("RouteTableId", "")
            if table and table not in facts.table_ids:
                yield Fault(key, f"must name {table}, the route table of {subnet['SubnetId']}")
    if e.endpoints.brings("s3"):
        yield from _routes_there(facts, s)
    else:
        yield from _no_other_route(facts)


def _routes_there(facts: Facts, s: Settings) -> Iterator[Fault]:
    if s.existing.associate_s3:
        return
    endpoint = facts.brought_endpoint("s3")
    without = [t["RouteTableId"] for t in facts.used_tables if t["RouteTableId"] not in endpoint["RouteTableIds"]]
    if without:
        found = endpoint["VpcEndpointId"]
        text = f"{found} is not in {', '.join(without)}: its owner adds it (modify-vpc-endpoint), or let us do so with "
        change = {"VpcEndpointId": found, "AddRouteTableIds": without}
        yield Fault("existing.endpoints.s3", f"{text}existing.associate_s3 = true:", pasted(change))


def _no_other_route(facts: Facts) -> Iterator[Fault]:
    """A table has at most one route to S3 (VPC PrivateLink guide, gateway endpoints)."""
    service = facts.services["s3"]
    for endpoint in facts.endpoints:
        gateway = endpoint["ServiceName"] == service and endpoint.get("VpcEndpointType") == "Gateway"
        if not gateway or facts.is_ours(endpoint, "s3"):
            continue
        for table in facts.used_tables:
            if table["RouteTableId"] in endpoint.get("RouteTableIds", ()):
                text = f"{table['RouteTableId']} leads to S3 already, through {endpoint['VpcEndpointId']}"
                yield Fault("existing.route_tables", f"{text}: bring that as existing.endpoints.s3")


Run = Callable[[Facts, Settings], Iterator[Fault]]


def _in_the_vpc(run: Run) -> Callable[[Clients, Settings], Iterable[Fault]]:
    """A check of what is in the VPC, where one is brought. That it does not exist is said once, and nothing else."""

    def checked(clients: Clients, s: Settings) -> Iterator[Fault]:
        if s.existing.vpc:
            facts = Facts.of(clients, s)
            _ = facts.vpc_id
            yield from run(facts, s)

    return checked


CHECKS = (
    Check("dns", "the VPC answers private names", _in_the_vpc(vpc_answers_private_names)),
    Check("sealed", "no way leads from the VPC to the internet", _in_the_vpc(vpc_is_sealed)),
    Check("range", "our subnets have their place in the VPC", _in_the_vpc(our_range_is_free)),
    Check("subnets", "the subnets are private, in different zones, and have room", _in_the_vpc(subnets_are_fit)),
    Check("routes", "every subnet has a route to S3", _in_the_vpc(tables_lead_to_s3)),
    Check("endpoints", "the endpoints serve the VPC under AWS's own names", _in_the_vpc(endpoints_serve_us)),
    Check("names", "no two endpoints claim the same private name", _in_the_vpc(no_endpoint_twice)),
    Check("policies", "the endpoints' policies let our calls through", _in_the_vpc(endpoints_let_us_through)),
    Check("groups", "the security groups let our traffic through", _in_the_vpc(groups_let_us_through)),
)
