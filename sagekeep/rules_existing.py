"""Rules about what is brought, `[existing]`: what contradicts itself, or the rest of the settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from sagekeep.settings import Settings
from sagekeep.settings_existing import Reference
from sagekeep.settings_faults import Fault
from sagekeep.settings_fields import USUAL_ENDPOINTS

_OF_A_VPC = ("subnets", "route_tables", "security_groups")


def parts_have_their_vpc(s: Settings) -> Iterator[Fault]:
    """Subnets and the like are of a VPC that is brought too."""
    e = s.existing
    named = [name for name in _OF_A_VPC if getattr(e, name)] + ["endpoints"] * bool(
        e.endpoints.all or e.endpoints.named
    )
    if e.vpc is None:
        yield from (Fault(f"existing.{name}", "needs existing.vpc, the VPC that they are in", None) for name in named)


def subnets_are_enough(s: Settings) -> Iterator[Fault]:
    """At least two; how many a single reference gives, AWS tells later."""
    subnets = s.existing.subnets
    if isinstance(subnets, Reference):
        if subnets.id:
            yield Fault("existing.subnets", "must be at least two, in different zones", subnets.id)
        return
    written = [str(subnet) for subnet in subnets]
    if len(subnets) == 1:
        yield Fault("existing.subnets", "must be at least two, in different zones", written)
    if len(subnets) > 6:
        yield Fault("existing.subnets", "must be at most six", written)
    if twice := sorted(one for one, times in Counter(written).items() if times > 1):
        yield Fault("existing.subnets", "must differ from each other", twice)


def addresses_are_said_once(s: Settings) -> Iterator[Fault]:
    """The range of subnets that are brought is theirs; of ours in a VPC that is brought, somebody must say it."""
    given, e = s.network.model_fields_set, s.existing
    if e.subnets:
        for key in ("cidr", "zones", "subnet_slots"):
            if key in given:
                rule = "contradicts existing.subnets, which have their own: remove one of the two"
                yield Fault(f"network.{key}", rule, getattr(s.network, key))
    elif e.vpc and "cidr" not in given:
        rule = "must be given with existing.vpc: the part of its range in which our subnets are made; or name "
        yield Fault("network.cidr", f"{rule}existing.subnets", None)


def route_tables_lead_to_s3(s: Settings) -> Iterator[Fault]:
    """The gateway endpoint for S3 is a route: somebody must put it into the subnets' tables."""
    e = s.existing
    theirs = e.endpoints.brings("s3")
    if e.associate_s3 and not theirs:
        yield Fault(
            "existing.associate_s3", "is about an S3 endpoint that is brought: existing.endpoints.s3", e.associate_s3
        )
    if e.vpc is None:
        return
    if e.subnets and not theirs and not e.route_tables:
        rule = "must name the route tables of existing.subnets, as the S3 endpoint is ours and goes into them"
        yield Fault("existing.route_tables", f"{rule}; or bring it as existing.endpoints.s3", None)
    if not e.subnets and not e.route_tables and theirs and not e.associate_s3:
        rule = "must be true, or existing.route_tables given, as our subnets need a route to the S3 endpoint brought"
        yield Fault("existing.associate_s3", rule, e.associate_s3)
    if e.associate_s3 and e.subnets and not e.route_tables:
        rule = "must name the route tables to associate with the S3 endpoint, as existing.associate_s3 asks"
        yield Fault("existing.route_tables", rule, None)


def endpoints_are_known(s: Settings) -> Iterator[Fault]:
    """All, or some by name; interface endpoints come with the group that they are in."""
    e = s.existing.endpoints
    if e.all and e.named:
        yield Fault("existing.endpoints", "must either be all = true or name some, not both", sorted(e.named))
    known = (*USUAL_ENDPOINTS, *s.network.extra_endpoints)
    for service in e.named:
        if service not in known:
            rule = f"is not an endpoint of this environment; there are {', '.join(known)} and, in network."
            yield Fault(f"existing.endpoints.{service}", f"{rule}extra_endpoints, more of your choice", None)
    interfaces = e.all or any(service != "s3" for service in e.named)
    if interfaces and s.existing.vpc and "endpoints" not in s.existing.security_groups:
        rule = "must name the security group of the interface endpoints that are brought: ours are let out to it"
        yield Fault("existing.security_groups.endpoints", rule, None)


def a_brought_vpc_has_its_own_switches(s: Settings) -> Iterator[Fault]:
    """Switches for a VPC that is brought, and one that would change it."""
    n = s.network
    if s.existing.vpc is None:
        if not n.sealed:
            yield Fault("network.sealed", "is about a VPC that is brought; ours is always sealed", n.sealed)
        if n.flow_logs:
            yield Fault("network.flow_logs", "is about a VPC that is brought; ours always has them", n.flow_logs)
    elif n.block_public_access:
        rule = "would change a VPC that is brought, and every other of the region: leave that to its owner"
        yield Fault("network.block_public_access", rule, n.block_public_access)


def arns_are_of_the_account(s: Settings) -> Iterator[Fault]:
    """An ARN names partition, region and account; those of roles no region."""
    for key, reference in s.existing.references():
        if not reference.id.startswith("arn:"):
            continue
        _, partition, _, region, account, _ = reference.id.split(":", 5)
        places = (
            (partition, s.partition, "partition"),
            (region, s.region, "region"),
            (account, s.account_id, "account"),
        )
        for found, wanted, what in places:
            if found and found != wanted:
                yield Fault(key, f"must be of the {what} {wanted}", reference.id)
                break


def references_lead_somewhere(s: Settings) -> Iterator[Fault]:
    """States are named in the settings; roles have no tags that could be looked for."""
    for key, reference in s.existing.references():
        if reference.state and reference.state not in s.existing.states:
            known = ", ".join(s.existing.states) or "none"
            rule = f"reads the state {reference.state!r}, and [existing.states.{reference.state}] is missing"
            yield Fault(key, f"{rule}; there are: {known}", None)
        if reference.tags and key.startswith("existing.roles."):
            rule = "cannot be found by tags, as AWS's tagging API has no roles; give its ARN, ssm or state"
            yield Fault(key, rule, dict(reference.tags))


# Keys that a rule reads -> the rule.
RULES: tuple[tuple[tuple[str, ...], Callable[[Settings], Iterator[Fault]]], ...] = (
    (("existing.vpc",), parts_have_their_vpc),
    (("existing.subnets",), subnets_are_enough),
    (
        ("existing.vpc", "existing.subnets", "network.cidr", "network.zones", "network.subnet_slots"),
        addresses_are_said_once,
    ),
    (
        (
            "existing.vpc",
            "existing.subnets",
            "existing.route_tables",
            "existing.endpoints.s3",
            "existing.endpoints.all",
            "existing.associate_s3",
        ),
        route_tables_lead_to_s3,
    ),
    (("existing.security_groups.endpoints", "network.extra_endpoints"), endpoints_are_known),
    (("existing.vpc", "network.sealed", "network.flow_logs"), a_brought_vpc_has_its_own_switches),
    (("region", "account_id"), arns_are_of_the_account),
    ((), references_lead_somewhere),
)
