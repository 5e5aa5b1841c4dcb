"""What is brought has its owner's name: environments may share it, and what is not made claims nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sagekeep.claims import Claim, claims, shared
from sagekeep.settings import Settings, parse

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-86ef-1234567890ab"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ml/theirs"
VPC = "vpc-0a1b2c3d4e5f67890"
POC = Path(__file__).parents[3] / "environments" / "poc.toml"


def environment(name: str, existing: Mapping[str, Any], **sections: Mapping[str, Any]) -> Settings:
    raw = tomllib.loads(POC.read_text(encoding="utf-8"))
    network = {"cidr": "10.40.0.0/16"} if "vpc" in existing else raw["network"]
    own = {"prefix": f"acme-{name}", "account_id": ACCOUNT, "network": network, "existing": dict(existing)}
    pipeline = {**raw["pipeline"], "name": name, "job_log_groups": "account"}
    return parse({**raw, **own, "pipeline": pipeline, **sections}, environment=name)


def named(found: Settings) -> set[tuple[str, str]]:
    return {(claim.what, claim.name) for claim in claims(found)}


# What is brought -> kind and purpose of the claims that are gone; names of poc's form.
ALONE: dict[str, tuple[Mapping[str, Any], set[tuple[str, str]]]] = {
    "data bucket": (
        {"data_bucket": "others-data", "keys": {"data": KEY}},
        {("bucket", "data"), ("bucket", "access-logs"), ("key alias", "data")},
    ),
    "log bucket": ({"access_log_bucket": "others-logs"}, {("bucket", "access-logs")}),
    "state bucket": (
        {"state_bucket": "others-states"},
        {("bucket", "state"), ("bucket", "state-logs"), ("key alias", "state")},
    ),
    "key": ({"keys": {"logs": KEY}}, {("key alias", "logs")}),
    "topic": ({"topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:alerts"}, {("topic", "pipeline-alerts")}),
    "role": ({"roles": {"job": ROLE}}, {("role", "job")}),
    "VPC": ({"vpc": VPC}, {("role", "flow-logs"), ("log group", "flow-logs")}),
    "domain": (
        {"vpc": VPC, "domain": "d-a1b2c3d4e5f6", "keys": {"studio": KEY}},
        {
            ("role", "flow-logs"),
            ("log group", "flow-logs"),
            ("key alias", "studio"),
            ("Studio domain", "studio"),
            ("function", "studio-sweeper"),
            ("role", "studio-sweeper"),
        },
    ),
}


@pytest.mark.parametrize("what", ALONE)
def test_what_is_brought_is_not_claimed_and_everything_else_is(what: str) -> None:
    existing, gone = ALONE[what]
    missing = named(environment("one", {})) - named(environment("one", existing))
    assert {(kind, _purpose(name)) for kind, name in missing} == gone
    assert named(environment("one", existing)) <= named(environment("one", {}))


def _purpose(name: str) -> str:
    inner = name.removeprefix("/acme-one/").removeprefix("acme-one-").removesuffix("-us-east-1")
    return inner.removesuffix(f"-{ACCOUNT}")


def test_flow_logs_of_ours_in_a_vpc_that_is_brought_are_claimed() -> None:
    network = {"cidr": "10.40.0.0/16", "flow_logs": True}
    found = environment("one", {"vpc": VPC}, network=network)
    assert ("role", "acme-one-flow-logs-us-east-1") in named(found)


@pytest.mark.parametrize("what", ALONE)
def test_environments_that_bring_the_same_thing_do_not_clash(what: str) -> None:
    existing, _ = ALONE[what]
    assert list(shared(environment("one", existing), [environment("two", existing)])) == []


def test_environments_that_make_a_thing_of_one_name_still_clash() -> None:
    one = environment("one", {"roles": {"job": ROLE}})
    found: list[Claim] = [claim for claim, _ in shared(one, [environment("one", {})])]
    assert ("bucket", f"acme-one-data-{ACCOUNT}-us-east-1") in {(claim.what, claim.name) for claim in found}
    assert "acme-one-job-us-east-1" not in {claim.name for claim in found}
