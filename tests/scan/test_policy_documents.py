"""Policies read off synthesized stacks: as IAM has them, with what they are attached to."""

from __future__ import annotations

import json

from sagekeep.scan.documents import Policy, policies
from sagekeep.scan.symbols import Symbols

KEY = "${data.terraform_remote_state.keys.outputs.data_key_arn}"


def read(**stacks: dict) -> list[Policy]:
    return policies(stacks, Symbols(stacks, region="eu-west-1", account_id="111122223333"))


def stack(statement: dict, **resources: dict) -> dict:
    return {"data": {"aws_iam_policy_document": {"own": {"statement": statement}}}, "resource": resources}


def test_a_document_becomes_a_policy_with_what_other_stacks_output() -> None:
    statement = {
        "sid": "UseTheKey",
        "actions": ["kms:Decrypt"],
        "resources": [KEY],
        "principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::111122223333:root"]}],
        "condition": [
            {"test": "StringEquals", "variable": "aws:SourceVpc", "values": ["${aws_vpc.main.id}"]},
            {"test": "StringLike", "variable": "aws:PrincipalTag/team", "values": ["&{aws:username}", "ml"]},
        ],
    }
    keys = {"output": {"data_key_arn": {"value": "${aws_kms_key.data.arn}"}}}
    (policy,) = read(keys=keys, storage=stack(statement))
    assert policy.address == "data.aws_iam_policy_document.own"
    assert policy.statements == [
        {
            "Sid": "UseTheKey",
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": ["arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-000000000000"],
            "Principal": {"AWS": ["arn:aws:iam::111122223333:root"]},
            "Condition": {
                "StringEquals": {"aws:SourceVpc": "vpc-00000000000000000"},
                "StringLike": {"aws:PrincipalTag/team": ["${aws:username}", "ml"]},
            },
        }
    ]


def test_what_a_policy_is_attached_to_says_how_it_is_judged() -> None:
    statement = {"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::b/*"]}
    uses = {
        "trust": {"aws_iam_role": {"r": {"assume_role_policy": "${data.aws_iam_policy_document.own.json}"}}},
        "identity": {"aws_iam_role_policy": {"r": {"policy": "${data.aws_iam_policy_document.own.json}"}}},
        "endpoint": {"aws_vpc_endpoint": {"r": {"policy": "${data.aws_iam_policy_document.own.json}"}}},
        "resource": {"aws_s3_bucket_policy": {"r": {"policy": "${data.aws_iam_policy_document.own.json}"}}},
    }
    assert {kind: read(one=stack(statement, **use))[0].kind for kind, use in uses.items()} == {k: k for k in uses}
    both = uses["identity"] | uses["resource"]
    assert [policy.kind for policy in read(one=stack(statement, **both))] == ["identity"]
    assert [policy.kind for policy in read(one=stack(statement))] == ["identity"]


def test_a_policy_that_is_text_is_read_where_it_stands() -> None:
    text = json.dumps({"Statement": {"Sid": "All", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
    (policy,) = read(one={"resource": {"aws_iam_policy": {"wide": {"policy": text}}}})
    assert (policy.address, policy.kind) == ("aws_iam_policy.wide", "identity")
    assert [statement["Sid"] for statement in policy.statements] == ["All"]
