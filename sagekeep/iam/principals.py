"""How a statement of a resource's policy names the caller.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from __future__ import annotations

from enum import IntEnum

from sagekeep.iam.document import Principal, Statement
from sagekeep.iam.request import Caller


class Naming(IntEnum):
    """How closely a statement names a caller; the closer, the less can limit what it allows."""

    NOT = 0
    ACCOUNT = 1
    """By the account, which leaves it to the account's own policies who may."""
    ROLE = 2
    """By the role, to which a permissions boundary and a session policy still apply."""
    ITSELF = 3
    """The user, the session or everybody: within the account no other policy need allow."""


def naming(statement: Statement, caller: Caller) -> Naming:
    """The closest naming; a statement with neither Principal nor NotPrincipal names nobody."""
    if statement.not_principals:
        return Naming.NOT if _excepted(statement.not_principals, caller) else Naming.ITSELF
    return max((_named(principal, caller) for principal in statement.principals), default=Naming.NOT)


def _named(principal: Principal, caller: Caller) -> Naming:
    kind, identifier = principal
    if kind == "*":
        # AWS says so of "*" with a condition on aws:PrincipalArn; without the condition it cannot allow less.
        return Naming.ITSELF
    if caller.kind == "service":
        return Naming.ITSELF if kind == "Service" and identifier.lower() == caller.arn.lower() else Naming.NOT
    if kind != "AWS" or caller.kind == "anonymous":
        return Naming.NOT
    if _is_account(identifier, caller):
        return Naming.ACCOUNT
    if identifier == caller.arn:
        return Naming.ROLE if caller.kind == "role" else Naming.ITSELF
    return Naming.ITSELF if identifier == caller.session_arn else Naming.NOT


def _is_account(identifier: str, caller: Caller) -> bool:
    return identifier == caller.account or (
        identifier.startswith("arn:") and identifier.endswith(f":iam::{caller.account}:root")
    )


def _excepted(listed: tuple[Principal, ...], caller: Caller) -> bool:
    """Whether NotPrincipal leaves the caller out: it must list the account and the user, role or session."""
    found = {_named(principal, caller) for principal in listed}
    if caller.kind in ("service", "anonymous") or ("*", "*") in listed:
        return Naming.ITSELF in found
    itself = caller.kind == "root" or not found.isdisjoint({Naming.ROLE, Naming.ITSELF})
    return Naming.ACCOUNT in found and itself
