"""The parts of a network that are brought: what data sources find, with what `sagekeep estate check` asks of it.

A list that only Terraform knows is one symbol, which stands for all of its members.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sagekeep.prove.estate import Brought, Endpoint, Group, Place, Rule, Subnet, Vpc
from sagekeep.prove.terraform import Resource, Terraform, texts

_DOCUMENT = "network: data.aws_iam_policy_document.endpoint_{}"
# Service of an endpoint -> the policy that ours would have; all others have the first.
_POLICIES = {
    "": "our_account",
    "s3": "s3_policy",
    "ecr.api": "our_account_and_images",
    "ecr.dkr": "our_account_and_images",
}


def vpcs(terraform: Terraform) -> Iterator[Vpc]:
    """The VPC; both of its DNS flags are asked for."""
    if "existing.vpc" in terraform.brought.keys:
        vpc_id = _output(terraform, "vpc_id")
        yield Vpc("existing.vpc", vpc_id, dns_support=True, dns_hostnames=True, brought=Brought("existing.vpc"))


def subnets(terraform: Terraform) -> Iterator[Subnet]:
    """The subnets; which route tables they have, AWS knows."""
    key = "existing.subnets"
    if key in terraform.brought.keys:
        vpc_id = _output(terraform, "vpc_id")
        for subnet_id in texts(terraform.output("subnet_ids")):
            yield Subnet(key, subnet_id, vpc_id, "", "", table_brought=True, brought=Brought(key))


def groups(terraform: Terraform) -> Iterator[Group]:
    """Security groups."""
    for purpose in terraform.brought.purposes("existing.security_groups"):
        key = f"existing.security_groups.{purpose}"
        yield Group(key, purpose, _group_id(terraform, purpose), Brought(key))


def rules(terraform: Terraform, endpoints: Sequence[Endpoint]) -> Iterator[Rule]:
    """The rules that are asked of groups that are brought (stacks/parts/traffic.py)."""
    theirs = set(terraform.brought.purposes("existing.security_groups"))
    prefix_list = next((e.prefix_list_id for e in endpoints if e.service == "s3"), "")
    for row in terraform.required.get("traffic", ()):
        source, target = row["source"], row["target"]
        there = prefix_list if target == "s3" else _group_id(terraform, target)
        if source in theirs:
            yield _rule(row, "egress", f"existing.security_groups.{source}", _group_id(terraform, source), there)
        if target in theirs:
            yield _rule(row, "ingress", f"existing.security_groups.{target}", there, _group_id(terraform, source))


def _rule(row: Mapping[str, Any], direction: str, key: str, group_id: str, peer: str) -> Rule:
    return Rule(key, group_id, direction, "tcp", (row["ports"][0], row["ports"][1]), peer)


def endpoints(terraform: Terraform) -> Iterator[Endpoint]:
    """Endpoints; their policies let our calls through, and what else they do is their owner's decision."""
    found = {data.name: data for data in terraform.data("aws_vpc_endpoint")}
    for service in terraform.brought.purposes("existing.endpoints"):
        data = found.get(f"endpoint_{service.replace('.', '_')}")
        if data is not None:
            yield _endpoint(terraform, service, data)


def _endpoint(terraform: Terraform, service: str, data: Resource) -> Endpoint:
    key, gateway = f"existing.endpoints.{service}", service == "s3"
    return Endpoint(
        address=key,
        id=terraform.attribute(data, "id"),
        service=service,
        gateway=gateway,
        vpc_id=_output(terraform, "vpc_id"),
        policy=None,
        private_dns=not gateway,
        subnet_ids=() if gateway else tuple(texts(terraform.output("subnet_ids"))),
        group_ids=() if gateway else (_group_id(terraform, "endpoints"),),
        route_table_ids=tuple(_associated(terraform)) if gateway else (),
        prefix_list_id=terraform.attribute(data, "prefix_list_id") if gateway else "",
        in_every_table=gateway and not terraform.settings["existing"].get("associate_s3"),
        brought=Brought(key, (_DOCUMENT.format(_POLICIES.get(service, _POLICIES[""])),)),
    )


def _associated(terraform: Terraform) -> Iterator[str]:
    """Route tables that we put the S3 endpoint into."""
    for association in terraform.resources("aws_vpc_endpoint_route_table_association"):
        yield association.text("route_table_id")


def studio(terraform: Terraform) -> Place | None:
    """Where apps of a domain that is brought run: it is asked to be VpcOnly, and our profiles have our group."""
    if "existing.domain" not in terraform.brought.keys:
        return None
    settings = [profile.block("user_settings") for profile in terraform.resources("aws_sagemaker_user_profile")]
    named = next((texts(found.get("security_groups")) for found in settings), [_group_id(terraform, "studio")])
    return Place(tuple(texts(terraform.output("subnet_ids"))), tuple(named))


def _group_id(terraform: Terraform, purpose: str) -> str:
    return _output(terraform, f"{purpose}_security_group_id")


def _output(terraform: Terraform, name: str) -> str:
    return next(iter(texts(terraform.output(name))), "")
