"""The network in Terraform: VPC, subnets and their route tables, security groups and rules, endpoints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sagekeep.prove import brought_network as brought
from sagekeep.prove.documents import Documents
from sagekeep.prove.estate import Endpoint, Group, Rule, Subnet, Vpc
from sagekeep.prove.terraform import Resource, Terraform

_RULES = {"aws_vpc_security_group_egress_rule": "egress", "aws_vpc_security_group_ingress_rule": "ingress"}
_PEERS = ("referenced_security_group_id", "prefix_list_id", "cidr_ipv4", "cidr_ipv6")
_EVERY_PORT = (0, 65535)


@dataclass(frozen=True)
class Network:
    """What the network consists of. `route_tables`: id -> address."""

    vpcs: tuple[Vpc, ...]
    subnets: tuple[Subnet, ...]
    groups: tuple[Group, ...]
    rules: tuple[Rule, ...]
    endpoints: tuple[Endpoint, ...]
    route_tables: Mapping[str, str]


def read(terraform: Terraform, documents: Documents) -> Network:
    """The network of all stacks, with what is brought of it."""
    endpoints = (*_endpoints(terraform, documents), *brought.endpoints(terraform))
    return Network(
        (*_vpcs(terraform), *brought.vpcs(terraform)),
        (*_subnets(terraform), *brought.subnets(terraform)),
        (*_groups(terraform), *brought.groups(terraform)),
        (*_rules(terraform), *brought.rules(terraform, endpoints)),
        endpoints,
        {terraform.attribute(table, "id"): table.address for table in terraform.resources("aws_route_table")},
    )


def _vpcs(terraform: Terraform) -> Iterator[Vpc]:
    for vpc in terraform.resources("aws_vpc"):
        support, hostnames = vpc.body.get("enable_dns_support", True), vpc.body.get("enable_dns_hostnames", False)
        yield Vpc(vpc.address, terraform.attribute(vpc, "id"), bool(support), bool(hostnames))


def _subnets(terraform: Terraform) -> Iterator[Subnet]:
    associations = terraform.resources("aws_route_table_association")
    tables = {a.text("subnet_id"): a.text("route_table_id") for a in associations}
    theirs = "existing.route_tables" in terraform.brought.keys
    for subnet in terraform.resources("aws_subnet"):
        subnet_id = terraform.attribute(subnet, "id")
        cidr, vpc_id = subnet.text("cidr_block"), subnet.text("vpc_id")
        table = tables.get(subnet_id, "")
        yield Subnet(subnet.address, subnet_id, vpc_id, cidr, table, table_brought=theirs and bool(table))


def _groups(terraform: Terraform) -> Iterator[Group]:
    start = terraform.name_start
    for group in terraform.resources("aws_security_group"):
        yield Group(group.address, group.text("name").removeprefix(start), terraform.attribute(group, "id"))


def _rules(terraform: Terraform) -> Iterator[Rule]:
    for kind, direction in _RULES.items():
        for rule in terraform.resources(kind):
            peer = next((rule.text(argument) for argument in _PEERS if rule.text(argument)), "")
            group, protocol = rule.text("security_group_id"), rule.text("ip_protocol")
            yield Rule(rule.address, group, direction, protocol, _ports(rule), peer)


def _ports(rule: Resource) -> tuple[int, int]:
    first, last = rule.body.get("from_port"), rule.body.get("to_port")
    return (int(first), int(last)) if first is not None and last is not None else _EVERY_PORT


def _endpoints(terraform: Terraform, documents: Documents) -> Iterator[Endpoint]:
    region = terraform.known["region"]
    for endpoint in terraform.resources("aws_vpc_endpoint"):
        policy = endpoint.text("policy")
        yield Endpoint(
            address=endpoint.address,
            id=terraform.attribute(endpoint, "id"),
            service=endpoint.text("service_name").partition(f".{region}.")[2],
            gateway=endpoint.text("vpc_endpoint_type") in {"", "Gateway"},
            vpc_id=endpoint.text("vpc_id"),
            policy=documents.policy(policy, endpoint) if policy else None,
            private_dns=bool(endpoint.body.get("private_dns_enabled", False)),
            subnet_ids=endpoint.texts("subnet_ids"),
            group_ids=endpoint.texts("security_group_ids"),
            route_table_ids=endpoint.texts("route_table_ids"),
            prefix_list_id=terraform.attribute(endpoint, "prefix_list_id"),
        )
