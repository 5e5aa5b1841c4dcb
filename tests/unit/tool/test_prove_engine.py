"""The engine on an estate of a few lines: chains, twins, and what nobody needs."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.prove.exfiltration import attempt
from sagekeep.prove.minimality import idle
from sagekeep.prove.reachability import reach
from sagekeep.prove.reading import read
from sagekeep.prove.rows import Kept, Row
from sagekeep.prove.situation import situations
from sagekeep.prove.terraform import Terraform
from sagekeep.prove.twins import peel, without

SETTINGS = {"account_id": "123456789012", "region": "us-east-1", "prefix": "t"}
ROOT = {"type": "AWS", "identifiers": ["arn:aws:iam::123456789012:root"]}
TRUST = {
    "sid": "Trust",
    "actions": ["sts:AssumeRole"],
    "principals": [{"type": "Service", "identifiers": ["s.amazonaws.com"]}],
}
DECRYPT = {"actions": ["kms:Decrypt"], "resources": ["*"]}
OTHER = [{"sid": "Other", "actions": ["s3:GetObject"], "resources": ["*"]}]
CLOSED = [{"sid": "Other", "principals": [ROOT], "actions": ["kms:Encrypt"], "resources": ["*"]}]
ADDRESS = "one: data.aws_iam_policy_document"


def stack(**documents: list[dict[str, Any]]) -> dict[str, Any]:
    """A role with a policy and a boundary, a key, a group of log lines that EventBridge may write."""
    reference = "${data.aws_iam_policy_document.%s.json}"
    own = {
        "trust": [TRUST],
        "role": [{"sid": "Decrypt", **DECRYPT}],
        "limit": [{"sid": "Limit", **DECRYPT}],
        "key": [{"sid": "UseByOurs", "principals": [ROOT], **DECRYPT}],
        "logs": [
            {
                "sid": "Write",
                "actions": ["logs:PutLogEvents"],
                "resources": ["arn:aws:logs:us-east-1:123456789012:log-group:/g:*"],
                "principals": [{"type": "Service", "identifiers": ["events.amazonaws.com"]}],
            }
        ],
    } | documents
    return {
        "data": {"aws_iam_policy_document": {name: {"statement": found} for name, found in own.items()}},
        "resource": {
            "aws_iam_role": {
                "job": {
                    "name": "t-job-us-east-1",
                    "assume_role_policy": reference % "trust",
                    "permissions_boundary": "${aws_iam_policy.limit.arn}",
                }
            },
            "aws_iam_policy": {
                "limit": {"name": "limit", "policy": reference % "limit"},
                "more": {"name": "more", "policy": reference % "role"},
            },
            "aws_iam_role_policy_attachment": {
                "more": {"role": "${aws_iam_role.job.name}", "policy_arn": "${aws_iam_policy.more.arn}"}
            },
            "aws_kms_key": {"key": {"policy": reference % "key"}},
            "aws_kms_alias": {"key": {"name": "alias/t-data", "target_key_id": "${aws_kms_key.key.key_id}"}},
            "aws_cloudwatch_log_resource_policy": {"logs": {"policy_document": reference % "logs"}},
        },
    }


def row(who: str = "job", action: str = "kms:Decrypt", resource: str = "{data_key}", **more: Any) -> Row:
    return Row("r", "Does", who, "aws", (action,), (resource,), "a page", **more)


def estate(**documents: list[dict[str, Any]]):
    return read(Terraform({"one": stack(**documents)}, SETTINGS))


def test_a_role_with_a_managed_policy_and_a_boundary_reaches_the_key() -> None:
    (result,) = reach([row()], estate())
    assert result.ok
    assert result.statements == [
        (f"{ADDRESS}.role", "Decrypt"),
        (f"{ADDRESS}.limit", "Limit"),
        (f"{ADDRESS}.key", "UseByOurs"),
    ]


@pytest.mark.parametrize(
    ("documents", "blocked"),
    [
        ({"role": OTHER}, "no statement of one: aws_iam_role.job"),
        ({"limit": OTHER}, f"no statement of {ADDRESS}.limit"),
        ({"key": CLOSED}, f"no statement of {ADDRESS}.key"),
        ({"role": [{"sid": "Decrypt", **DECRYPT}, {"sid": "No", "effect": "Deny", **DECRYPT}]}, f"{ADDRESS}.role#No"),
    ],
)
def test_the_layer_that_blocks_is_named(documents: dict[str, Any], blocked: str) -> None:
    (result,) = reach([row()], estate(**documents))
    assert result.blocked == blocked
    assert result.at.startswith("kms:Decrypt on arn:aws:kms:us-east-1:123456789012:key/")


def test_the_first_thing_on_the_way_is_told_before_what_comes_later() -> None:
    (result,) = reach([row()], estate(role=OTHER, key=CLOSED))
    assert result.blocked == f"no statement of {ADDRESS}.key"


def test_a_row_that_names_nothing_here_says_so() -> None:
    (blocked,) = reach(
        [
            row(resource="{other_key}"),
        ],
        estate(),
    )
    (fault,) = attempt([row(who="nobody-here", stopped_by=("x",))], estate())
    assert blocked.blocked == "nothing here is called other_key"
    assert fault.fault == "nothing here is called nobody-here"


def test_a_service_writes_where_the_accounts_log_policy_says() -> None:
    group = "arn:aws:logs:us-east-1:123456789012:log-group:/g:log-stream:x"
    put = row("events.amazonaws.com", "logs:PutLogEvents", group)
    other = row("lambda.amazonaws.com", "logs:PutLogEvents", group)
    assert [result.ok for result in reach([put, other], estate())] == [True, False]


def test_every_barrier_is_peeled_and_each_of_them_stops_alone() -> None:
    deny = {"sid": "No", "effect": "Deny", "principals": [{"type": "*", "identifiers": ["*"]}], **DECRYPT}
    (situation,) = situations(row(), estate(role=OTHER, key=[deny]))
    barriers = peel(situation)
    assert [barrier.text for barrier in barriers] == [
        f"{ADDRESS}.key#No",
        "no statement of one: aws_iam_role.job",
        f"no statement of {ADDRESS}.key",
    ]
    for kept in barriers:
        alone = situation
        for barrier in barriers:
            alone = alone if barrier == kept else without(alone, barrier)
        assert alone.barrier() == kept


def test_an_attempt_that_succeeds_says_by_what() -> None:
    (result,) = attempt([row(stopped_by=("something",))], estate())
    assert result.depth == 0
    assert result.fault.endswith(f"succeeds, by {ADDRESS}.role#Decrypt, {ADDRESS}.limit#Limit, {ADDRESS}.key#UseByOurs")


def test_the_wider_of_two_statements_is_the_one_that_nobody_needs() -> None:
    wide = {"sid": "Wide", "actions": ["kms:*"], "resources": ["*"]}
    for order in ([wide, {"sid": "Decrypt", **DECRYPT}], [{"sid": "Decrypt", **DECRYPT}, wide]):
        found = estate(role=order)
        reached = tuple(reach([row()], found))
        spare = [item.of for item in idle(found, reached, (), ()) if ".role#" in item.of]
        assert spare == [f"{ADDRESS}.role#Wide"]


def test_an_action_nobody_needs_is_told_unless_it_is_kept_and_a_stale_reason_is_told() -> None:
    found = estate(role=[{"sid": "Decrypt", "actions": ["kms:Decrypt", "kms:Encrypt"], "resources": ["*"]}])
    reached = tuple(reach([row()], found))

    def told(*kept: Kept) -> list[str]:
        return [item.what for item in idle(found, reached, (), kept) if item.of == f"{ADDRESS}.role#Decrypt"]

    assert told() == ["no listed call needs kms:Encrypt"]
    assert told(Kept(f"{ADDRESS}.role#Decrypt", "why", ("kms:Encrypt",))) == []
    assert told(Kept(f"{ADDRESS}.role#Decrypt", "why", ("kms:Decrypt",))) == [
        "no listed call needs kms:Encrypt",
        "kept.toml keeps it, but it is needed, or not there",
    ]


def test_a_policy_that_no_stack_holds_is_taken_to_allow_everything_and_named() -> None:
    document = stack()
    attachment = document["resource"]["aws_iam_role_policy_attachment"]["more"]
    attachment["policy_arn"] = "arn:aws:iam::aws:policy/AdministratorAccess"
    (result,) = reach([row()], read(Terraform({"one": document}, SETTINGS)))
    assert result.statements[0] == ("one: aws_iam_role_policy_attachment.more", "UnknownPolicy")


def test_a_boundary_of_the_accounts_own_is_told() -> None:
    document = stack()
    document["resource"]["aws_iam_role"]["job"]["permissions_boundary"] = "arn:aws:iam::123456789012:policy/theirs"
    found = read(Terraform({"one": document}, SETTINGS))
    assert [note for note in found.notes() if "policy/theirs" in note and "one: aws_iam_role.job" in note]
    assert list(estate().notes()) == []
