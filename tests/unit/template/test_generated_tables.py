"""Names, tables and documents that are made of settings, over settings of all kinds."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings

from policies import job_logs
from policies.jobs import Placement
from sagekeep import names
from sagekeep.settings import Settings, parse
from sagekeep.subnets import INTERFACE_ENDPOINTS as COUNTED
from sagekeep.subnets import subnet_ranges
from stacks.parts import sdk_defaults
from stacks.parts.alert_rules import run_failed, step_failed
from stacks.parts.endpoint_table import INTERFACE_ENDPOINTS, gateway_service_name
from stacks.parts.managed_pipeline import configuration
from stacks.parts.traffic import GROUPS, RULES, S3
from tests.generated import environments

PLACE = Placement(("subnet-1", "subnet-2"), ("sg-1",), "arn:aws:kms:us-east-1:123456789012:key/k")


def global_names(s: Settings) -> set[str]:
    """Names that are one account's, or the world's, in all regions."""
    return {names.bucket(s, purpose) for purpose in names.BUCKETS} | {
        names.role(s, p) for p in names.ROLES + names.personas(s)
    }


@settings(max_examples=200)
@given(s=environments())
def test_settings_survive_the_way_through_the_model_file(s: Settings) -> None:
    assert parse(json.loads(json.dumps(s.model_dump(mode="json"))), environment="test") == s


@settings(max_examples=200)
@given(s=environments())
def test_every_name_fits_and_begins_with_what_policies_know_names_by(s: Settings) -> None:
    for limited in names.limited_names(s):
        assert len(limited.value) <= limited.limit, limited.what
        assert limited.value.startswith(names.name(s, "")), limited.what


@settings(max_examples=200)
@given(one=environments(), other=environments())
def test_environments_share_no_global_name_unless_their_names_begin_alike(one: Settings, other: Settings) -> None:
    if shared := global_names(one) & global_names(other):  # roles of two accounts may be called the same
        assert (names.stem(one), one.region) == (names.stem(other), other.region), shared


@settings(max_examples=200)
@given(s=environments())
def test_subnets_follow_each_other_in_the_range(s: Settings) -> None:
    ranges = subnet_ranges(s)
    assert len(ranges) == s.network.zone_count
    assert ranges[0].network_address == s.network.range.network_address
    assert all(before.broadcast_address + 1 == after.network_address for before, after in pairwise(ranges))
    assert ranges[-1].broadcast_address <= s.network.range.broadcast_address


@settings(max_examples=200)
@given(s=environments())
def test_endpoints_have_service_names_of_their_own_in_the_region(s: Settings) -> None:
    services = [endpoint.service_name(s.region) for endpoint in INTERFACE_ENDPOINTS] + [gateway_service_name(s.region)]
    assert len(set(services)) == len(services)
    assert all(f".{s.region}." in service for service in services)


def test_the_subnets_count_as_many_interface_endpoints_as_there_are() -> None:
    assert len(INTERFACE_ENDPOINTS) == COUNTED


def test_rules_of_traffic_name_groups_that_exist_and_have_addresses_of_their_own() -> None:
    assert {rule.source for rule in RULES} | {rule.target for rule in RULES} == {*GROUPS, S3}
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(0 <= low <= high <= 65535 for low, high in (rule.ports for rule in RULES))


@settings(max_examples=200)
@given(s=environments())
@pytest.mark.parametrize("rule", [step_failed, run_failed])
def test_alerts_are_json_within_eventbridges_limit_whatever_the_settings(rule: Any, s: Settings) -> None:
    made = rule(s)
    text = made.template
    for name in made.reads:
        text = text.replace(f": <{name}>", ": 1")
    assert json.loads(text)["pipeline"] == s.pipeline.name
    assert len(made.template) <= 8192  # EventBridge API reference, InputTransformer
    assert len(json.dumps(made.pattern)) <= 4096  # EventBridge API reference, PutRule
    assert len(made.name) <= 64


@settings(max_examples=200)
@given(s=environments())
def test_the_lifecycle_script_fits_into_studio(s: Settings) -> None:
    before, after = sdk_defaults.SCRIPT
    script = f"{before}{json.dumps(sdk_defaults.defaults(s, PLACE))}{after}"
    assert len(base64.b64encode(script.encode())) <= 16_384  # SageMaker API reference, StudioLifecycleConfigContent


@settings(max_examples=200)
@given(s=environments())
def test_the_pipelines_configuration_is_json_and_names_what_the_environment_has(s: Settings) -> None:
    made = configuration(s, PLACE, "code/0123456789abcdef")
    assert json.loads(json.dumps(made)) == made
    assert made["bucket"] == names.bucket(s, "data")
    assert made["job_role_arn"] == names.role_arn(s, "job")
    assert all(f".dkr.ecr.{s.region}." in image for image in made["images"].values())


@settings(max_examples=200)
@given(s=environments())
def test_each_log_group_of_jobs_is_the_environments_or_the_accounts(s: Settings) -> None:
    made = set(job_logs.own_job_groups(s).values())
    may_make = {statement.sid for statement in job_logs.write(s)}
    assert made == (set(job_logs.JOB_GROUPS.values()) if s.pipeline.job_log_groups == "own" else set())
    assert ("MakeJobLogGroups" in may_make) is not made.issuperset(job_logs.JOB_GROUPS.values())
