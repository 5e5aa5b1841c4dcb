"""Each rule of detection against recorded shapes of events, by the matcher of the embedded AWS (TestEventPattern)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep import limits
from sagekeep.settings import parse
from stacks.parts.alert_rules import AlertRule
from stacks.parts.detection_rules import change, denied_call, root_use
from stacks.parts.detection_table import HOME_REGIONS, WATCHES, Ours, watches
from tests.generated import environments
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, Cloud
from tests.local.trail_samples import (
    DATA,
    FIRES,
    KEY,
    QUIET,
    ROOT_USER,
    SERVICE,
    SETTINGS,
    USER,
    Event,
    about,
    event,
    ours,
    session,
)

RULES = {watch.name: change(ours(), watch) for watch in WATCHES}
LIMIT = limits.most("event-pattern")


def hears(admin: Cloud, rule: AlertRule, of: Event) -> bool:
    found = admin("events").test_event_pattern(EventPattern=json.dumps(rule.pattern), Event=json.dumps(of))
    return bool(found["Result"])


def cases(samples: dict[str, list[Event]]) -> list[Any]:
    return [
        pytest.param(row, at, id=f"{row}-{at}-{sample['detail']['eventName']}")
        for row, several in samples.items()
        for at, sample in enumerate(several)
    ]


def test_every_row_has_samples() -> None:
    assert set(FIRES) == set(QUIET) == set(RULES)
    assert all(FIRES.values())
    assert all(QUIET.values())


@pytest.mark.parametrize(("row", "at"), cases(FIRES))
def test_it_is_heard_of(admin: Cloud, row: str, at: int) -> None:
    assert hears(admin, RULES[row], FIRES[row][at])


@pytest.mark.parametrize(("row", "at"), cases(FIRES))
def test_it_is_heard_of_by_its_own_row_only(admin: Cloud, row: str, at: int) -> None:
    assert [other for other in RULES if hears(admin, RULES[other], FIRES[row][at])] == [row]


@pytest.mark.parametrize(("row", "at"), cases(QUIET))
def test_it_is_not_heard_of(admin: Cloud, row: str, at: int) -> None:
    assert not hears(admin, RULES[row], QUIET[row][at])


@pytest.mark.parametrize("row", RULES)
def test_nobody_feigns_it(admin: Cloud, row: str) -> None:
    """Only AWS puts events whose source begins with aws."""
    assert not hears(admin, RULES[row], {**FIRES[row][0], "source": "mine.kms"})


def settings_of(*roles: str, **detection: Any) -> Any:
    document = {"prefix": "told", "account_id": ACCOUNT, "region": REGION, "deploy": {"roles": list(roles)}}
    return parse({**document, "detection": detection}, environment="test")


KEYS = next(watch for watch in WATCHES if watch.name == "keys")
DEPLOYER_SESSION = session("deployer", "/team/")
SSO = f"arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*"
SSO_SESSION = session("AWSReservedSSO_Admin_0123", "/aws-reserved/sso.amazonaws.com/eu-west-1/")
OTHER_SSO = session("AWSReservedSSO_Reader_0123", "/aws-reserved/sso.amazonaws.com/eu-west-1/")
LINKED = session("AWSServiceRoleForX", "/aws-service-role/x.amazonaws.com/")
USER_ARN = f"arn:aws:iam::{ACCOUNT}:user/jo"
WHO = [
    ((DEPLOYER,), {}, DEPLOYER_SESSION, False),
    ((DEPLOYER,), {"include_deployments": True}, DEPLOYER_SESSION, True),
    ((SSO,), {}, SSO_SESSION, False),
    ((SSO,), {}, OTHER_SSO, True),
    ((USER_ARN,), {}, USER, False),
    ((USER_ARN,), {}, SSO_SESSION, True),
    ((USER_ARN,), {}, ROOT_USER, True),
    ((), {}, USER, True),
    ((), {}, LINKED, False),
    ((), {}, SERVICE, True),
]


@pytest.mark.parametrize(("roles", "detection", "who", "heard"), WHO)
def test_who_is_heard_of(
    admin: Cloud, roles: tuple[str, ...], detection: dict[str, Any], who: Event, *, heard: bool
) -> None:
    rule = change(ours(settings_of(*roles, **detection)), KEYS)
    disabled = event("kms", "DisableKey", {"keyId": "1234"}, resources=about(KEY), who=who)
    assert hears(admin, rule, disabled) is heard


ROOT = [
    (event("s3", "ListBuckets", None, who=ROOT_USER), True),
    (
        {**event("signin", "ConsoleLogin", None, who=ROOT_USER), "detail-type": "AWS Console Sign In via CloudTrail"},
        True,
    ),
    (event("s3", "ListBuckets", None, who={**ROOT_USER, "invokedBy": "trustedadvisor.amazonaws.com"}), False),
    (event("s3", "ListBuckets", None, who=USER), False),
    ({**event("kms", "RotateKey", None, who=ROOT_USER), "detail-type": "AWS Service Event via CloudTrail"}, False),
]


@pytest.mark.parametrize(("sample", "heard"), ROOT)
def test_root_is_heard_of_at_once_and_reading_too(admin: Cloud, sample: Event, *, heard: bool) -> None:
    assert root_use(ours()).state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
    assert hears(admin, root_use(ours()), sample) is heard


NO_EC2 = "Client.UnauthorizedOperation"
DENIALS = [
    (event("ec2", "DescribeVpcs", None, who=session("told-job-us-east-1"), errorCode=NO_EC2), True),
    (event("sagemaker", "CreateModel", None, who=session("told-studio-us-east-1"), errorCode="AccessDenied"), True),
    (event("iam", "CreateUser", None, who=session("told-studio-us-east-1"), errorCode="AccessDeniedException"), True),
    (event("s3", "PutBucketPolicy", {"bucketName": DATA}, errorCode="AccessDenied"), True),
    (event("kms", "PutKeyPolicy", None, resources=about(KEY), errorCode="AccessDenied"), True),
    (event("kms", "PutKeyPolicy", None, resources=about(KEY)), False),
    (event("kms", "Decrypt", None, resources=about(KEY), errorCode="KMSInvalidStateException"), False),
    (event("iam", "CreateUser", None, who=session("toldest"), errorCode="AccessDenied"), False),
]  # fmt: skip


@pytest.mark.parametrize(("sample", "heard"), DENIALS)
def test_denied_calls_of_our_roles_and_about_our_keys_and_buckets_count(
    admin: Cloud, sample: Event, *, heard: bool
) -> None:
    assert hears(admin, denied_call(ours()), sample) is heard


def test_a_global_services_events_are_awaited_where_they_arrive_only() -> None:
    named = {watch.name for watch in watches(SETTINGS)}
    elsewhere = {watch.name for watch in watches(SETTINGS.model_copy(update={"region": "eu-west-1"}))}
    assert named - elsewhere == {"role-policies"}
    assert HOME_REGIONS["aws"] == REGION


@given(environments())
def test_no_pattern_is_longer_than_eventbridge_takes(s: Any) -> None:
    zones = s.network.zone_count
    key = f"arn:aws-us-gov:kms:us-gov-west-1:{'1' * 12}:key/{'1' * 36}"
    seventeen = "0123456789abcdef0"
    whole = Ours(
        s,
        [key] * 4,
        f"vpc-{seventeen}",
        [f"sg-{seventeen}"] * 5,
        [f"subnet-{seventeen}"] * zones,
        [f"rtb-{seventeen}"] * zones,
    )
    for rule in [*(change(whole, watch) for watch in WATCHES), root_use(whole), denied_call(whole)]:
        assert len(json.dumps(rule.pattern, separators=(",", ":"))) <= LIMIT, rule.name
        assert json.dumps(rule.pattern).count("*") <= limits.most("event-pattern-wildcards"), rule.name
        assert len(rule.name) <= limits.most("rule-name")
        assert len(rule.description) <= limits.most("rule-description")


@given(st.integers(0, 600))
def test_the_longest_patterns_have_room_for_600_characters_of_deploy_roles(length: int) -> None:
    """More are measured when they are synthesized (tests/synth/test_sizes.py)."""
    start = f"arn:aws:iam::{ACCOUNT}:role/"
    name = "x" * max(1, length - len(start) - 3)
    s = settings_of(start + name).model_copy(update={"prefix": "p" * 30})
    whole = Ours(s, ["k" * 90] * 4, "v" * 21, ["s" * 20] * 5, ["s" * 24] * 6, ["r" * 21] * 6)
    for rule in (change(whole, watch) for watch in WATCHES):
        assert len(json.dumps(rule.pattern, separators=(",", ":"))) <= LIMIT, rule.name
