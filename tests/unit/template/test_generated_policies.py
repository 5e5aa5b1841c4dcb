"""Statements of every policy, over settings of all kinds: quotas, Sids, and whose resources they name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from policies import alerts, buckets, endpoints, functions, jobs, keys, personas, roles, sign_in, studio
from policies import guardrails as denies
from policies.jobs import Placement
from policies.statement import Statement
from sagekeep import catalog, limits, names
from sagekeep.settings import Settings
from stacks.parts.endpoint_table import different_policies
from tests.generated import environments

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
VPC = "vpc-0123456789abcdef0"
IAM_ROLE, IAM_POLICY, IAM_TRUST = map(limits.most, ("inline-policy", "managed-policy", "trust-policy"))
BUCKET, CMK, ENDPOINT = map(limits.most, ("bucket-policy", "key-policy", "endpoint-policy"))
TRUSTED = ("sagemaker.amazonaws.com", "lambda.amazonaws.com", "vpc-flow-logs.amazonaws.com")


def place(s: Settings) -> Placement:
    return Placement(tuple(f"subnet-0123456789abcde{n:02}" for n in range(s.network.zone_count)), ("sg-0aaa",), KEY)


def of_function(s: Settings, purpose: str, own: list[Statement]) -> list[Statement]:
    in_vpc = functions.attach_to_vpc(s, purpose) if not purpose.endswith("-sweeper") else []
    return [*functions.run(s, purpose, KEY), *in_vpc, *own]


def of_data_bucket(s: Settings) -> list[Statement]:
    arn = names.bucket_arn(s, "data")
    around = buckets.perimeter(arn, buckets.perimeter_of(s, VPC))
    return [*buckets.closed(s, arn), *buckets.our_key_only(arn, KEY), *around, *buckets.users_places(s, arn)]


def of_state_bucket(s: Settings) -> list[Statement]:
    arn = names.bucket_arn(s, "state")
    return [*buckets.closed(s, arn), *buckets.our_key_only(arn, KEY), *buckets.state_perimeter(s, arn)]


def of_log_bucket(s: Settings) -> list[Statement]:
    arn, logged = names.bucket_arn(s, "access-logs"), names.bucket_arn(s, "data")
    return [*buckets.closed(s, arn), buckets.untouched_logs(arn), buckets.log_delivery(s, arn, [logged])]


def studio_of(s: Settings) -> studio.Studio:
    return studio.Studio(place(s), KEY, VPC)


def around_of(s: Settings) -> personas.Surroundings:
    return personas.Surroundings("d-0123456789ab", "sg-0bbb", studio_of(s))


def guardrails(s: Settings) -> list[Statement]:
    return [*denies.guardrails(s, place(s)), *sign_in.only_from_known_places(s, VPC)]


# Characters of a policy: the quotas of IAM (inline policies of a role), S3, KMS and Amazon VPC, each in its user guide.
IDENTITY: dict[str, Callable[[Settings], list[Statement]]] = {
    "job role": lambda s: jobs.job_role(s, KEY),
    "pipeline role": lambda s: jobs.pipeline_role(s, place(s)),
    "studio role": lambda s: studio.studio_role(s, studio_of(s)),
    "jobs of people in Studio": lambda s: studio.jobs_of_ones_own(s, place(s)),
    "endpoints of people in Studio": lambda s: studio.endpoints_of_ones_own(s, place(s)),
    "studio role of a user": lambda s: studio.studio_role(s, studio_of(s), studio.Owner("d-0123456789ab", "j" * 22)),
    **{
        purpose: lambda s, make=make: make(s, around_of(s))  # type: ignore[misc]
        for purpose, make in personas.POLICIES.items()
    },
    "flow logs role": roles.flow_logs,
    "manager": lambda s: of_function(s, "pipeline-manager", functions.pipeline_manager(s)),
    "reader": lambda s: of_function(s, "pipeline-reader", functions.pipeline_reader(s)),
    "seed": lambda s: of_function(s, "data-seed", functions.data_seed(s, KEY)),
    "job sweeper": lambda s: of_function(s, "job-sweeper", functions.job_sweeper(s, VPC)),
    "sweeper": lambda s: of_function(s, "studio-sweeper", functions.studio_sweeper(s, VPC)),
}
RESOURCE: dict[str, tuple[int, Callable[[Settings], list[Statement]]]] = {
    "data bucket": (BUCKET, of_data_bucket),
    "state bucket": (BUCKET, of_state_bucket),
    "access logs": (BUCKET, of_log_bucket),
    **{make.__name__: (CMK, make) for make in (keys.data_key, keys.logs_key, keys.studio_key, keys.state_key)},
    **{make.__name__: (ENDPOINT, make) for make in (endpoints.s3, *different_policies())},
}
OTHERS: dict[str, Callable[[Settings], list[Statement]]] = {
    "topic": alerts.topic,
    "queue": alerts.queue,
    "undelivered": lambda s: alerts.undelivered(s, [names.arn(s, "events", "rule/x")]),
    "trust people": lambda s: roles.trust_people(s, s.deploy.roles),
    **{f"trust {service}": lambda s, service=service: roles.trust(s, service) for service in TRUSTED},
}
RESOURCE_POLICIES = {name: make for name, (_, make) in RESOURCE.items()} | OTHERS
ALL = IDENTITY | {"guardrails": guardrails} | RESOURCE_POLICIES


def length(statements: list[Statement]) -> int:
    """Characters of the policy as IAM counts them, without white space; rather too many than too few."""
    keys_of_iam = {"resources": "Resource", "not_resources": "NotResource", "condition": "Condition"}
    blocks = [{keys_of_iam.get(key, key): value for key, value in s.as_block().items()} for s in statements]
    document = {"Version": "2012-10-17", "Statement": blocks}
    return len(json.dumps(document, separators=(",", ":")))


@settings(max_examples=200)
@given(s=environments())
def test_every_policy_fits_into_the_quota_of_what_it_is_attached_to(s: Settings) -> None:
    for role, make in IDENTITY.items():
        assert length(make(s)) <= IAM_ROLE, role
    for resource, (quota, make) in RESOURCE.items():
        assert length(make(s)) <= quota, resource
    assert length(guardrails(s)) <= IAM_POLICY
    for purpose, persona in s.personas.wanted():
        assert length(roles.trust_people(s, persona.principals)) <= IAM_TRUST, purpose


@settings(max_examples=200)
@given(s=environments())
def test_sids_of_a_policy_differ(s: Settings) -> None:
    for policy, make in ALL.items():
        sids = [statement.sid for statement in make(s)]
        assert len(sids) == len(set(sids)), policy


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    return [text for item in value for text in strings(item)] if isinstance(value, list) else [str(value)]


@settings(max_examples=200)
@given(s=environments())
def test_every_arn_is_of_the_environments_partition_and_account(s: Settings) -> None:
    """Other accounts' are the images' repositories only; S3 and an empty account name no account."""
    image_accounts = {catalog.images().registry(kind, s.region) for kind in ("process", "train", "inference")}
    for policy, make in ALL.items():
        for arn in strings([statement.as_block() for statement in make(s)]):
            if arn.startswith("arn:") and arn != KEY:
                _, partition, service, _, account, _ = arn.split(":", 5)
                assert partition == s.partition, (policy, arn)
                allowed = image_accounts if service == "ecr" else {"", s.account_id}
                assert account in allowed, (policy, arn)


@settings(max_examples=200)
@given(s=environments())
def test_no_resource_policy_names_a_role_or_user_as_principal(s: Settings) -> None:
    for policy, make in RESOURCE_POLICIES.items():
        for statement in make(s):
            for principal in statement.principals:
                assert not [name for name in principal.identifiers if re.search(":(role|user)/", name)], policy


@settings(max_examples=200)
@given(s=environments(), data=st.data())
def test_whoever_may_deploy_is_exempt_from_every_deny_of_the_perimeter(s: Settings, data: st.DataObject) -> None:
    if not s.deploy.roles:
        return
    deployer = data.draw(st.sampled_from(s.deploy.roles))
    data, state = names.bucket_arn(s, "data"), names.bucket_arn(s, "state")
    perimeters = [*buckets.perimeter(data, buckets.perimeter_of(s, VPC)), *buckets.state_perimeter(s, state)]
    for statement in perimeters:
        exempt = [c.values for c in statement.conditions if c.test == "ArnNotLikeIfExists"]
        assert exempt, statement.sid
        assert deployer in exempt[0], statement.sid
