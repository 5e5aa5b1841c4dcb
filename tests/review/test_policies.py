"""Policies compared by meaning, with IAM's own decision as the judge of what is missed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sagekeep.iam import Caller, Layers, PolicyError, Request, decide, parse
from sagekeep.review.policies import compare
from sagekeep.review.policies.patterns import covers_pattern, overlap
from sagekeep.review.policies.words import sentences

ACCOUNT = "123456789012"
USER = Caller(f"arn:aws:iam::{ACCOUNT}:user/u", ACCOUNT, "user")
BUCKET = "arn:aws:s3:::b"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy; a statement allows reading unless it says something else."""
    usual = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    drop = {"NotAction": "Action", "NotResource": "Resource"}
    made = []
    for one in statements:
        left_out = {drop[key] for key in one if key in drop}
        made.append({**{k: v for k, v in usual.items() if k not in left_out}, **one})
    return {"Version": "2012-10-17", "Statement": made}


def told(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What the difference is called."""
    return sentences(compare(before, after, "test"))


SAME = (
    ({}, {"Action": ["s3:GetObject"]}),
    ({}, {"Action": "S3:getobject"}),
    ({}, {"Action": ["s3:GetObject", "s3:GetObject"]}),
    ({"Action": ["s3:Get*", "s3:GetObject"]}, {"Action": "s3:Get*"}),
    ({"Resource": [f"{BUCKET}/*", f"{BUCKET}/a/*"]}, {"Resource": f"{BUCKET}/*"}),
    ({"Sid": "One"}, {"Sid": "Another"}),
    (
        {"Condition": {"StringEquals": {"aws:SourceVpc": ["a", "b"]}}},
        {"Condition": {"StringEquals": {"AWS:sourcevpc": ["b", "a"]}}},
    ),
    ({"Principal": {"AWS": ACCOUNT}}, {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}),
    ({"Principal": "*"}, {"Principal": {"AWS": "*"}}),
)


@pytest.mark.parametrize(("before", "after"), SAME)
def test_another_way_to_write_it_is_no_difference(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert told(document(before), document(after)) == []


def test_one_statement_split_in_two_is_no_difference() -> None:
    whole = document({"Action": ["s3:GetObject", "s3:PutObject"]})
    assert told(whole, document({}, {"Action": "s3:PutObject"})) == []


DIFFERENT = (
    ({}, {"Action": "s3:*"}, "now allows s3:* on arn:aws:s3:::b/*"),
    ({"Action": "s3:*"}, {}, "no longer allows s3:* on arn:aws:s3:::b/*"),
    ({}, {"Resource": "*"}, "now allows s3:GetObject on everything"),
    (
        {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1"}}},
        {},
        "now allows s3:GetObject on arn:aws:s3:::b/*",
    ),
    (
        {"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}},
        {"Effect": "Deny", "Condition": {"StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}}},
        "no longer denies s3:GetObject on arn:aws:s3:::b/* if aws:SourceVpc is not vpc-1",
    ),
    ({}, {"Effect": "Deny"}, "no longer allows s3:GetObject on arn:aws:s3:::b/*"),
    ({"Principal": {"AWS": ACCOUNT}}, {"Principal": "*"}, "now allows s3:GetObject on arn:aws:s3:::b/* for everybody"),
    ({}, {"NotAction": "iam:*"}, "now allows all but iam:* on arn:aws:s3:::b/*"),
    ({}, {"NotResource": f"{BUCKET}/secret"}, f"now allows s3:GetObject on all but {BUCKET}/secret"),
)


@pytest.mark.parametrize(("before", "after", "first"), DIFFERENT)
def test_a_difference_is_told_in_a_sentence(before: dict[str, Any], after: dict[str, Any], first: str) -> None:
    assert told(document(before), document(after))[0] == first


def test_a_condition_with_fewer_values_is_narrower_and_not_wider() -> None:
    two, one = (
        document({"Condition": {"StringEquals": {"aws:SourceVpc": vpcs}}}) for vpcs in (["vpc-1", "vpc-2"], ["vpc-1"])
    )
    assert (compare(two, one, "").wider, compare(two, one, "").narrower) == (False, True)
    assert (compare(one, two, "").wider, compare(one, two, "").narrower) == (True, False)


def test_a_policy_that_iam_would_refuse_is_named() -> None:
    with pytest.raises(PolicyError, match="role: statement Odd: Effect is 'Perhaps'"):
        compare(document(), document({"Sid": "Odd", "Effect": "Perhaps"}), "role")


_ACTIONS = ("s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "s3:Get*", "s3:*", "*", "s3:?etObject")
_RESOURCES = (f"{BUCKET}/a", f"{BUCKET}/a/b", f"{BUCKET}/*", f"{BUCKET}/a*", "*", f"{BUCKET}/?")
_CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"StringEquals": {"aws:SourceVpc": "vpc-1"}},
    {"StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    {"StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    {"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    {"StringLike": {"aws:SourceVpc": "vpc-*"}},
    {"StringLike": {"aws:SourceVpc": "vpc-?"}},
    {"StringNotLike": {"aws:SourceVpc": "vpc-1*"}},
    {"ForAnyValue:StringEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"ForAnyValue:StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"ForAllValues:StringEquals": {"aws:SourceVpc": "vpc-1"}},
    {"ForAllValues:StringNotEquals": {"aws:SourceVpc": ["vpc-1", "vpc-2"]}},
    {"Null": {"aws:SourceVpc": "true"}},
    {"Null": {"aws:SourceVpc": "false"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"}},
    {"ArnNotEquals": {"aws:PrincipalArn": USER.arn}},
    {"StringEquals": {"aws:SourceVpc": "vpc-1"}, "Bool": {"aws:SecureTransport": "true"}},
    {"Bool": {"aws:SecureTransport": "TRUE"}},
)


def _some(options: tuple[str, ...]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(options), min_size=1, max_size=3)


@st.composite
def _statements(draw: st.DrawFn) -> dict[str, Any]:
    action = "NotAction" if draw(st.integers(0, 4)) == 0 else "Action"
    resource = "NotResource" if draw(st.integers(0, 4)) == 0 else "Resource"
    made: dict[str, Any] = {
        "Effect": draw(st.sampled_from(("Allow", "Allow", "Deny"))),
        action: draw(_some(_ACTIONS)),
        resource: draw(_some(_RESOURCES)),
    }
    condition = draw(st.sampled_from(_CONDITIONS))
    return made | ({"Condition": condition} if condition else {})


_policies = st.lists(_statements(), min_size=1, max_size=3).map(
    lambda found: {"Version": "2012-10-17", "Statement": found}
)


def _allowed(policy: dict[str, Any]) -> list[bool]:
    """Whether each of all requests of the little world is allowed."""
    layers = Layers(identity=(parse(policy, "identity"),))
    contexts: list[dict[str, tuple[str, ...]]] = [
        {**vpc, "aws:SecureTransport": (secure,)}
        for vpc in ({}, {"aws:SourceVpc": ("vpc-1",)}, {"aws:SourceVpc": ("vpc-2",)}, {"aws:SourceVpc": ("vpc-10",)})
        for secure in ("true", "false")
    ]
    return [
        decide(Request(USER, action, resource, context=context), layers).allowed
        for action in ("s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "iam:GetUser")
        for resource in (f"{BUCKET}/a", f"{BUCKET}/a/b", f"{BUCKET}/c", "arn:aws:s3:::other/a")
        for context in contexts
    ]


@settings(max_examples=150, deadline=None)
@given(_policies, _policies)
def test_no_request_gets_through_anew_unless_it_is_told(before: dict[str, Any], after: dict[str, Any]) -> None:
    meaning = compare(before, after, "test")
    for old, new in zip(_allowed(before), _allowed(after), strict=True):
        assert meaning.wider or old or not new
        assert meaning.narrower or new or not old


@settings(max_examples=100, deadline=None)
@given(_policies, st.randoms())
def test_the_order_of_anything_means_nothing(policy: dict[str, Any], chance: Any) -> None:
    shuffled = [dict(one) for one in policy["Statement"]]
    chance.shuffle(shuffled)
    for one in shuffled:
        for key in ("Action", "NotAction", "Resource", "NotResource"):
            if key in one:
                one[key] = sorted(one[key], reverse=True)
    meaning = compare(policy, {**policy, "Statement": shuffled}, "test")
    assert not meaning.wider
    assert not meaning.narrower


_pattern = st.text("ab*?", max_size=5)


@settings(max_examples=300, deadline=None)
@given(_pattern, _pattern, st.text("ab", max_size=5))
def test_patterns_that_cover_match_whatever_the_covered_matches(wide: str, narrow: str, text: str) -> None:
    from fnmatch import fnmatchcase

    if covers_pattern(wide, narrow) and fnmatchcase(text, narrow):
        assert fnmatchcase(text, wide)
    if fnmatchcase(text, wide) and fnmatchcase(text, narrow):
        assert overlap(wide, narrow)
