"""Settings: what is refused, in which words, and that everything wrong is said at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep import catalog, names
from sagekeep.errors import UsageError
from sagekeep.rules import zone_id_prefix
from sagekeep.settings import Settings, environment_file, load, parse, schema
from sagekeep.settings_faults import SettingsError
from sagekeep.subnets import capacity_of_subnet, needed_addresses, subnet_ranges

ROOT = Path(__file__).parents[3]
GOOD: dict[str, Any] = {"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}


FOREIGN_POLICY = "arn:aws:iam::999999999999:policy/boundary"
FOREIGN_ROLE = "arn:aws:iam::999999999999:role/auditors"
OWN_ROLE = "arn:aws:iam::123456789012:role/auditors"


def _cidrs(*ranges: str) -> dict[str, Any]:
    return {"studio": {"sign_in": "cidrs", "sign_in_cidrs": list(ranges)}}


def settings(**more: Any) -> Settings:
    return parse({**GOOD, **more}, environment="test")


def faults(**more: Any) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        settings(**more)
    assert caught.value.exit_code == 2
    return {fault.key: str(fault) for fault in caught.value.faults}


@pytest.mark.parametrize("environment", ["poc", "prod"])
def test_the_environments_of_this_repository_are_valid(environment: str) -> None:
    loaded = load(environment_file(environment, ROOT / "environments"))
    assert loaded.environment == environment


REFUSED = [
    ("prefix", {"prefix": "Acme"}, "lower-case"),
    ("prefix", {"prefix": "acme_ml"}, "no underscores"),
    ("prefix", {"prefix": "a" * 40}, "characters too long"),
    ("account_id", {"account_id": "12345678901"}, "12 digits"),
    ("account_id", {"account_id": 123456789012}, "text in quotes"),
    ("region", {"region": "me-central-1"}, "autogluon-training"),
    ("region", {"region": "us-esat-1"}, "us-east-1"),
    ("removal", {"removal": "delete"}, "destroy"),
    ("removl", {"removl": "destroy"}, "did you mean 'removal'?"),
    ("cidr", {"cidr": "10.0.0.0/16"}, "did you mean 'network.cidr'?"),
    ("network.cidr", {"network": {"cidr": "10.0.0.0/27", "zones": 2}}, "too small"),
    ("network.cidr", {"network": {"cidr": "10.0.0.0/26", "zones": 3, "subnet_slots": 4}}, "needs"),
    ("network.subnet_slots", {"network": {"zones": 3, "subnet_slots": 2}}, "at least the 3 zones"),
    ("network.subnet_slots", {"network": {"subnet_slots": 6}}, "2, 4"),
    ("network.cidr", {"network": {"cidr": "8.8.0.0/16"}}, "private"),
    ("network.cidr", {"network": {"cidr": "10.0.0.1/16"}}, "host bits"),
    ("network.extra_endpoints", {"network": {"extra_endpoints": ["ssm", "s4"]}}, "ssmmessages"),
    ("network.extra_endpoints", {"network": {"extra_endpoints": ["ssm", "ssm"]}}, "differ"),
    ("state.key_arn", {"state": {"key_arn": "alias/state"}}, "ARN of a key"),
    ("state.key_arn", {"state": {"key_arn": "arn:aws:kms:eu-west-1:123456789012:key/a"}}, "in us-east-1"),
    (
        "state.key_arn",
        {"state": {"key_arn": "arn:aws:kms:us-east-1:123456789012:key/a", "backend": "local"}},
        "has no effect",
    ),
    (
        "existing.endpoints.ecr.api",
        {
            "network": {"cidr": "10.0.0.0/16", "image_endpoints": False},
            "existing": {
                "vpc": "vpc-0a1b2c3d4e5f60718",
                "endpoints": {"ecr.api": "vpce-0a1b2c3d4e5f60718"},
                "security_groups": {"endpoints": "sg-0a1b2c3d4e5f60718"},
            },
        },
        "image_endpoints",
    ),
    ("network.block_public_access", {"network": {"block_public_access": "yes"}}, "true or false"),
    ("perimeter.organization", {"perimeter": {"organization": "r-abcd"}}, "o-a1b2c3d4e5"),
    ("storage.object_lock_days", {"storage": {"object_lock_days": -1}}, "greater than or equal to 0"),
    ("functions.reserved_concurrency", {"functions": {"reserved_concurrency": "5"}}, "whole number"),
    (
        "functions.code_signing_profile_arns",
        {"functions": {"code_signing_profile_arns": ["arn:aws:signer:us-east-1:123456789012:/signing-profiles/acme"]}},
        "versions of signing profiles",
    ),
    ("network.zones", {"network": {"zones": 1}}, "2 to 6"),
    ("network.zones", {"network": {"zones": ["use1-az1", "use1-az1"]}}, "different"),
    ("network.zones", {"network": {"zones": ["euw1-az1", "euw1-az2"]}}, "use1-az"),
    ("network.zones", {"network": {"zones": ["use1-az3", "use1-az2"]}}, "Lambda"),
    ("pipeline.name", {"pipeline": {"name": "My-Pipeline"}}, "lower-case"),
    ("pipeline.name", {"pipeline": {"name": "my_pipeline"}}, "no underscores"),
    ("pipeline.name", {"pipeline": {"name": "p" * 41}}, "40"),
    ("pipeline.label", {"pipeline": {"label": "true"}}, "letter"),
    ("pipeline.seed", {"pipeline": {"seed": "1"}}, "whole number"),
    ("pipeline.instances.train", {"pipeline": {"instances": {"train": "ml.g5.xlarge"}}}, "NVMe"),
    ("pipeline.instances.train", {"pipeline": {"instances": {"train": "ml.m5.lage"}}}, "ml.m5.large"),
    ("pipeline.instances.endpoint", {"pipeline": {"instances": {"endpoint": "ml.m5d.large"}}}, "NVMe"),
    ("pipeline.job_log_groups", {"pipeline": {"job_log_groups": "mine"}}, "'own' or 'account'"),
    ("deploy.roles", {"deploy": {"roles": ["deployer"]}}, "ARNs"),
    ("deploy.roles", {"deploy": {"roles": ["arn:aws:iam::999999999999:role/x"]}}, "123456789012"),
    ("studio.users", {"studio": {"users": ["jo", "Jo"]}}, "differ"),
    ("studio.users", {"studio": {"users": ["Sweeper"], "role_per_user": True}}, "own roles"),
    ("studio.users", {"studio": {"users": ["j" * 41], "role_per_user": True}}, "2 characters too long: role"),
    ("studio.sign_in", {"studio": {"sign_in": "vpn"}}, "'iam', 'cidrs' or 'endpoint'"),
    ("studio.sign_in_cidrs", {"studio": {"sign_in": "cidrs"}}, "nobody could open Studio"),
    ("studio.sign_in_cidrs", {"studio": {"sign_in_cidrs": ["203.0.113.0/24"]}}, 'set sign_in = "cidrs"'),
    ("studio.sign_in_cidrs", _cidrs("0.0.0.0/0"), "/8 or smaller"),
    ("studio.sign_in_cidrs", _cidrs("::/0"), "/8 or smaller"),
    ("studio.sign_in_cidrs", _cidrs("203.0.113.0/24", "10.40.0.0/16"), "public"),
    ("studio.sign_in_cidrs", _cidrs("203.0.113.7/24"), "host bits"),
    ("studio.sign_in_cidrs", _cidrs(*["203.0.113.0/24"] * 51), "at most 50"),
    ("iam.role_path", {"iam": {"role_path": "ml"}}, "end with a slash"),
    ("iam.permissions_boundary", {"iam": {"permissions_boundary": "boundary"}}, "ARN of an IAM policy"),
    ("iam.permissions_boundary", {"iam": {"permissions_boundary": FOREIGN_POLICY}}, "123456789012"),
    ("personas.auditor.principals", {"personas": {"auditor": {"principals": [FOREIGN_ROLE]}}}, "123456789012"),
    ("personas.auditor.principals", {"personas": {"auditor": {"principals": [OWN_ROLE] * 11}}}, "at most 10"),
    ("personas.audtor", {"personas": {"audtor": {}}}, "did you mean 'auditor'?"),
    ("alerts.emails", {"alerts": {"emails": ["a@b.org"], "email_domains": ["c.org"]}}, "c.org"),
    (
        "detection.emails",
        {"detection": {"emails": ["a@b.org"]}, "alerts": {"email_domains": ["c.org"]}},
        "c.org",
    ),
    ("detection.denied_calls", {"detection": {"denied_calls": 0}}, "greater than or equal to 1"),
    ("name_pattern", {"name_pattern": "{prefix}-{team}-{purpose}"}, "{environment} and {region}"),
    ("name_pattern", {"name_pattern": "{purpose}-{prefix}"}, "end with -{purpose}"),
    ("name_pattern", {"name_pattern": "acme-{purpose}"}, "have {prefix} or {environment}"),
    ("name_pattern", {"name_pattern": "{prefix}-{prefix}-{purpose}"}, "such as"),
    ("name_pattern", {"name_pattern": "{prefix}_{purpose}"}, "hyphens"),
    ("name_pattern", {"name_pattern": "{prefix.x}-{purpose}"}, "lower-case"),
    ("prefix", {"prefix": "a" * 30, "name_pattern": "{prefix}-{environment}-{purpose}"}, "characters too long"),
    (
        "tags.CostCenter",
        {"tags": {"CostCenter": "12"}, "tag_policy": {"patterns": {"CostCenter": "[0-9]{4}"}}},
        "match",
    ),
    ("tag_policy.patterns", {"tag_policy": {"patterns": {"Environment": "prod"}}}, "match 'prod'"),
    ("tag_policy.patterns", {"tag_policy": {"patterns": {"Owner": "["}}}, "that of Owner is not"),
    ("keys.administrators", {"keys": {"administrators": [FOREIGN_ROLE]}}, "123456789012"),
    ("outputs.ssm_prefix", {"outputs": {"ssm_prefix": "acme/ml"}}, "such as /acme/ml"),
    ("outputs.ssm_prefix", {"outputs": {"ssm_prefix": "/aws/ml"}}, "not below /aws"),
    ("studio.auth", {"studio": {"auth": "SAML"}}, "'IAM' or 'SSO'"),
    ("studio.sso_groups", {"studio": {"sso_groups": ["ml"]}}, 'set auth = "SSO"'),
    ("studio.sso_users", {"studio": {"auth": "SSO", "users": ["ann"], "sso_users": {"bob": "b"}}}, "studio.users"),
    ("studio.sso_groups", {"studio": {"auth": "SSO", "sso_groups": ["ML team", "ml-team"]}}, "differ"),
    ("studio.sign_in", {"studio": {"auth": "SSO", "sign_in": "endpoint"}}, "Identity Center"),
    ("region", {"region": "cn-north-1"}, "autogluon-training"),
    ("deploy.roles", {"region": "us-gov-west-1", "deploy": {"roles": [OWN_ROLE]}}, "partition aws-us-gov"),
    ("alerts.queue", {"alerts": {"queue": "yes"}}, "true or false"),
    ("tags", {"tags": {"aws:x": "y"}}, "aws:"),
    ("iam.role_path", {"iam": {"role_path": "/x/acme-users/"}}, "none of which ends with -users"),
    ("tags", {"tags": {"a": "x\x00"}}, "letters, digits"),
    ("tags", {"tags": {"why?": "x"}}, "letters, digits"),
    ("tags", {"tags": {f"Tag{n}": "x" for n in range(8)}}, "must be at most 7"),
    ("tags", {"tags": {"Environment": "x", **{f"Tag{n}": "x" for n in range(8)}}}, "must be at most 8"),
    ("tags.environment", {"tags": {"environment": "x"}}, "differ from Environment"),
    (
        "studio.users",
        {
            "studio": {"users": [f"u{n}" for n in range(5000)], "role_per_user": True},
            "network": {"cidr": "10.0.0.0/16", "subnet_slots": 2},
        },
        "at most 4991",
    ),
]


@pytest.mark.parametrize(("key", "change", "words"), REFUSED)
def test_what_cannot_work_is_refused_with_key_rule_and_value(key: str, change: dict[str, Any], words: str) -> None:
    found = faults(**change)
    assert list(found) == [key]
    assert words in found[key]
    assert "(got " in found[key]


def test_a_required_tag_that_is_missing_is_named_and_one_of_other_capitals_hinted_at() -> None:
    found = faults(tags={"owner": "me"}, tag_policy={"required": ["Owner", "CostCenter", "Environment", "Stack"]})
    assert set(found) == {"tags.Owner", "tags.CostCenter"}
    assert "owner is another key" in found["tags.Owner"]


@pytest.mark.parametrize(
    ("pattern", "function", "bucket", "role"),
    [
        ("{prefix}-{purpose}", "acme-ml-x", "acme-ml-x-123456789012-us-east-1", "acme-ml-x-us-east-1"),
        ("org-{environment}-{purpose}", "org-test-x", "org-test-x-123456789012-us-east-1", "org-test-x-us-east-1"),
        (
            "{prefix}-{region}-{purpose}",
            "acme-ml-us-east-1-x",
            "acme-ml-us-east-1-x-123456789012",
            "acme-ml-us-east-1-x",
        ),
    ],
)
def test_a_name_pattern_is_in_every_name_and_a_region_in_it_once(
    pattern: str, function: str, bucket: str, role: str
) -> None:
    s = settings(name_pattern=pattern)
    assert (names.name(s, "x"), names.bucket(s, "x"), names.role(s, "x")) == (function, bucket, role)
    assert names.flow_log_group(s) == f"/{function.removesuffix('-x')}/flow-logs"


def test_extra_endpoints_need_addresses_of_their_own() -> None:
    small: dict[str, Any] = {"cidr": "10.0.0.0/25", "subnet_slots": 2}
    people = {"users": ["ann", "bob", "cem"]}
    assert settings(network=small, studio=people)
    extra = ["ec2", "ec2messages", "events", "lambda", "ssm", "ssmmessages"]
    assert "needs" in faults(network={**small, "extra_endpoints": extra}, studio=people)["network.cidr"]


def test_a_boundary_of_awss_own_is_as_good_as_the_accounts() -> None:
    for owner in ("aws", "123456789012"):
        boundary = f"arn:aws:iam::{owner}:policy/PowerUserAccess"
        assert settings(iam={"permissions_boundary": boundary}).iam.permissions_boundary == boundary


def test_a_users_name_may_be_an_own_roles_where_users_have_no_roles() -> None:
    assert settings(studio={"users": ["sweeper"]}).studio.users == ("sweeper",)


def test_every_fault_is_reported_at_once() -> None:
    change: dict[str, Any] = {}
    for key in ("network.cidr", "pipeline.name", "pipeline.instances.train", "account_id", "removl"):
        _, addition, _ = next(row for row in REFUSED if row[0] == key)
        for section, value in addition.items():
            change[section] = {**change[section], **value} if isinstance(value, dict) and section in change else value
    assert set(faults(**change)) == {
        "network.cidr",
        "pipeline.name",
        "pipeline.instances.train",
        "account_id",
        "removl",
    }


def test_a_missing_key_is_named() -> None:
    with pytest.raises(SettingsError, match="region: is required"):
        parse({"prefix": "a", "account_id": "123456789012"}, environment="test")


def test_a_file_that_is_not_toml_is_said_to_be_so(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text("prefix = ")
    with pytest.raises(SettingsError, match="is not TOML"):
        load(file)


def test_an_unknown_environment_lists_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        environment_file("staging", ROOT / "environments")
    assert "poc, prod" in str(caught.value)


def test_the_schema_knows_the_keys_of_the_example_and_no_environment() -> None:
    document = schema()
    example = tomllib.loads((ROOT / "environments" / "poc.toml").read_text())
    assert set(example) <= set(document["properties"])
    assert "environment" not in document["properties"]
    assert set(document["required"]) == {"prefix", "account_id", "region"}


SLOTS = st.sampled_from([2, 4, 8])


@given(slots=SLOTS, fewer=st.integers(2, 6), more=st.integers(2, 6), prefix=st.integers(16, 20))
def test_every_subnet_keeps_its_range_when_zones_are_added(slots: int, fewer: int, more: int, prefix: int) -> None:
    fewer, more = sorted((min(fewer, slots), min(more, slots)))
    network = {"cidr": f"10.0.0.0/{prefix}", "subnet_slots": slots}
    before = subnet_ranges(settings(network={**network, "zones": fewer}))
    after = subnet_ranges(settings(network={**network, "zones": more}))
    assert after[:fewer] == before
    assert len(set(after)) == more


@given(slots=SLOTS, prefix=st.integers(16, 28), zones=st.integers(2, 6), users=st.integers(0, 60))
def test_subnets_lie_in_the_range_apart_from_each_other_and_have_room(
    slots: int, prefix: int, zones: int, users: int
) -> None:
    change = {"cidr": f"10.0.0.0/{prefix}", "zones": zones, "subnet_slots": slots}
    sections = {"network": change, "studio": {"users": [f"user{n}" for n in range(users)]}}
    try:
        found = settings(**sections)
    except SettingsError:
        found_faults = set(faults(**sections))
        assert found_faults <= {"network.cidr", "network.subnet_slots"}
        assert ("network.subnet_slots" in found_faults) == (zones > slots)
        return
    ranges = subnet_ranges(found)
    assert len(ranges) == zones
    assert all(block.subnet_of(found.network.range) for block in ranges)
    assert not any(one.overlaps(other) for one in ranges for other in ranges if one is not other)
    assert needed_addresses(found) <= capacity_of_subnet(found)


@given(st.sampled_from(sorted(set(catalog.images().regions("train")) & set(catalog.images().regions("inference")))))
def test_every_name_fits_in_every_region_with_the_default_prefix(region: str) -> None:
    found = settings(region=region)
    assert all(len(limited.value) <= limited.limit for limited in names.limited_names(found))
    assert names.image(found, "train").startswith(catalog.images().registry("train", region))


ZONES = {
    "us-east-1": "use1",
    "eu-central-1": "euc1",
    "ap-southeast-2": "apse2",
    "ca-west-1": "caw1",
    "sa-east-1": "sae1",
}


@pytest.mark.parametrize(("region", "start"), sorted(ZONES.items()))
def test_zone_ids_begin_with_their_regions_code(region: str, start: str) -> None:
    assert zone_id_prefix(region) == start


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().prefix = "x"  # type: ignore[misc]
