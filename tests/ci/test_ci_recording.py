"""The policies against what IAM was asked while both roles worked: enough, and no action too many."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sagekeep.estate.ci.policies import Role, Statement
from sagekeep.estate.ci.roles import CiRole, ci_roles
from sagekeep.iam import Policy, parse
from tests.ci import recording
from tests.ci.conftest import Synthesized
from tests.ci.recording import KINDS, Question


@pytest.fixture(scope="module")
def roles(synthesized: Synthesized) -> dict[Role, CiRole]:
    return {role.kind: role for role in ci_roles(synthesized())}


@pytest.fixture(scope="module")
def recorded() -> dict[Role, list[Question]]:
    return recording.read()


def policy(statements: list[Statement]) -> tuple[Policy, ...]:
    return (parse({"Version": "2012-10-17", "Statement": [s.document() for s in statements]}, "made"),)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_was_asked_is_allowed(
    kind: Role, roles: dict[Role, CiRole], recorded: dict[Role, list[Question]]
) -> None:
    role = roles[kind]
    whole = tuple(parse(document, role.kind) for document in role.policies)
    assert len(recorded[kind]) > 200
    assert [question for question in recorded[kind] if not question.allowed(role.arn, whole)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_take_any_one_action_away_and_a_recorded_call_is_denied(
    kind: Role, roles: dict[Role, CiRole], recorded: dict[Role, list[Question]]
) -> None:
    # What both roles may is asked of the one that may less.
    rights = [
        (statement.sid, action, row.unseen.get(action, ""))
        for statement in roles[kind].statements
        for row in statement.rows
        for action in (row.reads if kind == "plan" else row.writes)
    ]
    spare = set(_spare(roles[kind], recorded[kind])) & {(sid, action) for sid, action, _ in rights}
    reasons = {(sid, action): reason for sid, action, reason in rights if reason}
    assert sorted(spare - set(reasons)) == [], "no recorded call needs these, and no row says why they are there"
    assert sorted(set(reasons) - spare) == [], "rows say that no recorded call needs these, but one does"
    assert all(len(reason) > 10 for reason in reasons.values())


def _spare(role: CiRole, recorded: list[Question]) -> Iterator[tuple[str, str]]:
    """Statement and action without which every recorded call is still allowed."""
    for statement in role.statements:
        for action in statement.actions:
            asked = [question for question in recorded if question.action == action]
            # Statements without the action have no say in it.
            others = [s for s in role.statements if s is not statement and action in s.actions]
            if not others and asked:
                continue
            left = policy(others) if others else ()
            if all(question.allowed(role.arn, left) for question in asked):
                yield statement.sid, action


@pytest.mark.parametrize("kind", KINDS)
def test_every_named_resource_was_asked_about(
    kind: Role, roles: dict[Role, CiRole], recorded: dict[Role, list[Question]]
) -> None:
    unasked = []
    for statement in roles[kind].statements:
        asked = [question for question in recorded[kind] if question.action in statement.actions]
        for resource in statement.resources:
            only = policy([Statement(statement.sid, statement.actions, (resource,), statement.conditions, ())])
            needed = any(question.allowed(roles[kind].arn, only) for question in asked)
            if not needed and not _explained(statement, resource):
                unasked.append(f"{statement.sid}: {resource}")
    assert unasked == []


def _explained(statement: Statement, resource: str) -> bool:
    """Resources that stay although nothing asked about them."""
    if statement.sid in ("ReadReaderOfThePipeline", "ChangeFunctionsThatTerraformCalls"):
        return not resource.endswith(":$LATEST")  # whether AWS asks about the function or its version, nobody has seen
    if statement.sid in ("ChangeVersionsOfBucketsThatGo", "ChangeObjectsOfBucketsThatGo"):
        return "-logs-" in resource  # no access log was delivered
    return set(statement.actions) <= {action for row in statement.rows for action in row.unseen}
