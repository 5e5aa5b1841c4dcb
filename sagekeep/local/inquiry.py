"""May a service do this? Asked of the same policies, in the same way, as when a service here does it.

For what no client can ask itself: calls of AWS's services as themselves, or in the name of a role they were given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.services import iam

from sagekeep.local import delegates
from sagekeep.local.patches import log_targets
from sagekeep.local.request import Denial

_TRUST = "sts:AssumeRole"


def may(body: Mapping[str, Any]) -> dict[str, Any]:
    """{"denied": why not, in AWS's words, or ""}.

    `body`: `principal` (a role's ARN or a service's name), `action`, `resource`, `keys` (condition keys).
    """
    principal, action, resource = str(body["principal"]), str(body["action"]), str(body["resource"])
    keys: Mapping[str, Any] = body.get("keys", {})
    if principal.startswith("arn:"):
        return {"denied": delegates.denial(principal, "service", action, resource, keys)}
    policy = _trust(resource) if action == _TRUST else _policy(action, resource)
    reason = delegates.refusal(policy or {"Statement": []}, principal, action, resource, keys)
    return {"denied": Denial(principal, action, resource, reason).message if reason else ""}


def _policy(action: str, resource: str) -> Any:
    if action.startswith("logs:"):
        return log_targets.account_policy()
    found = evaluator._resource_policy(action.partition(":")[0], resource)
    return found[0] if found else None


def _trust(role_arn: str) -> Any:
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    return delegates.trust_policy(role) if role is not None and role["Arn"] == role_arn else None
