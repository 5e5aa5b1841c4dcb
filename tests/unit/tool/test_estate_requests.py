"""What is asked of policies of others: every statement of ours over settings of all kinds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.required import required
from sagekeep.estate.gaps import GRANTED, compare, stops
from sagekeep.estate.needs import Call
from sagekeep.estate.requests import Asked, caller_of, requests_of
from sagekeep.iam.document import Policy, parse
from sagekeep.iam.evaluate import Layers
from sagekeep.settings import Settings
from sagekeep.settings_existing import Reference
from tests.generated import environments

ROLES = (
    "job",
    "pipeline",
    "studio",
    "pipeline-manager",
    "pipeline-reader",
    "data-seed",
    "job-sweeper",
    "studio-sweeper",
)


def bringing_everything(s: Settings) -> Settings:
    """Keys, buckets, topic and roles with ids as AWS gives them."""
    arn = f"arn:{s.partition}:{{}}:{s.region}:{s.account_id}:"
    existing = {
        "data_bucket": Reference(id="others-data"),
        "topic": Reference(id=f"{arn.format('sns')}alerts"),
        "state_bucket": Reference(id="others-states"),
        "keys": {p: Reference(id=f"{arn.format('kms')}key/{p}") for p in ("data", "logs", "studio", "state")},
        "roles": {p: Reference(id=f"arn:{s.partition}:iam::{s.account_id}:role/theirs/{p}") for p in ROLES},
    }
    return s.model_copy(update={"existing": s.existing.model_copy(update=existing)})


def policy(*statements: Any) -> Policy:
    return parse({"Version": "2012-10-17", "Statement": list(statements)}, "theirs")


def asked(s: Settings, key: str, *, permissions: bool = False) -> Asked:
    caller = caller_of(s.existing.roles[key.rpartition(".")[2]].id, s.account_id) if permissions else None  # type: ignore[index]
    return Asked(s.account_id, s.partition, caller=caller)


@settings(max_examples=15)
@given(environments())
def test_every_statement_speaks_of_requests_and_a_policy_that_has_it_has_no_gap(s: Settings) -> None:
    s = bringing_everything(s)
    for key, need in required(s).items():
        own, permitted = need.document()["policy"], need.document()["permissions"]
        if own:
            layers = Layers(identity=(GRANTED,), resource=policy(*own))
            gaps = compare(own, layers, asked(s, key))
            assert (gaps.lacking, gaps.stopped) == ([], {}), key
        if permitted:
            gaps = compare(permitted, Layers(identity=(policy(*permitted),)), asked(s, key, permissions=True))
            assert (gaps.lacking, gaps.stopped) == ([], {}), key


@settings(max_examples=15)
@given(environments(), st.data())
def test_a_statement_that_a_key_or_bucket_lacks_is_found(s: Settings, data: st.DataObject) -> None:
    s = bringing_everything(s)
    key = data.draw(st.sampled_from(["existing.keys.data", "existing.keys.logs", "existing.keys.studio"]))
    own = required(s)[key].document()["policy"]
    # Who reads may be named among those who use as well, where settings name one role twice.
    gone = data.draw(st.sampled_from([s for s in own if s["Sid"] != "ReadByNamedPrincipals"]))
    left = [statement for statement in own if statement is not gone]
    layers = Layers(identity=(GRANTED,), resource=policy(*left) if left else Policy("theirs", ()))
    assert gone in compare(own, layers, asked(s, key)).lacking


def test_without_a_policy_a_bucket_lacks_every_deny() -> None:
    s = bringing_everything(
        Settings.model_validate(
            {"prefix": "acme", "account_id": "123456789012", "region": "us-east-1", "environment": "test"}
        )
    )
    own = required(s)["existing.data_bucket"].document()["policy"]
    assert compare(own, Layers(identity=(GRANTED,)), asked(s, "existing.data_bucket")).lacking == own


@settings(max_examples=10)
@given(environments())
def test_our_own_denies_stop_none_of_the_calls_that_we_ask_for(s: Settings) -> None:
    s = bringing_everything(s)
    need = required(s)["existing.data_bucket"]
    calls = [Call(c.caller, c.place, c.statement.as_json()) for c in need.calls]
    encrypted = {
        "s3:x-amz-server-side-encryption": ("aws:kms",),
        "s3:x-amz-server-side-encryption-aws-kms-key-id": (s.existing.keys["data"].id,),
    }
    places = {"vpc": {"aws:SourceVpc": ("<vpc_id>",), **encrypted}, "outside": encrypted}
    layers = Layers(identity=(GRANTED,), resource=policy(*need.document()["policy"]))
    assert stops(calls, layers, s.account_id, places).stopped == {}
    elsewhere = {"vpc": encrypted, "outside": encrypted}
    assert stops(calls, layers, s.account_id, elsewhere).stopped


def test_a_condition_that_nobody_taught_is_an_error_not_a_silence() -> None:
    statement = policy(
        {
            "Sid": "AtNight",
            "Effect": "Allow",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::b/*",
            "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
        }
    ).statements[0]
    with pytest.raises(ValueError, match="AtNight"):
        requests_of(statement, Asked("123456789012"))
