"""Statements taken apart: one effect, principal, action and resource each, under conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

from sagekeep.iam.document import Condition, Statement, parse
from sagekeep.review.policies.patterns import widest


@dataclass(frozen=True)
class Element:
    """What a statement says of actions, resources or principals: one pattern, or all but some.

    Attributes:
        patterns: one, or those left out.
        negated: all but these, as NotAction says.
        written: as the policy spells it, where case means nothing.
    """

    patterns: tuple[str, ...]
    negated: bool = False
    written: str = field(default="", compare=False)

    def __str__(self) -> str:
        text = self.written or ", ".join(self.patterns)
        return f"all but {text}" if self.negated else text


EVERYTHING = Element(("*",))


@dataclass(frozen=True)
class Clause:
    """One key under one operator, whose values' order means nothing; `key` is in lower case, `written` as spelled."""

    operator: str
    key: str
    values: tuple[str, ...]
    written: str = field(default="", compare=False)


@dataclass(frozen=True)
class Grant:
    """What one statement says of one action, resource and principal.

    Attributes:
        principal: as `type identifier`, such as "AWS arn:aws:iam::123456789012:root"; "*" is everybody, "" whoever the
            policy is attached to.
        sid: the statement's, "" where it has none.
    """

    effect: str
    principal: Element
    action: Element
    resource: Element
    conditions: frozenset[Clause]
    sid: str = field(default="", compare=False)


def statements(document: str | Mapping[str, Any], origin: str) -> tuple[Statement, ...]:
    """The statements of a policy. Raises PolicyError where IAM would refuse it."""
    content: Any = json.loads(document) if isinstance(document, str) else document
    return () if content == {} else parse(content, origin).statements


@lru_cache(maxsize=16384)
def grants(statement: Statement) -> tuple[Grant, ...]:
    """All grants of a statement, without those that another of the same statement holds."""
    return tuple(_grants(statement))


def _grants(statement: Statement) -> Iterator[Grant]:
    conditions = conditions_of(statement)
    principals = _elements(principals_of(statement.principals), principals_of(statement.not_principals), Element(("",)))
    actions = _actions(statement)
    resources = _elements(statement.resources, statement.not_resources, EVERYTHING)
    for principal, action, resource in product(principals, actions, resources):
        yield Grant(statement.effect, principal, action, resource, conditions, statement.sid)


def principals_of(principals: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    """As a grant has them."""
    return tuple("*" if kind == "*" else f"{kind} {_root(identifier)}" for kind, identifier in principals)


def _root(identifier: str) -> str:
    """An account's id is short for its root."""
    return f"arn:aws:iam::{identifier}:root" if identifier.isdigit() and len(identifier) == 12 else identifier


def _actions(statement: Statement) -> list[Element]:
    """Case means nothing in an action; it is kept for the reader."""
    spelled = {action.lower(): action for action in (*statement.actions, *statement.not_actions)}
    listed = tuple(action.lower() for action in statement.actions)
    others = tuple(action.lower() for action in statement.not_actions)
    return [
        Element(one.patterns, one.negated, ", ".join(spelled.get(p, p) for p in one.patterns))
        for one in _elements(listed, others, EVERYTHING)
    ]


def _elements(patterns: tuple[str, ...], others: tuple[str, ...], neither: Element) -> list[Element]:
    if others:
        return [Element(tuple(sorted(set(others))), negated=True)]
    return [Element((pattern,)) for pattern in widest(patterns)] or [neither]


def conditions_of(statement: Statement) -> frozenset[Clause]:
    """The conditions, each in one spelling."""
    return frozenset(_normal(condition) for condition in statement.conditions)


def _normal(condition: Condition) -> Clause:
    values = {value.lower() if "bool" in condition.operator.lower() else value for value in condition.values}
    return Clause(condition.operator, condition.key.lower(), tuple(sorted(values)), condition.key)
