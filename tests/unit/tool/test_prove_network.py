"""Ways from a place to an endpoint, and what stands in them: a small VPC, one thing taken away at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from sagekeep.prove.documents import Documents
from sagekeep.prove.estate import Estate, Place
from sagekeep.prove.network import way
from sagekeep.prove.terraform import Terraform
from sagekeep.prove.wiring import read

Body = dict[str, Any]
SETTINGS = {"account_id": "123456789012", "region": "us-east-1", "prefix": "t"}
HTTPS = {"from_port": 443, "to_port": 443, "ip_protocol": "tcp"}
PLACE = Place(("subnet-a",), ("sg-jobs",))
RESOURCES: Body = {
    "aws_vpc": {"main_vpc": {"enable_dns_support": True, "enable_dns_hostnames": True}},
    "aws_subnet": {"a_subnet": {"vpc_id": "${aws_vpc.main_vpc.id}", "cidr_block": "10.0.0.0/24"}},
    "aws_route_table": {"a_routes": {}},
    "aws_route_table_association": {
        "a": {"subnet_id": "${aws_subnet.a_subnet.id}", "route_table_id": "${aws_route_table.a_routes.id}"}
    },
    "aws_security_group": {"jobs": {"name": "t-jobs"}, "ends": {"name": "t-ends"}},
    "aws_vpc_security_group_egress_rule": {
        "out": {**HTTPS, "security_group_id": "sg-jobs", "referenced_security_group_id": "sg-ends"},
        "out_s3": {**HTTPS, "security_group_id": "sg-jobs", "prefix_list_id": "${aws_vpc_endpoint.s3.prefix_list_id}"},
    },
    "aws_vpc_security_group_ingress_rule": {
        "in": {**HTTPS, "security_group_id": "sg-ends", "referenced_security_group_id": "sg-jobs"}
    },
    "aws_vpc_endpoint": {
        "kms": {
            "vpc_id": "vpc-main",
            "service_name": "com.amazonaws.us-east-1.kms",
            "vpc_endpoint_type": "Interface",
            "private_dns_enabled": True,
            "subnet_ids": ["subnet-a"],
            "security_group_ids": ["sg-ends"],
        },
        "s3": {
            "vpc_id": "vpc-main",
            "service_name": "com.amazonaws.us-east-1.s3",
            "vpc_endpoint_type": "Gateway",
            "route_table_ids": ["rtb-a"],
        },
    },
}


def estate(change: Callable[[Body], object] = lambda _resources: None) -> Estate:
    """The small VPC, changed."""
    resources = copy.deepcopy(RESOURCES)
    change(resources)
    terraform = Terraform({"net": {"resource": resources}}, SETTINGS)
    network = read(terraform, Documents(terraform))
    return Estate(
        account="123456789012",
        settings=SETTINGS,
        words={},
        vpcs=network.vpcs,
        subnets=network.subnets,
        groups=network.groups,
        rules=network.rules,
        endpoints=network.endpoints,
        route_tables=network.route_tables,
    )


@pytest.mark.parametrize("service", ["kms", "s3"])
def test_the_whole_network_lets_a_call_through(service: str) -> None:
    found = way(estate(), PLACE, service)
    assert found.blocked == ""
    assert found.endpoint is not None
    assert found.endpoint.address == f"net: aws_vpc_endpoint.{service}"


GROUPS = "net: aws_security_group"
BROKEN: list[tuple[str, str, Callable[[Body], object], str]] = [
    ("no-endpoint", "kms", lambda r: r["aws_vpc_endpoint"].pop("kms"), "no endpoint for kms"),
    (
        "other-vpc",
        "kms",
        lambda r: r["aws_vpc_endpoint"]["kms"].update(vpc_id="vpc-other"),
        "no endpoint for kms",
    ),
    (
        "no-private-dns",
        "kms",
        lambda r: r["aws_vpc_endpoint"]["kms"].update(private_dns_enabled=False),
        "net: aws_vpc_endpoint.kms has no private DNS",
    ),
    (
        "no-dns-support",
        "kms",
        lambda r: r["aws_vpc"]["main_vpc"].update(enable_dns_support=False),
        "net: aws_vpc.main_vpc has enable_dns_support off",
    ),
    (
        "no-hostnames",
        "kms",
        lambda r: r["aws_vpc"]["main_vpc"].pop("enable_dns_hostnames"),
        "net: aws_vpc.main_vpc has enable_dns_hostnames off",
    ),
    (
        "no-egress",
        "kms",
        lambda r: r["aws_vpc_security_group_egress_rule"].pop("out"),
        f"{GROUPS}.jobs has no egress on 443 to {GROUPS}.ends",
    ),
    (
        "other-port",
        "kms",
        lambda r: r["aws_vpc_security_group_egress_rule"]["out"].update(from_port=80, to_port=80),
        f"{GROUPS}.jobs has no egress on 443 to {GROUPS}.ends",
    ),
    (
        "no-ingress",
        "kms",
        lambda r: r["aws_vpc_security_group_ingress_rule"].pop("in"),
        f"{GROUPS}.ends has no ingress on 443 from {GROUPS}.jobs",
    ),
    (
        "no-subnet",
        "kms",
        lambda r: r["aws_vpc_endpoint"]["kms"].update(subnet_ids=[]),
        "net: aws_vpc_endpoint.kms is in no subnet",
    ),
    (
        "no-route",
        "s3",
        lambda r: r["aws_vpc_endpoint"]["s3"].update(route_table_ids=[]),
        "net: aws_vpc_endpoint.s3 is not in net: aws_route_table.a_routes",
    ),
    (
        "no-association",
        "s3",
        lambda r: r.pop("aws_route_table_association"),
        "net: aws_vpc_endpoint.s3 is not in the main route table, which net: aws_subnet.a_subnet has",
    ),
    (
        "no-prefix-list",
        "s3",
        lambda r: r["aws_vpc_security_group_egress_rule"].pop("out_s3"),
        f"{GROUPS}.jobs has no egress on 443 to the prefix list of net: aws_vpc_endpoint.s3",
    ),
]


@pytest.mark.parametrize(("service", "change", "expected"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_missing_is_named(service: str, change: Callable[[Body], object], expected: str) -> None:
    assert way(estate(change), PLACE, service).blocked == expected


@pytest.mark.parametrize(
    ("cidr", "open_"),
    [("10.0.0.0/16", True), ("10.0.0.0/25", False), ("0.0.0.0/0", True), ("192.168.0.0/16", False), ("::/0", False)],
)
def test_an_address_range_must_hold_the_whole_subnet(cidr: str, open_: bool) -> None:
    def by_range(resources: Body) -> None:
        rule = resources["aws_vpc_security_group_egress_rule"]["out"]
        del rule["referenced_security_group_id"]
        rule["cidr_ipv4"] = cidr

    assert (way(estate(by_range), PLACE, "kms").blocked == "") is open_


def test_a_rule_for_every_protocol_opens_and_one_for_udp_does_not() -> None:
    def protocol(name: str) -> Callable[[Body], object]:
        return lambda r: r["aws_vpc_security_group_egress_rule"]["out"].update(ip_protocol=name)

    assert way(estate(protocol("-1")), PLACE, "kms").blocked == ""
    assert "no egress" in way(estate(protocol("udp")), PLACE, "kms").blocked
