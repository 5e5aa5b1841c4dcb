"""aws:PrincipalArn of a role's session is the role's ARN on AWS; ministack gives the session's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam


def apply() -> None:
    """Replace the look-up of this one condition key."""
    plain = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: Any) -> Any:
        value = plain(key, context)
        return role_of(value) if key.lower() == "aws:principalarn" else value

    iam_evaluator._resolve_condition_key = resolve


def role_of(principal_arn: str) -> str:
    """The role behind a session's ARN, with its path; any other principal as it is."""
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    name = principal_arn.split("/")[1]
    role = iam._roles.get(name)
    account_id = principal_arn.split(":")[4]
    return str(role["Arn"]) if role else f"arn:aws:iam::{account_id}:role/{name}"
