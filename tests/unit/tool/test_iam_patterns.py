"""Wildcards and policy variables, by the examples of the IAM user guide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.iam import patterns
from tests.unit.tool.iam_examples import BUCKET, ROLE, USER, allows

KEYS = {"aws:username": "carlos", "aws:principaltag/team": "Red*"}


def value_of(key: str) -> str | None:
    return KEYS.get(key.lower())


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
RESOURCES = (
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1/test/object.jpg", True),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1///test///object.jpg", True),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b//test/object.jpg", True),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/1-test/object.jpg", False),
    ("arn:aws:s3:::b/*/test/*", "arn:aws:s3:::b/test/object.jpg", False),
    ("arn:aws:s3:::b/???", "arn:aws:s3:::b/a:b", True),
    ("arn:aws:s3:::b/*", "arn:aws:s3:::b/two\nlines", True),
    ("arn:aws:s3:::b", "arn:aws:s3:::b\n", False),
    ("arn:aws:s3:::b/[a]", "arn:aws:s3:::b/a", False),
    ("arn:aws:iam::111122223333:user/Bob", "arn:aws:iam::111122223333:user/bob", False),
    ("arn:aws:sqs:*", "arn:aws:sqs:us-east-1:111122223333:q", True),
    ("arn:aws:sqs:us-*-1:111122223333:q", "arn:aws:sqs:us-east-1:111122223333:q", True),
    ("arn:aws:s*:us-east-1:111122223333:q", "arn:aws:sqs:us-east-1:111122223333:q", True),
    ("arn:a*s:us-east-1:111122223333:q", "arn:aws:sqs:us-east-1:111122223333:q", False),
    ("*", "*", True),
    ("arn:aws:s3:::b", "*", False),
)


@pytest.mark.parametrize(("pattern", "arn", "covered"), RESOURCES)
def test_a_resource_is_covered_as_documented(pattern: str, arn: str, covered: bool) -> None:
    assert patterns.resource(arn, pattern, value_of) is covered


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
VARIABLES = (
    ("home/${aws:username}/*", "home/carlos/x", True),
    ("home/${AWS:UserName}/*", "home/carlos/x", True),
    ("home/${aws:username}/*", "home/other/x", False),
    ("${aws:PrincipalTag/team}", "Red*", True),
    ("${aws:PrincipalTag/team}", "Redder", False),
    ("${aws:PrincipalTag/cost, 'company-wide'}", "company-wide", True),
    ("${aws:username, 'nobody'}", "carlos", True),
    ("${aws:PrincipalTag/cost}", "", False),
    ("a${*}b${?}c${$}d", "a*b?c$d", True),
    ("a${*}b", "axb", False),
    ("${$}{aws:username}", "${aws:username}", True),
    ("${unfinished", "${unfinished", True),
)


@pytest.mark.parametrize(("pattern", "text", "matches"), VARIABLES)
def test_a_variable_stands_for_its_value(pattern: str, text: str, matches: bool) -> None:
    assert patterns.like(text, pattern, value_of) is matches


def test_each_user_has_a_folder_and_roles_have_no_user_name() -> None:
    own = {"Action": "s3:GetObject", "Resource": BUCKET + "/${aws:username}/*"}
    assert allows(own, resource=f"{BUCKET}/carlos/x")
    assert not allows(own, resource=f"{BUCKET}/other/x")
    assert not allows(own, caller=ROLE, resource=f"{BUCKET}/carlos/x")


def test_a_variable_without_value_matches_nothing_and_its_opposite_everything() -> None:
    same = {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}
    assert not allows({"Condition": {"StringEquals": same}}, **{"aws__ResourceTag/team": "red"})
    assert allows({"Condition": {"StringNotEquals": same}}, **{"aws__ResourceTag/team": "red"})
    assert not allows({"Condition": {"StringNotEquals": same}},
                      **{"aws__ResourceTag/team": "red", "aws__PrincipalTag/team": "red"})  # fmt: skip


def test_a_key_with_several_values_is_no_variable() -> None:
    listed = {"Resource": BUCKET + "/${aws:TagKeys}"}
    assert allows(listed, resource=f"{BUCKET}/a", aws__TagKeys=("a",))
    assert not allows(listed, resource=f"{BUCKET}/a", aws__TagKeys=("a", "b"))


@pytest.mark.parametrize(("pattern", "action", "covered"), [
    ("s3:*", "s3:GetObject", True), ("S3:get*", "s3:GetObject", True), ("s3:Get", "s3:GetObject", False),
    ("*", "kms:Decrypt", True), ("s3:?etObject", "s3:GetObject", True), ("s3:*", "s3-outposts:GetObject", False),
])  # fmt: skip
def test_an_action_disregards_case(pattern: str, action: str, covered: bool) -> None:
    assert patterns.action(action, pattern) is covered
    assert allows({"Action": pattern}, caller=USER, action=action) is covered


texts = st.text(alphabet="ab*?$/:{}\n", max_size=10)


@given(text=texts)
def test_a_text_covers_itself_where_wildcards_are_escaped(text: str) -> None:
    escaped = "".join("${" + character + "}" if character in "*?$" else character for character in text)
    assert patterns.like(text, escaped, value_of)
    assert patterns.same(text, escaped, value_of)
    assert patterns.resource(f"arn:aws:s3:::{text}", f"arn:aws:s3:::{escaped}", value_of)


@given(text=texts, start=st.integers(0, 10), end=st.integers(0, 10))
def test_a_star_in_the_place_of_a_part_covers_more(text: str, start: int, end: int) -> None:
    plain = text.replace("$", "")
    assert patterns.like(plain, plain[:start] + "*" + plain[max(start, end) :], value_of)
