"""Checks of endpoints that are brought: that they serve the VPC, and that their policies let our calls through.

Which calls those are is what `sagekeep prove` knows: the rows of prove/data/calls that go through an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sagekeep.estate import replaced_keys
from sagekeep.estate.check import pasted
from sagekeep.estate.fault import Fault
from sagekeep.estate.network_facts import Described, Facts
from sagekeep.iam import Layers, Policy, PolicyError, Request, Verdict, decide, parse
from sagekeep.prove.estate import Estate, Role
from sagekeep.prove.rows import Row, applies, calls
from sagekeep.prove.situation import FOREIGN, GRANTED, situations
from sagekeep.prove.words import UnknownWord
from sagekeep.settings import Settings


def brought_services(facts: Facts, s: Settings) -> list[str]:
    """Services whose endpoints are brought."""
    return [service for service in facts.services if s.existing.endpoints.brings(service)]


def endpoints_serve_us(facts: Facts, s: Settings) -> Iterator[Fault]:
    """Each is of the service, in the VPC, available, and an interface endpoint has private names and our group."""
    for service in brought_services(facts, s):
        endpoint, key = facts.brought_endpoint(service), f"existing.endpoints.{service}"
        vpce, full = endpoint["VpcEndpointId"], facts.services[service]
        if endpoint["ServiceName"] != full:
            yield Fault(key, f"{vpce} is an endpoint for {endpoint['ServiceName']}, not for {full}")
        elif endpoint["VpcId"] != facts.vpc_id:
            yield Fault(key, f"{vpce} is in {endpoint['VpcId']}, not in existing.vpc, which is {facts.vpc_id}")
        elif str(endpoint["State"]).lower() != "available":
            yield Fault(key, f"{vpce} is {endpoint['State']}, not available")
        elif endpoint.get("VpcEndpointType") == "Interface":
            yield from _interface(facts, endpoint, key)


def _interface(facts: Facts, endpoint: Described, key: str) -> Iterator[Fault]:
    vpce, wanted = endpoint["VpcEndpointId"], facts.group_id("endpoints")
    if not endpoint.get("PrivateDnsEnabled"):
        change = {"VpcEndpointId": vpce, "PrivateDnsEnabled": True}
        yield Fault(
            key, f"{vpce} has no private DNS, by which our calls find it (modify-vpc-endpoint):", pasted(change)
        )
    groups = [group["GroupId"] for group in endpoint.get("Groups", ())]
    if wanted not in groups:
        text = f"{vpce} is in {', '.join(groups) or 'no group'}, not in existing.security_groups.endpoints"
        change = {"VpcEndpointId": vpce, "AddSecurityGroupIds": [wanted]}
        yield Fault(key, f"{text}, which is {wanted} (modify-vpc-endpoint):", pasted(change))
    if not endpoint.get("SubnetIds"):
        yield Fault(key, f"{vpce} is in no subnet")


def no_endpoint_twice(facts: Facts, s: Settings) -> Iterator[Fault]:
    """Two interface endpoints of a VPC cannot have private DNS for the same service (PrivateLink guide)."""
    for service, full in facts.services.items():
        if s.existing.endpoints.brings(service):
            continue
        for endpoint in facts.endpoints:
            others = endpoint["ServiceName"] == full and not facts.is_ours(endpoint, service)
            if others and endpoint.get("PrivateDnsEnabled"):
                text = f"{facts.vpc_id} has {endpoint['VpcEndpointId']} for {full}, with private DNS"
                yield Fault(f"existing.endpoints.{service}", f"{text}: name it here, as there can be no second one")


def endpoints_let_us_through(facts: Facts, s: Settings) -> Iterator[Fault]:
    """The policy of every endpoint that is brought allows each call that the workload makes through it."""
    for service in brought_services(facts, s):
        endpoint, key = facts.brought_endpoint(service), f"existing.endpoints.{service}"
        vpce = endpoint["VpcEndpointId"]
        try:
            policy = parse(endpoint.get("PolicyDocument") or "{}", f"the policy of {vpce}")
            refused = list(_refused(facts, s, policy, service, endpoint))
        except PolicyError as error:
            yield Fault(key, f"{error.message}; nobody can tell what it lets through")
            continue
        yield from replaced_keys.named(key, [policy])
        yield from _told(key, vpce, refused, s)


def _refused(
    facts: Facts, s: Settings, policy: Policy, service: str, endpoint: Described
) -> Iterator[tuple[Request, Verdict]]:
    estate = with_what_is_brought(facts, s)
    place = {"aws:SourceVpc": (facts.vpc_id,), "aws:SourceVpce": (str(endpoint["VpcEndpointId"]),)}
    for row in calls():
        if row.service == service and not applies(row, estate.settings):
            for request in _requests(row, estate):
                asked = replace(request, context={**request.context, **place})
                theirs = asked.resource_account not in {"", estate.account}
                layers = Layers(identity=(GRANTED,), resource=FOREIGN if theirs else None, endpoint=policy)
                verdict = decide(asked, layers)
                if not verdict.allowed:
                    yield asked, verdict


def _requests(row: Row, estate: Estate) -> list[Request]:
    """What a row asks; nothing where it speaks of what other stacks know only once they are applied."""
    try:
        return [situation.request for situation in situations(row, estate)]
    except UnknownWord:
        return []


def with_what_is_brought(facts: Facts, s: Settings) -> Estate:
    """The estate, with the words and roles that rows name and that no stack makes."""
    one, e = facts.clients.one, s.existing
    known: dict[str, str | tuple[str, ...]] = {"vpc": facts.vpc_id}
    known |= {f"{purpose}_group": facts.group_id(purpose) for purpose in e.security_groups}
    known |= {f"{purpose}_key": one(f"existing.keys.{purpose}") for purpose in e.keys}
    if e.data_bucket:
        known["data_bucket"] = f"arn:{s.partition}:s3:::{one('existing.data_bucket')}"
    arns = {purpose: one(f"existing.roles.{purpose}") for purpose in e.roles}
    known |= {f"{purpose.replace('-', '_')}_role": arn for purpose, arn in arns.items()}
    estate = facts.clients.estate
    roles = (_role(purpose, arn) for purpose, arn in arns.items())
    return replace(estate, words={**estate.words, **known}, roles=(*roles, *estate.roles))


def _role(purpose: str, arn: str) -> Role:
    """A role that is brought; its own policies are another check's."""
    name = arn.rpartition("/")[2]
    return Role(f"existing.roles.{purpose}", purpose, name, arn, trust=FOREIGN, identity=(GRANTED,))


