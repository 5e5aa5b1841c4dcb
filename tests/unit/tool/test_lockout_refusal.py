"""What is refused of policies without asking AWS who deploys."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sagekeep import lockout
from sagekeep.errors import OperationError
from sagekeep.synthesis import Synthesis
from tests.unit.tool.conftest import Project

ROOT_OF_THE_ACCOUNT = "arn:aws:iam::123456789012:root"


def with_key(project: Project, policy: str | dict[str, Any]) -> Synthesis:
    """A stack with one key."""
    text = policy if isinstance(policy, str) else json.dumps(policy)
    key = {"aws_kms_key": {"data": {"policy": text}}}
    project.write("keys", {"provider": {"aws": [{"region": "us-east-1"}]}, "resource": key})
    settings = {"account_id": "123456789012", "region": "us-east-1", "prefix": "t", "deploy": {"roles": []}}
    (project.out / "model.json").write_text(json.dumps({"settings": settings}))
    return project.load()


def allowing(action: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Principal": {"AWS": ROOT_OF_THE_ACCOUNT}}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_key_that_nobody_could_repair_is_refused_even_if_it_is_meant(project: Project) -> None:
    synthesis = with_key(project, allowing("kms:Decrypt"))
    for environ in ({}, lockout.allowed({})):
        with pytest.raises(OperationError, match="nobody could change these policies back") as caught:
            lockout.refuse(synthesis, environ, {"keys"})
        assert "no statement of keys: aws_kms_key.data.policy\n    stops kms:PutKeyPolicy on " in caught.value.message


def test_a_key_that_the_account_may_repair_passes_where_to_lock_out_is_meant(project: Project) -> None:
    synthesis = with_key(project, allowing("kms:*"))
    assert lockout.refuse(synthesis, lockout.allowed({}), {"keys"}) is None  # type: ignore[func-returns-value]


def test_what_a_role_may_do_need_not_be_readable(project: Project) -> None:
    with_key(project, allowing("kms:Decrypt"))
    attachment = {"role": "reader", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    role = {"name": "reader", "assume_role_policy": "${jsonencode(local.trust)}"}
    resources = {"aws_iam_role": {"reader": role}, "aws_iam_role_policy_attachment": {"reader": attachment}}
    project.write("studio", {"provider": {"aws": [{"region": "us-east-1"}]}, "resource": resources})
    with pytest.raises(OperationError, match="nobody could change these policies back"):
        lockout.refuse(project.load(), {}, {"keys", "studio"})


def test_other_stacks_policies_are_not_asked_about(project: Project) -> None:
    project.stack("network")
    synthesis = with_key(project, allowing("kms:Decrypt"))
    assert lockout.refuse(synthesis, {}, {"network"}) is None  # type: ignore[func-returns-value]


def test_a_policy_that_cannot_be_read_is_refused_unless_it_is_meant(project: Project) -> None:
    synthesis = with_key(project, "${jsonencode(local.policy)}")
    with pytest.raises(
        OperationError, match=r"nobody can tell whom this would lock out: keys: aws_kms_key\.data"
    ) as caught:
        lockout.refuse(synthesis, {}, {"keys"})
    assert "--allow-lockout" in caught.value.hint
    assert lockout.refuse(synthesis, lockout.allowed({}), {"keys"}) is None  # type: ignore[func-returns-value]
