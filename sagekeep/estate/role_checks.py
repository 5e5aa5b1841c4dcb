"""Checks of roles that are brought: who may assume them, and whether their policies amount to those of ours."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sagekeep.estate import replaced_keys
from sagekeep.estate.check import Check
from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault
from sagekeep.estate.gaps import GRANTED, compare
from sagekeep.estate.needs import needs_of
from sagekeep.estate.requests import Asked, caller_of
from sagekeep.iam.document import Policy, parse
from sagekeep.iam.evaluate import Layers
from sagekeep.settings import Settings

PURPOSES = (
    "job",
    "pipeline",
    "studio",
    "flow-logs",
    "pipeline-manager",
    "pipeline-reader",
    "data-seed",
    "job-sweeper",
    "studio-sweeper",
)


def role_serves(purpose: str, clients: Clients, s: Settings) -> Iterator[Fault]:
    """One role: trust, and permissions within its boundary."""
    key = f"existing.roles.{purpose}"
    if purpose not in s.existing.roles:
        return
    arn = clients.one(key)
    name = arn.rsplit("/", 1)[-1]
    try:
        role = clients.ask("iam", "get_role", RoleName=name)["Role"]
    except LookupError:
        yield Fault(key, f"there is no role {arn}")
        return
    if role["Arn"] != arn:
        yield Fault(key, f"the role {name} has another path than {arn}: its ARN is {role['Arn']}")
        return
    needs = needs_of(key, clients, s)
    trust = Layers(identity=(GRANTED,), resource=parse(role["AssumeRolePolicyDocument"], f"the trust of {arn}"))
    asked = Asked(s.account_id, s.partition)
    yield from compare(needs.policy, trust, asked).faults(key, f"the trust policy of role {arn}")
    boundary = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    layers = Layers(
        identity=tuple(_policies(name, clients)), boundary=_managed(boundary, clients) if boundary else None
    )
    yield from replaced_keys.named(key, (*layers.identity, *layers.of("boundary")))
    asked = Asked(s.account_id, s.partition, caller=caller_of(arn, s.account_id))
    within = f", within the boundary {boundary}," if boundary else ""
    yield from compare(needs.permissions, layers, asked).faults(key, f"what role {arn} may do{within}")


def _policies(role: str, clients: Clients) -> Iterator[Policy]:
    for name in _all(clients, "list_role_policies", "PolicyNames", role):
        found = clients.ask("iam", "get_role_policy", RoleName=role, PolicyName=name)
        yield parse(found["PolicyDocument"], f"policy {name} of role {role}")
    for attached in _all(clients, "list_attached_role_policies", "AttachedPolicies", role):
        yield _managed(attached["PolicyArn"], clients)


def _all(clients: Clients, call: str, member: str, role: str) -> Iterator[Any]:
    """IAM has pages of its own."""
    marker: dict[str, str] = {}
    while True:
        answer = clients.ask("iam", call, RoleName=role, **marker)
        yield from answer[member]
        if not answer.get("IsTruncated"):
            return
        marker = {"Marker": answer["Marker"]}


def _managed(arn: str, clients: Clients) -> Policy:
    version = clients.ask("iam", "get_policy", PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = clients.ask("iam", "get_policy_version", PolicyArn=arn, VersionId=version)["PolicyVersion"]
    return parse(found["Document"], arn)


CHECKS = tuple(
    Check(f"{purpose} role", f"the role {purpose} may do what it must", partial(role_serves, purpose))
    for purpose in PURPOSES
)
