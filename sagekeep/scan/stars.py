"""A lint of our own: no Allow of every action of a service. checkov finds `*`, and misses `s3:*` (control I1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sagekeep.scan.documents import Policy
from sagekeep.scan.findings import Finding

ID = "sagekeep:STAR_ACTION"


def star_actions(policies: Iterable[Policy]) -> list[Finding]:
    """Allow statements of all policies but the endpoints' whose actions are `*`, `service:*`, or all but some.

    Endpoint policies name accounts, not actions: checkov's findings on them are registered one by one.
    """
    return [
        Finding(ID, policy.stack, policy.address, str(statement.get("Sid", "")), detail=f"allows {action}")
        for policy in policies
        if policy.kind != "endpoint"
        for statement in policy.statements
        if statement["Effect"] == "Allow"
        for action in _open_actions(statement)
    ]


def _open_actions(statement: dict[str, Any] | Any) -> Iterator[str]:
    actions = statement.get("Action", [])
    for action in [actions] if isinstance(actions, str) else actions:
        if action.split(":")[-1].strip("*") == "":
            yield f"the action `{action}`"
    if "NotAction" in statement:
        yield "every action but some (`not_actions`)"