def _told(key: str, vpce: str, refused: list[tuple[Request, Verdict]], s: Settings) -> Iterator[Fault]:
    """One fault for what nothing allows, with the statement that would, and one for each statement that denies."""
    implicit = [request for request, verdict in refused if not verdict.explicit]
    for account in sorted({request.caller.account for request in implicit}):
        asked = [request for request in implicit if request.caller.account == account]
        text = f"the policy of {vpce} does not allow {len(asked)} of our calls; its owner adds this statement:"
        yield Fault(key, text, pasted(allowing(asked, s)))
    denied: dict[str, Request] = {}
    for request, verdict in refused:
        if verdict.explicit:
            denied.setdefault(verdict.sid, request)
    for sid, request in denied.items():
        named = f"statement {sid}" if sid else "a statement without a Sid"
        text = (
            f"{named} of the policy of {vpce} denies {request.action} on {request.resource}, which {request.caller.arn}"
        )
        yield Fault(key, f"{text} asks for: its owner must exempt our account's principals")


def allowing(requests: list[Request], s: Settings) -> Mapping[str, Any]:
    """A statement for some requests of one account's principals.

    Those that are not ours are of ECR's, whose account AWS does not tell: it signs the URLs of image layers.
    """
    ours = requests[0].caller.account == s.account_id
    name = "".join(word.capitalize() for word in s.prefix.split("-"))
    return {
        "Sid": f"Allow{name}" + ("" if ours else "ImageLayers"),
        "Effect": "Allow",
        "Principal": "*",
        "Action": sorted({request.action for request in requests}),
        "Resource": sorted({_resource(request.resource, s) for request in requests}),
        **({"Condition": {"StringEquals": {"aws:PrincipalAccount": s.account_id}}} if ours else {}),
    }


def _resource(arn: str, s: Settings) -> str:
    """Objects of a bucket as all its objects, and what has an id that AWS chooses as all of our account."""
    start, _, rest = arn.partition(":s3:::")
    if rest:
        bucket, slash, _ = rest.partition("/")
        return f"{start}:s3:::{bucket}{'/*' if slash else ''}"
    if "<" in arn:
        return arn.partition("<")[0] + "*"
    parts = arn.split(":", 5)
    return ":".join([*parts[:5], "*"]) if len(parts) == 6 and parts[4] == s.account_id else arn
