"""Settings of keys, buckets, domain and roles that are brought, which contradict themselves or others."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep import names
from sagekeep.settings import Settings, parse
from sagekeep.settings_faults import SettingsError

GOOD: dict[str, Any] = {"prefix": "acme-ml", "account_id": "123456789012", "region": "us-east-1"}
KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-86ef-1234567890ab"
ROLE = "arn:aws:iam::123456789012:role/ml/theirs"
NETWORK = {"network": {"cidr": "10.0.0.0/20"}}
VPC = "vpc-0a1b2c3d4e5f67890"


def settings(existing: dict[str, Any], **more: Any) -> Settings:
    return parse({**GOOD, **more, "existing": existing}, environment="test")


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "a state bucket that must be looked up": (
        {"state_bucket": {"ssm": "/states"}}, {}, "existing.state_bucket", "must be given itself",
    ),
    "a state key that must be looked up": (
        {"keys": {"state": {"tags": {"Use": "state"}}}}, {}, "existing.keys.state", "must be given itself",
    ),
    "a state bucket that nothing uses": (
        {"state_bucket": "acme-states"}, {"state": {"backend": "local"}}, "existing.state_bucket", "has no effect",
    ),
    "a data bucket without its key": (
        {"data_bucket": "acme-data"}, {}, "existing.keys.data", "must be given with existing.data_bucket",
    ),
    "object lock of a bucket that is not ours": (
        {"data_bucket": "acme-data", "keys": {"data": KEY}},
        {"storage": {"object_lock_days": 3}},
        "storage.object_lock_days",
        "would change existing.data_bucket",
    ),
    "one bucket for two": (
        {"data_bucket": "acme-data", "state_bucket": "acme-data", "keys": {"data": KEY}},
        {},
        "existing",
        "must differ",
    ),
    "a domain without its VPC": (
        {"domain": "d-a1b2c3d4e5f6", "keys": {"studio": KEY}}, {}, "existing.vpc", "the VPC that the domain is in",
    ),
    "a domain without its key": (
        {"domain": "d-a1b2c3d4e5f6", "vpc": VPC}, NETWORK, "existing.keys.studio", "the domain's key",
    ),
    "a sweeper of a domain that nothing sweeps": (
        {"domain": "d-a1b2c3d4e5f6", "vpc": VPC, "keys": {"studio": KEY}, "roles": {"studio-sweeper": ROLE}},
        NETWORK,
        "existing.roles.studio-sweeper",
        "has no effect",
    ),
    "flow logs that are not made": (
        {"vpc": VPC, "roles": {"flow-logs": ROLE}}, NETWORK, "existing.roles.flow-logs", "has no effect",
    ),
    "a seed that is not sown": (
        {"roles": {"data-seed": ROLE}}, {"pipeline": {"sample_rows": 0}}, "existing.roles.data-seed", "has no effect",
    ),
    "a key of another region": (
        {"keys": {"data": KEY.replace("us-east-1", "eu-west-1")}}, {}, "existing.keys.data", "must be of the region",
    ),
    "a key by its alias": ({"keys": {"data": "alias/ml"}}, {}, "existing.keys.data", "must be the ARN of a KMS key"),
    "an unknown role": ({"roles": {"jobs": ROLE}}, {}, "existing.roles.jobs", "job"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_contradiction_is_named_by_its_key(case: str) -> None:
    existing, more, key, rule = REFUSED[case]
    with pytest.raises(SettingsError) as caught:
        settings(existing, **more)
    assert caught.value.exit_code == 2
    told = {fault.key: str(fault) for fault in caught.value.faults}
    assert any(found.startswith(key) and rule in text for found, text in told.items()), told


def test_names_are_those_of_what_is_brought() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:alerts"
    s = settings(
        {
            "data_bucket": "acme-data",
            "keys": {"data": KEY, "state": KEY},
            "roles": {"job": ROLE, "studio": {"ssm": "/roles/studio"}},
            "topic": topic,
        }
    )
    assert names.bucket(s, "data") == "acme-data"
    assert names.bucket_arn(s, "data") == "arn:aws:s3:::acme-data"
    assert names.buckets(s) == ("state", "state-logs", "data")
    assert names.role_arn(s, "job") == ROLE
    assert names.role_arn(s, "studio") == "<existing.roles.studio>"
    assert names.role_arn(s, "pipeline").endswith(":role/acme-ml-pipeline-us-east-1")
    assert (names.topic_arn(s), names.state_encryption(s)) == (topic, KEY)


def test_the_backend_names_no_key_for_a_brought_bucket_that_has_its_own() -> None:
    assert names.state_encryption(settings({"state_bucket": "acme-states"})) == ""
    assert names.state_encryption(settings({})) == "alias/acme-ml-state"
