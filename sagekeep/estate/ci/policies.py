"""The statements of a role, and managed policies that are small enough for IAM."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sagekeep import limits
from sagekeep.errors import UsageError
from sagekeep.estate.ci.grants import Grant, conditions, grants
from sagekeep.estate.ci.things import Things

Role = Literal["plan", "deploy"]
LARGEST, MOST = limits.most("managed-policy"), limits.most("policies-of-a-role")

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Statement:
    """One statement of an identity policy.

    Attributes:
        rows: of the table, that it is made from.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str | list[str]]]
    rows: tuple[Grant, ...]

    def document(self) -> Document:
        """As JSON."""
        body = {"Sid": self.sid, "Effect": "Allow", "Action": list(self.actions), "Resource": list(self.resources)}
        return {**body, "Condition": self.conditions} if self.conditions else body


def statements(things: Things, role: Role) -> list[Statement]:
    """What the role may do in an environment of these things, a statement or two for each sid that it asks for."""
    rows: dict[str, list[Grant]] = {}
    for grant in grants():
        if things.asks_for(grant) and things.arns(grant):
            rows.setdefault(grant.sid, []).append(grant)
    return [made for found in rows.values() for made in _statements(things, role, found)]


def _statements(things: Things, role: Role, rows: list[Grant]) -> Iterator[Statement]:
    """Of rows of one sid: reads, and writes with them unless those have conditions of their own."""
    first = rows[0]
    reads = _union(grant.reads for grant in rows)
    writes = _union(grant.writes for grant in rows) if role == "deploy" else ()
    resources = tuple(sorted(_union(things.arns(grant) for grant in rows)))
    both, only = _conditions(things, (*first.only, *first.writes_only)), _conditions(things, first.only)
    if reads and writes and both != only:
        yield Statement(f"Read{first.sid}", reads, resources, only, tuple(rows))
        yield Statement(f"Change{first.sid}", writes, resources, both, tuple(rows))
    elif reads or writes:
        verb = "Keep" if reads and writes else "Change" if writes else "Read"
        yield Statement(f"{verb}{first.sid}", _union((reads, writes)), resources, both if writes else only, tuple(rows))


def _union(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))


def _conditions(things: Things, wanted: Iterable[str]) -> dict[str, dict[str, str | list[str]]]:
    found: dict[str, dict[str, str | list[str]]] = {}
    for name in wanted:
        condition = conditions()[name]
        for key, values in condition.keys.items():
            filled = [text for text in map(things.fill, values) if text]
            if filled:
                found.setdefault(condition.operator, {})[key] = filled[0] if len(filled) == 1 else filled
    return found


def packed(made: Iterable[Statement], role: Role) -> list[Document]:
    """The statements as managed policies, in their order.

    Raises:
        UsageError: they do not fit into as many policies as a role may have.
    """
    policies: list[list[Document]] = []
    for statement in made:
        for part in _parts(statement):
            if not policies or size(_policy([*policies[-1], part])) > LARGEST:
                policies.append([])
            policies[-1].append(part)
    if len(policies) > MOST:
        hint = "deploy with two roles, or split the environment"
        raise UsageError(f"the {role} role needs {len(policies)} managed policies, and IAM allows {MOST}", hint=hint)
    return [_policy(found) for found in policies]


def _parts(statement: Statement) -> Iterator[Document]:
    """The statement, its resources shared out where it is too large for a policy of its own."""
    document = statement.document()
    if size(_policy([document])) <= LARGEST:
        yield document
        return
    room = LARGEST - size(_policy([{**document, "Sid": f"{statement.sid}99", "Resource": []}]))
    lots: list[list[str]] = [[]]
    for resource in statement.resources:
        if sum(len(json.dumps(one)) + 1 for one in [*lots[-1], resource]) > room:
            lots.append([])
        lots[-1].append(resource)
    for number, lot in enumerate(lots, 1):
        yield {**document, "Sid": f"{statement.sid}{number}", "Resource": lot}


def _policy(found: list[Document]) -> Document:
    return {"Version": "2012-10-17", "Statement": found}


def size(document: Document) -> int:
    """Characters that IAM counts."""
    return limits.dense(json.dumps(document))
