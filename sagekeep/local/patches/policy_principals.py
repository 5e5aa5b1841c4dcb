"""Principals: ministack skips NotPrincipal, disregards case, and lets a boundary limit what a policy gives everybody.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import iam_evaluator

from sagekeep.local.patches.caller_keys import role_of


def apply() -> None:
    """Replace the matching of principals, and put a Principal in the place of each NotPrincipal."""
    plain_evaluate = iam_evaluator.evaluate_resource_policy
    plain_directly = iam_evaluator._names_caller_directly

    def evaluate(document: Any, context: Any, service: str | None = None, **options: bool) -> Any:
        statements = [_without_not(one, context.principal_arn) for one in _statements(document)]
        return plain_evaluate({"Statement": [one for one in statements if one]}, context, service, **options)

    def names_directly(principal: Any, caller: str) -> bool:
        return "*" in _identifiers(principal, "AWS") or bool(plain_directly(principal, caller))

    iam_evaluator.evaluate_resource_policy = evaluate
    iam_evaluator._principal_matches = _matches
    iam_evaluator._names_caller_directly = names_directly


def _statements(document: Any) -> list[dict[str, Any]]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            document = {}
    found = document.get("Statement", []) if isinstance(document, dict) else []
    listed = found if isinstance(found, list) else [found]
    return [one for one in listed if isinstance(one, dict)]


def _without_not(statement: dict[str, Any], caller: str) -> dict[str, Any] | None:
    """The statement with Principal in the place of NotPrincipal; None where that leaves the caller out."""
    unnamed = statement.get("NotPrincipal")
    if unnamed is None:
        return statement
    if unnamed == "*" or caller in _identifiers(unnamed, "Service"):
        return None
    listed = set(_identifiers(unnamed, "AWS"))
    account = caller.split(":")[4] if caller.count(":") > 4 else ""
    # The account must be listed beside the user, the role or the session.
    if listed & {account, f"arn:aws:iam::{account}:root"} and listed & {caller, role_of(caller)}:
        return None
    return {**{key: value for key, value in statement.items() if key != "NotPrincipal"}, "Principal": "*"}


def _identifiers(principal: Any, kind: str) -> list[str]:
    if isinstance(principal, Mapping):
        principal = principal.get(kind, [])
    return [principal] if isinstance(principal, str) else list(principal or ())


def _matches(principal: Any, caller: str) -> bool:
    if isinstance(principal, str):
        return principal == "*"
    if not isinstance(principal, Mapping):
        return False
    # ministack's own services call as root.
    own = bool(principal.get("Service")) and caller.endswith(":root")
    return own or not set(_identifiers(principal, "AWS")).isdisjoint(_names_of(caller))


def _names_of(caller: str) -> Iterator[str]:
    yield "*"
    yield caller
    yield role_of(caller)
    if caller.count(":") > 4:
        partition, account = caller.split(":")[1], caller.split(":")[4]
        yield account
        yield f"arn:{partition}:iam::{account}:root"
