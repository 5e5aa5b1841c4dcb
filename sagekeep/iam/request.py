"""Who asks for what, and what IAM knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["role", "user", "root", "service", "anonymous"]

_TYPES: dict[Kind, str] = {"role": "AssumedRole", "user": "User", "root": "Account", "anonymous": "Anonymous"}


@dataclass(frozen=True)
class Caller:
    """Who asks.

    `arn` is the role's for a role's session (whose name is `session`), a user's, or an account root's; of a service
    it is the service's principal, such as `lambda.amazonaws.com`, and of nobody "". `account` has twelve digits, and is
    "" for services and for nobody.
    """

    arn: str
    account: str
    kind: Kind
    session: str = ""

    @property
    def session_arn(self) -> str:
        """The ARN of a role's session, in which the role's path is missing; "" for others."""
        if self.kind != "role" or not self.session:
            return ""
        partition, name = self.arn.split(":")[1], self.arn.rsplit("/", 1)[-1]
        return f"arn:{partition}:sts::{self.account}:assumed-role/{name}/{self.session}"


@dataclass(frozen=True)
class Request:
    """One action on one resource.

    `resource` is an ARN, or "*" for an action that has none. `resource_account` owns it; "" means the caller's.
    `context` holds condition keys and their values; their names' case is all one.
    """

    caller: Caller
    action: str
    resource: str
    resource_account: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def same_account(self) -> bool:
        """Whether the caller's account owns the resource."""
        return self.resource_account in ("", self.caller.account)


def facts_of(request: Request) -> dict[str, tuple[str, ...]]:
    """The request's condition keys in lower case: its context's, and those that follow from caller and resource.

    The time and the network are not among those: a request that depends on them says them.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    given = {key.lower(): values for key, values in request.context.items()}
    facts = {**_of_caller(request.caller), **_of_resource(request), **given}
    return {key: values for key, values in facts.items() if values}


def _of_caller(caller: Caller) -> dict[str, tuple[str, ...]]:
    if caller.kind == "service":
        names = {"aws:principalservicename": (caller.arn,), "aws:principalservicenameslist": (caller.arn,)}
        return {"aws:principalisawsservice": ("true",), **names}
    if caller.kind == "anonymous":
        nobody = {"aws:principalaccount": ("anonymous",), "aws:userid": ("anonymous",)}
        return {"aws:principaltype": (_TYPES["anonymous"],), **nobody}
    facts: dict[str, tuple[str, ...]] = {
        "aws:principalarn": (caller.arn,),
        "aws:principalaccount": (caller.account,),
        "aws:principaltype": (_TYPES[caller.kind],),
        "aws:principalisawsservice": ("false",),
        "aws:viaawsservice": ("false",),
    }
    if caller.kind == "user":
        facts["aws:username"] = (caller.arn.rsplit("/", 1)[-1],)
    return facts


def _of_resource(request: Request) -> dict[str, tuple[str, ...]]:
    owner = request.resource_account or request.caller.account
    service = request.action.partition(":")[0].lower()
    names = ("aws:resourceaccount", "s3:resourceaccount") if service == "s3" else ("aws:resourceaccount",)
    return dict.fromkeys(names, (owner,)) if owner else {}
