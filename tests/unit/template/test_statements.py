"""Statements: what is refused when one is written."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.statement import ANYONE, PolicyError, allow, deny, deny_all_but, when


def test_a_star_needs_a_reason() -> None:
    with pytest.raises(PolicyError, match="written reason"):
        allow("DoThings", ["s3:GetObject"], on=["*"])
    with pytest.raises(PolicyError, match="written reason"):
        allow("DoThings", ["s3:*"], on=["arn:aws:s3:::b"])
    with pytest.raises(PolicyError, match="written reason"):
        allow("DoThings", ["s3:GetObject"], on=["arn:aws:s3:::b/*"], to=ANYONE)
    assert allow("DoThings", ["ecr:GetAuthorizationToken"], on=["*"], why="no resource form").why


@pytest.mark.parametrize("sid", ["", "do things", "doThings", "Do-Things"])
def test_a_sid_is_a_sentence(sid: str) -> None:
    with pytest.raises(PolicyError, match="Sid"):
        allow(sid, ["s3:GetObject"], on=["arn:aws:s3:::b/*"])


def test_a_statement_needs_actions_and_resources() -> None:
    with pytest.raises(PolicyError):
        allow("DoThings", [], on=["arn:aws:s3:::b"])
    with pytest.raises(PolicyError):
        deny("DoThings", ["s3:GetObject"])
    with pytest.raises(PolicyError):
        deny("DoThings", ["s3:GetObject"], on=["a"], off=["b"])


def test_the_block_has_terraforms_names() -> None:
    condition = when("StringEquals", "aws:SourceAccount", "1")
    block = deny("KeepOut", ["s3:*"], off=["arn:aws:s3:::b/raw/*"], to=ANYONE, given=[condition]).as_block()
    assert block == {
        "sid": "KeepOut",
        "effect": "Deny",
        "actions": ["s3:*"],
        "not_resources": ["arn:aws:s3:::b/raw/*"],
        "principals": [{"type": "*", "identifiers": ["*"]}],
        "condition": [{"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["1"]}],
    }


def test_all_but_some_actions_are_denied_only_and_for_a_reason() -> None:
    statement = deny_all_but("DenyTheRest", ["s3:*", "sts:*"], on=["*"], why="nothing else is used")
    assert statement.as_block() == {
        "sid": "DenyTheRest",
        "effect": "Deny",
        "not_actions": ["s3:*", "sts:*"],
        "resources": ["*"],
    }
    assert statement.as_json()["NotAction"] == ["s3:*", "sts:*"]
    with pytest.raises(PolicyError, match="written reason"):
        deny_all_but("DenyTheRest", ["s3:*"], on=["*"], why="")
    with pytest.raises(PolicyError, match="in a Deny only"):
        replace(statement, effect="Allow")
    with pytest.raises(PolicyError, match="either actions or not_actions"):
        replace(statement, actions=("s3:*",))
