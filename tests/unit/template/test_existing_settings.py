"""`[existing]`: references as they may be written, and settings that contradict each other."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.settings import Settings, parse
from sagekeep.settings_existing import KINDS, Reference, kind_of
from sagekeep.settings_faults import SettingsError
from sagekeep.settings_fields import USUAL_ENDPOINTS
from stacks.parts.endpoint_table import services

BASE = 'prefix = "acme-ml"\naccount_id = "123456789012"\nregion = "us-east-1"\n'
VPC, SUBNETS = 'vpc = "vpc-0a1b2c3d"\n', 'subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]\n'
RANGE = '[network]\ncidr = "10.60.0.0/20"\n'


def settings(text: str) -> Settings:
    return parse(tomllib.loads(BASE + text), environment="there")


def faults(text: str) -> dict[str, str]:
    try:
        settings(text)
    except SettingsError as error:
        return {fault.key: fault.rule for fault in error.faults}
    return {}


WORDS = st.text("abcdefgh-", min_size=1, max_size=8)
TABLES = st.one_of(
    st.fixed_dictionaries({"tags": st.dictionaries(WORDS, WORDS, min_size=1)}),
    st.fixed_dictionaries({"ssm": st.from_regex(r"/[a-z]+(/[a-z]+)*", fullmatch=True)}),
    st.fixed_dictionaries({"state": st.just("platform"), "output": WORDS}),
)

# What must be brought with a thing.
BESIDE: dict[str, dict[str, Any]] = {
    "data_bucket": {"keys": {"data": kind_of("existing.keys.data").example}},
    "domain": {"vpc": "vpc-0a1b2c3d", "keys": {"studio": kind_of("existing.keys.studio").example}},
}


@given(st.sampled_from(["vpc", "access_log_bucket", "topic"]), TABLES, st.booleans())
def test_a_reference_is_read_written_and_read_again(key: str, table: dict[str, Any], by_id: bool) -> None:
    written = kind_of(f"existing.{key}").example if by_id else table
    states = {"platform": {"bucket": "platform-state", "key": "x", "region": "us-east-1"}}
    document: dict[str, Any] = {
        **tomllib.loads(BASE + RANGE),
        "existing": {**BESIDE.get(key, {}), key: written, "states": states},
    }
    first = parse(document, environment="there")
    dumped = first.model_dump(mode="json")
    assert dumped["existing"][key] == written
    assert Settings.model_validate({**json.loads(json.dumps(dumped)), "environment": "there"}) == first


def test_every_reference_is_found_with_its_key() -> None:
    text = f'[existing]\n{VPC}{SUBNETS}route_tables = {{ ssm = "/rtb" }}\n'
    text += 'security_groups = { endpoints = "sg-0a1b2c3d" }\n'
    text += 'endpoints = { "sagemaker.api" = "vpce-0a1b2c3d" }\n'
    found = dict(settings(text).existing.references())
    assert found["existing.endpoints.sagemaker.api"] == Reference(id="vpce-0a1b2c3d")
    assert set(found) == {
        "existing.vpc",
        "existing.subnets.0",
        "existing.subnets.1",
        "existing.route_tables",
        "existing.security_groups.endpoints",
        "existing.endpoints.sagemaker.api",
    }
    assert all(kind_of(key) in KINDS.values() for key in found)


@pytest.mark.parametrize("key", sorted(KINDS))
def test_each_kind_says_what_it_takes(key: str) -> None:
    kind = KINDS[key]
    assert re.fullmatch(kind.pattern, kind.example)
    one = key if isinstance(getattr(settings("").existing, key), (type(None), tuple)) else f"{key}.x"
    purposes = {"keys": "data", "roles": "job", "security_groups": "jobs", "endpoints": "s3"}
    path = f"{key}.{purposes[key]}" if key in purposes else one
    rule = faults(f'[existing]\n{path} = "nonsense!"\n')[f"existing.{path}"]
    assert kind.example in rule
    assert "tags = {...}" in rule


CONTRADICTIONS = {
    "subnets without their VPC": (f"[existing]\n{SUBNETS}", "existing.subnets", "needs existing.vpc"),
    "endpoints without their VPC": ("[existing]\nendpoints.all = true\n", "existing.endpoints", "needs existing.vpc"),
    "one subnet": (f'[existing]\n{VPC}subnets = ["subnet-0a1b2c3d"]\n', "existing.subnets", "at least two"),
    "a subnet twice": (
        f'[existing]\n{VPC}subnets = ["subnet-0a1b2c3d", "subnet-0a1b2c3d"]\n',
        "existing.subnets",
        "must differ",
    ),
    "a range beside subnets": (f"{RANGE}[existing]\n{VPC}{SUBNETS}", "network.cidr", "contradicts existing.subnets"),
    "zones beside subnets": (f"[network]\nzones = 3\n[existing]\n{VPC}{SUBNETS}", "network.zones", "contradicts"),
    "no range of our own": (f"[existing]\n{VPC}", "network.cidr", "must be given"),
    "no route to our S3 endpoint": (f"[existing]\n{VPC}{SUBNETS}", "existing.route_tables", "must name the route"),
    "no route to their S3 endpoint": (
        f'{RANGE}[existing]\n{VPC}endpoints.s3 = "vpce-0a1b2c3d"\n',
        "existing.associate_s3",
        "need a route",
    ),
    "an association with nothing": (f"{RANGE}[existing]\n{VPC}associate_s3 = true\n", "existing.associate_s3", "S3"),
    "an association without a VPC": ("[existing]\nassociate_s3 = true\n", "existing.associate_s3", "S3"),
    "all endpoints and some": (
        f'{RANGE}[existing]\n{VPC}endpoints = {{ all = true, s3 = "vpce-0a1b2c3d" }}\n',
        "existing.endpoints",
        "not both",
    ),
    "an endpoint that nobody knows": (
        f'{RANGE}[existing]\n{VPC}endpoints = {{ ssm = "vpce-0a1b2c3d" }}\n',
        "existing.endpoints.ssm",
        "is not an endpoint of this environment",
    ),
    "endpoints without their group": (
        f"{RANGE}[existing]\n{VPC}endpoints.all = true\nassociate_s3 = true\n",
        "existing.security_groups.endpoints",
        "must name the security group",
    ),
    "an open VPC of our own": ("[network]\nsealed = false\n", "network.sealed", "always sealed"),
    "flow logs twice": ("[network]\nflow_logs = true\n", "network.flow_logs", "always has them"),
    "a switch for their VPC": (
        f"{RANGE}block_public_access = true\n[existing]\n{VPC}",
        "network.block_public_access",
        "would change a VPC",
    ),
    "a key of another region": (
        '[existing]\nkeys.data = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-86ef-1234567890ab"\n',
        "existing.keys.data",
        "must be of the region us-east-1",
    ),
    "a role of another account": (
        '[existing]\nroles.job = "arn:aws:iam::210987654321:role/job"\n',
        "existing.roles.job",
        "must be of the account 123456789012",
    ),
    "a state that is nowhere": (
        '[existing]\ntopic = { state = "platform", output = "topic" }\n',
        "existing.topic",
        "[existing.states.platform] is missing",
    ),
    "a role by its tags": ('[existing]\nroles.job = { tags = { a = "b" } }\n', "existing.roles.job", "by tags"),
}


@pytest.mark.parametrize("case", sorted(CONTRADICTIONS))
def test_a_contradiction_is_named_with_its_key(case: str) -> None:
    text, key, rule = CONTRADICTIONS[case]
    assert rule in faults(text)[key]


def test_the_endpoints_that_may_be_brought_are_those_that_are_made() -> None:
    assert set(services(settings(""))) == set(USUAL_ENDPOINTS)
