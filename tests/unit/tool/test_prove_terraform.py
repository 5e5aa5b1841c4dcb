"""References of synthesized stacks: within one, across stacks, to documents and to what only AWS knows."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.errors import OperationError
from sagekeep.prove.documents import Documents
from sagekeep.prove.terraform import Terraform, texts

SETTINGS = {"account_id": "123456789012", "region": "us-east-1", "prefix": "t"}


def terraform(**stacks: dict[str, Any]) -> Terraform:
    return Terraform(stacks, SETTINGS)


NETWORK = {
    "resource": {
        "aws_vpc": {"isolated_vpc": {"cidr_block": "10.0.0.0/16"}},
        "aws_subnet": {"isolated_subnet_1": {}, "isolated_subnet_2": {}},
    },
    "output": {
        "vpc_id": {"value": "${aws_vpc.isolated_vpc.id}"},
        "subnet_ids": {"value": ["${aws_subnet.isolated_subnet_1.id}", "${aws_subnet.isolated_subnet_2.id}"]},
    },
}


@pytest.mark.parametrize(
    ("kind", "body", "attribute", "expected"),
    [
        ("aws_iam_role", {"name": "job", "path": "/ml/"}, "arn", "arn:aws:iam::123456789012:role/ml/job"),
        ("aws_iam_role", {"name": "job"}, "arn", "arn:aws:iam::123456789012:role/job"),
        ("aws_s3_bucket", {"bucket": "b"}, "arn", "arn:aws:s3:::b"),
        ("aws_sns_topic", {"name": "t"}, "arn", "arn:aws:sns:us-east-1:123456789012:t"),
        ("aws_sqs_queue", {"name": "q"}, "arn", "arn:aws:sqs:us-east-1:123456789012:q"),
        ("aws_lambda_function", {"function_name": "f"}, "arn", "arn:aws:lambda:us-east-1:123456789012:function:f"),
        ("aws_cloudwatch_log_group", {"name": "/g"}, "arn", "arn:aws:logs:us-east-1:123456789012:log-group:/g"),
        ("aws_kms_key", {}, "arn", "arn:aws:kms:us-east-1:123456789012:key/<one.x>"),
        ("aws_vpc", {}, "id", "vpc-x"),
    ],
)
def test_a_computed_attribute_is_a_known_arn_or_a_symbol(
    kind: str, body: dict[str, Any], attribute: str, expected: str
) -> None:
    known = terraform(one={"resource": {kind: {"x": body}}})
    assert known.resolve(f"${{{kind}.x.{attribute}}}", "one") == expected


def test_an_output_of_another_stack_is_followed_whole_and_within_a_text() -> None:
    known = terraform(network=NETWORK, other={})
    remote = "data.terraform_remote_state.network.outputs"
    assert known.resolve(f"${{{remote}.subnet_ids}}", "other") == ["subnet-isolated-1", "subnet-isolated-2"]
    assert known.resolve(f"${{{remote}.subnet_ids[1]}}", "other") == "subnet-isolated-2"
    assert known.resolve(f"vpc/${{{remote}.vpc_id}}", "other") == "vpc/vpc-isolated"


def test_equal_short_names_stay_apart() -> None:
    known = terraform(one={"resource": {"aws_vpc": {"a_vpc": {}}}}, two={"resource": {"aws_vpc": {"a_vpc": {}}}})
    first, second = (known.resolve("${aws_vpc.a_vpc.id}", stack) for stack in ("one", "two"))
    assert first != second


def test_an_expression_stays_opaque_and_matches_nothing_by_a_wildcard() -> None:
    known = terraform(one={})
    opaque = known.resolve('${join("*", ["a", "b"])}', "one")
    assert "*" not in opaque
    assert opaque == known.resolve('${join("*", ["a", "b"])}', "one")
    assert opaque != known.resolve('${join("*", ["a", "c"])}', "one")


def test_a_reference_to_nothing_and_a_circle_end() -> None:
    circle = {"output": {"a": {"value": "${data.terraform_remote_state.one.outputs.a}"}}}
    known = terraform(one=circle)
    assert "nothing" in known.resolve("${aws_vpc.nothing.id}", "one")
    assert isinstance(known.resolve("${data.terraform_remote_state.one.outputs.a}", "one"), str)


@pytest.mark.parametrize(
    ("value", "expected"), [(None, []), ("a", ["a"]), (["a", ["b", "c"]], ["a", "b", "c"]), (True, ["true"])]
)
def test_values_become_lists_of_strings(value: Any, expected: list[str]) -> None:
    assert texts(value) == expected


def _document(**blocks: Any) -> dict[str, Any]:
    return {
        "data": {"aws_iam_policy_document": blocks},
        "resource": {"aws_kms_key": {"k": {"policy": "${data.aws_iam_policy_document.main.json}"}}},
    }


MAIN = {
    "sid": "Own",
    "actions": ["s3:GetObject"],
    "resources": ["arn:aws:s3:::b/&{aws:username}/*"],
    "principals": [{"type": "Service", "identifiers": ["a.amazonaws.com"]}],
    "condition": [
        {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]},
        {"test": "Null", "variable": "aws:SourceAccount", "values": [False]},
    ],
}


def test_a_document_becomes_a_policy_that_is_called_by_its_address() -> None:
    known = terraform(one=_document(main={"statement": [MAIN]}))
    policy = Documents(known).policy(
        next(known.resources("aws_kms_key")).text("policy"), next(known.resources("aws_kms_key"))
    )
    (statement,) = policy.statements
    assert policy.origin == "one: data.aws_iam_policy_document.main"
    assert statement.effect == "Allow"
    assert statement.resources == ("arn:aws:s3:::b/${aws:username}/*",)
    assert statement.principals == (("Service", "a.amazonaws.com"),)
    assert [(c.operator, c.values) for c in statement.conditions] == [("StringEquals", ("1",)), ("Null", ("false",))]


def test_sources_come_first_and_overrides_take_the_place_of_their_sid() -> None:
    statement = {"actions": ["s3:GetObject"], "resources": ["*"]}
    known = terraform(
        one=_document(
            main={
                "source_policy_documents": ["${data.aws_iam_policy_document.base.json}"],
                "override_policy_documents": ["${data.aws_iam_policy_document.over.json}"],
                "statement": [{**statement, "sid": "Own"}],
            },
            base={"statement": [{**statement, "sid": "Base"}]},
            over={"statement": [{**statement, "sid": "Base", "effect": "Deny"}]},
        )
    )
    key = next(known.resources("aws_kms_key"))
    found = Documents(known).policy(key.text("policy"), key).statements
    assert [(s.sid, s.effect) for s in found] == [("Base", "Deny"), ("Own", "Allow")]


def test_a_policy_that_nobody_can_read_is_named() -> None:
    known = terraform(one={"resource": {"aws_kms_key": {"k": {"policy": "${jsonencode(local.policy)}"}}}})
    key = next(known.resources("aws_kms_key"))
    with pytest.raises(OperationError, match=r"one: aws_kms_key\.k"):
        Documents(known).policy(key.text("policy"), key)


def test_a_literal_policy_is_read() -> None:
    text = '{"Version": "2012-10-17", "Statement": {"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'
    known = terraform(one={"resource": {"aws_iam_policy": {"p": {"policy": text}}}})
    owner = next(known.resources("aws_iam_policy"))
    assert Documents(known).policy(owner.text("policy"), owner).origin == "one: aws_iam_policy.p.policy"
