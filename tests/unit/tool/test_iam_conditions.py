"""Conditions, by the examples and tables of the IAM user guide."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sagekeep.iam import Condition, PolicyError
from sagekeep.iam.conditions import holds
from tests.unit.tool.iam_examples import allows

KEY = "aws:TagKeys"


def met(operator: str, values: Any, *actual: str) -> bool:
    listed = tuple(values) if isinstance(values, list | tuple) else (values,)
    return holds(Condition(operator, KEY, listed), {KEY.lower(): actual} if actual else {})


# operator, the policy's values, the request's value, whether they match
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
PAIRS: tuple[tuple[str, Any, str, bool], ...] = (
    ("StringEquals", "iamuser-admin", "iamuser-admin", True),
    ("StringEquals", "iamuser-admin", "IAMUser-admin", False),
    ("StringEquals", "a*", "ab", False),
    ("StringEqualsIgnoreCase", "iamuser-admin", "IAMUser-Admin", True),
    ("StringLike", "home/*", "home/", True),
    ("StringLike", "home/*", "Home/x", False),
    ("StringLike", "h?me", "home", True),
    ("StringLike", "h?me", "hme", False),
    ("StringLike", "[a]", "a", False),
    ("StringNotLike", ["a*", "b*"], "cc", True),
    ("StringNotLike", ["a*", "b*"], "bb", False),
    ("NumericLessThanEquals", "10", "10.0", True),
    ("NumericLessThan", "10", "10", False),
    ("NumericGreaterThan", "-5", "-4.5", True),
    ("NumericEquals", "10", "ten", False),
    ("NumericNotEquals", "10", "ten", True),
    ("DateGreaterThan", "2020-04-01T00:00:00Z", "2020-04-01T00:00:01Z", True),
    ("DateLessThan", "2020-06-30T23:59:59Z", "1593561600", False),
    ("DateEquals", "1593561599", "2020-07-01T00:59:59+01:00", True),
    ("DateEquals", "2020", "2020-01-01T00:00:00Z", True),
    ("DateEquals", "2020-06", "2020-06-01", True),
    ("Bool", "false", "FALSE", True),
    ("Bool", "true", "false", False),
    ("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", True),
    ("IpAddress", "203.0.113.0/24", "203.0.113.9", True),
    ("IpAddress", "203.0.113.7", "203.0.113.9", False),
    ("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::1", True),
    ("IpAddress", "2001:DB8:1234:5678::/64", "203.0.113.9", False),
    ("NotIpAddress", ["203.0.113.0/24", "2001:db8::/32"], "192.0.2.1", True),
    ("ArnEquals", "arn:aws:sns:us-east-1:*:topic", "arn:aws:sns:us-east-1:123456789012:topic", True),
    ("ArnLike", "arn:aws:sns:*:topic", "arn:aws:sns:us-east-1:123456789012:topic", False),
    ("ArnLike", "arn:aws:logs:*:*:log-group:*", "arn:aws:logs:us-east-1:123456789012:log-group:/a:*", True),
    ("ArnLike", "*", "arn:aws:sns:us-east-1:123456789012:topic", False),
    ("ArnLike", "arn:aws:iam::*:role/A", "arn:aws:iam::123456789012:role/a", False),
    ("ArnNotEquals", "arn:aws:sns:*:*:*", "no ARN", True),
)


@pytest.mark.parametrize(("operator", "values", "actual", "matches"), PAIRS)
def test_an_operator_compares_as_documented(operator: str, values: Any, actual: str, matches: bool) -> None:
    assert met(operator, values, actual) is matches


# operator, what it says of a key that is not there: the page's box "Important", and the set operators' page
ABSENT = (
    ("StringEquals", False),
    ("StringNotEquals", True),
    ("ArnNotLike", True),
    ("NotIpAddress", True),
    ("NumericLessThan", False),
    ("Bool", False),
    ("StringEqualsIfExists", True),
    ("BoolIfExists", True),
    ("ForAllValues:StringLike", True),
    ("ForAllValues:StringNotLike", True),
    ("ForAnyValue:StringLike", False),
    ("ForAnyValue:StringNotLike", False),
    ("ForAnyValue:StringLikeIfExists", True),
)


@pytest.mark.parametrize(("operator", "matches"), ABSENT)
def test_an_absent_key_matches_nothing(operator: str, matches: bool) -> None:
    assert met(operator, "1" if "Numeric" in operator else "true") is matches


# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition_examples-multi-valued-context-keys.html
SETS = (
    ("ForAllValues:StringLike", "key1*", ("key1:legal",), True),
    ("ForAllValues:StringLike", "key1*", ("key1:legal", "key2"), False),
    ("ForAllValues:StringLike", ["key1*", "key2*"], ("key1:legal", "key2"), True),
    ("ForAnyValue:StringLike", "key1*", ("key1:legal", "key2"), True),
    ("ForAnyValue:StringLike", "key1*", ("key2",), False),
    ("ForAnyValue:StringNotEquals", ["key1", "key2"], ("key1", "key3"), True),
    ("ForAnyValue:StringNotEquals", ["key1", "key2"], ("key1", "key2"), False),
    ("ForAllValues:StringNotEquals", ["key1", "key2"], ("key1", "key3"), False),
    ("ForAllValues:StringNotEquals", ["key1", "key2"], ("key3", "key4"), True),
)


@pytest.mark.parametrize(("operator", "values", "actual", "matches"), SETS)
def test_sets_compare_value_by_value(operator: str, values: Any, actual: tuple[str, ...], matches: bool) -> None:
    assert met(operator, values, *actual) is matches


@pytest.mark.parametrize(("value", "there", "matches"), [
    ("true", False, True), ("true", True, False), ("false", True, True), ("false", False, False),
])  # fmt: skip
def test_null_asks_whether_the_key_is_there(value: str, there: bool, matches: bool) -> None:
    assert met("Null", value, *(["x"] if there else [])) is matches


def test_a_key_with_several_values_needs_a_set_operator() -> None:
    with pytest.raises(PolicyError, match=r"StringEquals of aws:TagKeys.*ForAllValues: or ForAnyValue:"):
        met("StringEquals", "a", "a", "b")


def test_operators_and_keys_are_all_wanted() -> None:
    both = {
        "Condition": {"StringEquals": {"s3:prefix": "a", "s3:delimiter": "/"}, "Bool": {"aws:SecureTransport": True}}
    }
    fitting = {"s3__prefix": "a", "s3__delimiter": "/", "aws__SecureTransport": "true"}
    assert allows(both, **fitting)
    for name in fitting:
        assert not allows(both, **{**fitting, name: "false"})


def test_keys_names_disregard_case() -> None:
    assert allows({"Condition": {"StringEquals": {"AWS:sourceVPCE": "vpce-1"}}}, aws__SourceVpce="vpce-1")


texts = st.text(alphabet="ab*?$/:\n", max_size=8)


@given(operator=st.sampled_from(["StringEquals", "StringLike", "ArnLike", "StringEqualsIgnoreCase"]),
       values=st.lists(texts, min_size=1, max_size=3), actual=st.lists(texts, max_size=1))  # fmt: skip
def test_a_negated_operator_says_the_opposite(operator: str, values: list[str], actual: list[str]) -> None:
    opposite = operator.replace("Equals", "NotEquals").replace("Like", "NotLike")
    assert met(operator, values, *actual) is not met(opposite, values, *actual)


@given(values=st.lists(texts, min_size=1, max_size=3), actual=st.lists(texts, max_size=3))
def test_any_value_is_the_dual_of_all_values(values: list[str], actual: list[str]) -> None:
    assert met("ForAnyValue:StringLike", values, *actual) is not met("ForAllValues:StringNotLike", values, *actual)
