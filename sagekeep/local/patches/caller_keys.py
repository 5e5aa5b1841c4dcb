"""The condition keys that tell of the caller and of the resource's owner, where ministack has others than AWS.

aws:PrincipalArn of a role's session is the role's ARN; a service and nobody have none. Whether a service has an account
is a variant, since AWS's documentation says both. aws:PrincipalIsAWSService and
aws:ViaAWSService are in every signed request. aws:ResourceAccount is the owner's where that is known.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import iam

from sagekeep.local import variants

_ANONYMOUS, _SERVICE = "Anonymous", "AWSService"


def apply() -> None:
    """Replace the look-up of these keys."""
    plain = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: Any) -> Any:
        correct = _CORRECT.get(key.lower())
        return correct(context, plain) if correct else plain(key, context)

    iam_evaluator._resolve_condition_key = resolve


def role_of(principal_arn: str) -> str:
    """The role behind a session's ARN, with its path; any other principal as it is."""
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    name = principal_arn.split("/")[1]
    role = iam._roles.get(name)
    account_id = principal_arn.split(":")[4]
    return str(role["Arn"]) if role else f"arn:aws:iam::{account_id}:role/{name}"


Plain = Callable[[str, Any], Any]


def _arn(context: Any, _plain: Plain) -> str | None:
    return None if context.principal_type in (_ANONYMOUS, _SERVICE) else role_of(context.principal_arn)


def _account(context: Any, _plain: Plain) -> str | None:
    return variants.service_account() if context.principal_type == _SERVICE else context.principal_account


def _type(context: Any, _plain: Plain) -> str | None:
    return {_SERVICE: None, "Root": "Account"}.get(context.principal_type, context.principal_type)


def _user_id(context: Any, plain: Plain) -> Any:
    return "anonymous" if context.principal_type == _ANONYMOUS else plain("aws:userid", context)


def _false_unless_given(key: str) -> Callable[[Any, Plain], Any]:
    def find(context: Any, plain: Plain) -> Any:
        absent = None if context.principal_type in (_ANONYMOUS, _SERVICE) else "false"
        return plain(key, context) or absent

    return find


def _owner(context: Any, plain: Plain) -> Any:
    return context.service_context.get("aws:resourceaccount") or plain("aws:resourceaccount", context)


_CORRECT: dict[str, Callable[[Any, Plain], Any]] = {
    "aws:principalarn": _arn,
    "aws:principalaccount": _account,
    "aws:principaltype": _type,
    "aws:userid": _user_id,
    "aws:principalisawsservice": _false_unless_given("aws:principalisawsservice"),
    "aws:viaawsservice": _false_unless_given("aws:viaawsservice"),
    "aws:resourceaccount": _owner,
    "s3:resourceaccount": _owner,
}
