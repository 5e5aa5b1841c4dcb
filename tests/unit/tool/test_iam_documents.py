"""What a policy may say; what it may not is refused with the statement's name."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagekeep.iam import Condition, PolicyError, parse
from tests.unit.tool.iam_examples import BUCKET, allows, policy

FULL = {
    "Version": "2012-10-17",
    "Statement": {
        "Sid": "One",
        "Effect": "Deny",
        "NotAction": "s3:Get*",
        "NotResource": [BUCKET, f"{BUCKET}/*"],
        "NotPrincipal": {"AWS": ["111122223333"], "Service": "s3.amazonaws.com"},
        "Condition": {"Bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:max-keys": 10}},
    },
}


@pytest.mark.parametrize("document", [FULL, json.dumps(FULL)])
def test_a_document_is_read_as_written(document: Any) -> None:
    (statement,) = parse(document, "here").statements
    assert (statement.sid, statement.effect, statement.not_actions) == ("One", "Deny", ("s3:Get*",))
    assert statement.not_resources == (BUCKET, f"{BUCKET}/*")
    assert statement.not_principals == (("AWS", "111122223333"), ("Service", "s3.amazonaws.com"))
    assert statement.conditions == (
        Condition("Bool", "aws:SecureTransport", ("false",)),
        Condition("NumericLessThan", "s3:max-keys", ("10",)),
    )


@pytest.mark.parametrize("everybody", ["*", {"AWS": "*"}, {"AWS": ["*"]}])
def test_everybody_is_one_principal(everybody: Any) -> None:
    assert policy({"Principal": everybody}).statements[0].principals == (("*", "*"),)


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "operator": ({"Condition": {"StringLikes": {"a:b": "c"}}}, "no condition operator 'StringLikes'"),
    "quantifier": ({"Condition": {"ForSomeValue:StringLike": {"a:b": "c"}}}, "no condition operator"),
    "set of null": ({"Condition": {"ForAllValues:Null": {"a:b": "true"}}}, "no condition operator"),
    "null if exists": ({"Condition": {"NullIfExists": {"a:b": "true"}}}, "no condition operator"),
    "bool": ({"Condition": {"Bool": {"a:b": "yes"}}}, "Bool of a:b: 'yes' is not true or false"),
    "number": ({"Condition": {"NumericEquals": {"a:b": ["1", "x"]}}}, "'x' is not a number"),
    "date": ({"Condition": {"DateEquals": {"a:b": "soon"}}}, "'soon' is not a date"),
    "network": ({"Condition": {"NotIpAddress": {"a:b": "10.0.0.0/40"}}}, "is not an address or a CIDR range"),
    "binary": ({"Condition": {"BinaryEquals": {"a:b": "?"}}}, "is not base64"),
    "condition": ({"Condition": {"Bool": "true"}}, "Condition takes an object"),
    "effect": ({"Effect": "allow"}, "Effect is 'allow'"),
    "element": ({"Actions": "*"}, "no element 'Actions'"),
    "both": ({"NotAction": "*", "Action": "*"}, "has both Action and NotAction"),
    "allow all but one": ({"NotPrincipal": "*"}, "NotPrincipal goes with Deny only"),
    "part of a principal": (
        {"Principal": {"AWS": "arn:aws:iam::111122223333:role/*"}},
        "cannot be part of a principal",
    ),
    "kind of principal": ({"Principal": {"aws": "*"}}, "no type 'aws'"),
    "principal": ({"Principal": "everybody"}, 'Principal takes "*" or an object'),
    "early variable": ({"Resource": "arn:aws:s3:${aws:region}::b"}, "after the fifth colon only"),
    "reference": ({"Resource": "${aws_kms_key.data.arn}"}, "after the fifth colon only"),
    "list": ({"Action": [1]}, "Action takes a string or a list of strings"),
    "empty": ({"Action": []}, "Action is empty"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_iam_refuses_is_refused_with_its_place(fault: str) -> None:
    statement, message = FAULTS[fault]
    with pytest.raises(PolicyError) as refused:
        policy({"Sid": "Second", **statement}, origin="storage: data.aws_iam_policy_document.data")
    assert str(refused.value).startswith("storage: data.aws_iam_policy_document.data: statement Second: ")
    assert message in str(refused.value)


@pytest.mark.parametrize(("document", "message"), [
    ("{", "is not JSON"), ("[]", "is not a JSON object"), ({"Version": "2020-01-01"}, "Version is '2020-01-01'"),
    ({"Version": "2012-10-17"}, "statement 1: is not an object"),
    ({"Statement": {"Effect": "Allow"}}, "statement 1: has neither Action nor NotAction"),
])  # fmt: skip
def test_what_is_no_policy_is_refused(document: Any, message: str) -> None:
    with pytest.raises(PolicyError, match="here: ") as refused:
        parse(document, "here")
    assert message in str(refused.value)


def test_a_document_of_2008_has_no_variables() -> None:
    old = policy({"Resource": BUCKET + "/${aws:username}"}, version="2008-10-17")
    assert old.statements[0].resources == (BUCKET + "/${$}{aws:username}",)
    assert allows({"Resource": old.statements[0].resources[0]}, resource=BUCKET + "/${aws:username}")
