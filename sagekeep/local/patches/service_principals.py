"""A service that calls as itself has no ARN or organization, and says that it is one; an anonymous caller has none of
these either. Whether a service has an account is a variant (`sagekeep.local.variants`).

ministack gives services an empty account and leaves aws:PrincipalIsAWSService out.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator

from sagekeep.local import variants

_SERVICES = {"AWSService", "Service"}
_OF_IDENTITIES = {"aws:principalaccount", "aws:principalarn", "aws:principalorgid"}


def apply() -> None:
    """Answer for these keys; all others are looked up as before."""
    plain = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: Any) -> Any:
        name, kind = key.lower(), context.principal_type
        if name == "aws:principalisawsservice":
            return None if kind == "Anonymous" else str(kind in _SERVICES).lower()
        if name in _OF_IDENTITIES and kind in {*_SERVICES, "Anonymous"}:
            known = name == "aws:principalaccount" and kind in _SERVICES
            return variants.service_account() if known else None
        return plain(key, context)

    iam_evaluator._resolve_condition_key = resolve
