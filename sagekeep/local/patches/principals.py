"""aws:PrincipalArn of a session is its role's ARN, path included; ministack gives the session's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

_SESSION = ":assumed-role/"


def apply() -> None:
    """Wrap the look-up of condition keys."""
    plain = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: Any) -> Any:
        value = plain(key, context)
        return role_arn(value) if key.lower() == "aws:principalarn" else value

    iam_evaluator._resolve_condition_key = resolve


def role_arn(arn: str) -> str:
    """The role's ARN for a session of a role; any other ARN as it is."""
    if not isinstance(arn, str) or _SESSION not in arn:
        return arn
    name = arn.split(_SESSION, 1)[1].split("/", 1)[0]
    role = iam._roles.get(name)
    return str(role["Arn"]) if role else arn
