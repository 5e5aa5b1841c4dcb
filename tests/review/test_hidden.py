"""Wider access that other parts of a plan might hide: things of the same name, documents that are not known yet."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagekeep.review.policies import compare
from tests.review.built import Json, change, found, rules_of


def policy(action: str = "s3:GetObject", **more: Any) -> str:
    """A policy of one statement as JSON."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})


def test_a_new_queue_with_the_name_of_an_old_role_does_not_make_the_role_new() -> None:
    queue = change("aws_sqs_queue", None, {"name": "r"})
    given = change("aws_iam_role_policy", None, {"role": "r", "policy": policy()})
    attached = change("aws_iam_role_policy_attachment", None, {"role": "r", "policy_arn": "arn:aws:iam::aws:policy/X"})
    assert ("wider access", "policy-allows-more") in rules_of(queue, given)
    assert ("wider access", "policy-attached") in rules_of(queue, attached)


def test_a_queue_that_goes_does_not_take_the_policy_of_a_bucket_of_its_name_with_it() -> None:
    deny = policy("s3:*", Effect="Deny", Principal="*")
    queue = change("aws_sqs_queue", {"name": "b"}, None)
    bucket = change("aws_s3_bucket_policy", {"bucket": "b", "policy": deny}, None)
    block = change("aws_s3_bucket_public_access_block", {"bucket": "b", "block_public_acls": True}, None)
    told = rules_of(queue, bucket, block)
    assert ("wider access", "perimeter-statement-gone") in told
    assert ("wider access", "public-access-block-gone") in told


def configured(kind: str, **references: list[str]) -> Json:
    """The configuration of one resource, `it`."""
    expressions = {name: {"references": listed} for name, listed in references.items()}
    return {"root_module": {"resources": [{"address": f"{kind}.it", "expressions": expressions}]}}


def read_later(name: str, *actions: str, **more: Any) -> Json:
    """A policy document that is read in the apply."""
    statement = {"effect": "Allow", "actions": list(actions), "resources": ["*"]}
    made = change("aws_iam_policy_document", None, {"statement": [statement], **more}, name=name)
    details = {**made["change"], "actions": ["read"], "after_unknown": {"json": True}}
    return {**made, "mode": "data", "address": f"data.{made['address']}", "change": details}


def waiting(index: str = "") -> Json:
    """A role's policy that is known after the apply."""
    made = change("aws_iam_role_policy", {"role": "r", "policy": policy()}, {"role": "r"})
    return {
        **made,
        "address": f"aws_iam_role_policy.it{index}",
        "change": {**made["change"], "after_unknown": {"policy": True}},
    }


def test_each_instance_of_a_policy_is_compared_with_its_own_document() -> None:
    documents = [read_later('d["a"]', "s3:*"), read_later('d["b"]', "s3:GetObject")]
    refers = configured("aws_iam_role_policy", policy=["data.aws_iam_policy_document.d", "each.key"])
    for order in (documents, documents[::-1]):
        told = {
            f.change.address: f.rule for f in found(waiting('["a"]'), waiting('["b"]'), *order, configuration=refers)
        }
        assert told['aws_iam_role_policy.it["a"]'] == "policy-allows-more"
        assert told['aws_iam_role_policy.it["b"]'] == "policy-means-the-same"


ELSEWHERE = (
    [read_later("d", "s3:GetObject", source_policy_documents=[policy("s3:*")])],
    [read_later("d", "s3:GetObject"), read_later("e", "s3:*")],
    [],
)


@pytest.mark.parametrize("documents", ELSEWHERE)
def test_a_policy_that_is_made_of_several_documents_is_not_taken_for_one_of_them(documents: list[Json]) -> None:
    names = [f"data.aws_iam_policy_document.{name}.json" for name in ("d", "e")[: len(documents) or 1]]
    told = rules_of(waiting(), *documents, configuration=configured("aws_iam_role_policy", policy=names))
    assert ("wider access", "policy-known-after-apply") in told


@pytest.mark.parametrize("unknown", [True, {"statement": True}, {"statement": [{"condition": True}]}])
def test_a_document_whose_blocks_are_not_known_yet_is_no_crash(unknown: Any) -> None:
    document = read_later("d", "s3:GetObject")
    document["change"]["after_unknown"] = unknown
    if isinstance(unknown, dict):
        document["change"]["after"] = {"statement": [{"actions": ["s3:GetObject"], "condition": None}]}
    refers = configured("aws_iam_role_policy", policy=["data.aws_iam_policy_document.d.json"])
    if isinstance(unknown, dict):
        assert ("wider access", "policy-known-after-apply") in rules_of(waiting(), document, configuration=refers)
    assert rules_of(waiting(), document, configuration=refers)


def test_a_role_that_is_looked_up_in_the_apply_is_none_that_is_new() -> None:
    given = change("aws_iam_role_policy", None, {"policy": policy()}, after_unknown={"role": True})
    looked_up = configured("aws_iam_role_policy", role=["data.aws_iam_role.old.name", "data.aws_iam_role.old"])
    made = configured("aws_iam_role_policy", role=["aws_iam_role.new.name", "aws_iam_role.new"])
    assert ("wider access", "policy-allows-more") in rules_of(given, configuration=looked_up)
    assert {risk for risk, _ in rules_of(given, configuration=made)} == {"harmless"}


def test_what_was_changed_outside_is_told_beside_another_change_of_the_same_resource() -> None:
    rotated = {"enable_key_rotation": True, "description": "a"}
    not_rotated = {"enable_key_rotation": False, "description": "a"}
    wanted = change("aws_kms_key", not_rotated, not_rotated | {"description": "b"})
    told = rules_of(wanted, resource_drift=[change("aws_kms_key", rotated, not_rotated)])
    assert ("weaker protection", "drift-stays") in told


VARIABLES = (
    ("home/?????????????", "home/${aws:username}"),
    ("home/*user*", "home/${aws:username}"),
    ("home/${aws:username}", "home/${aws:userid}"),
)


@pytest.mark.parametrize(("before", "after"), VARIABLES)
def test_a_variable_is_any_text_and_no_pattern_but_a_star_covers_it(before: str, after: str) -> None:
    old, new = (policy(Resource=f"arn:aws:s3:::b/{name}") for name in (before, after))
    assert compare(old, new, "test").wider
    assert not compare(policy(), new, "test").wider


def test_what_is_left_out_may_be_what_a_variable_stands_for() -> None:
    old = json.loads(policy(NotResource="arn:aws:s3:::b/home/bob"))
    del old["Statement"][0]["Resource"]
    assert compare(old, policy(Resource="arn:aws:s3:::b/home/${aws:username}"), "test").wider
