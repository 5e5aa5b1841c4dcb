"""What IAM says of a request under some statements, by the embedded AWS's evaluator and by ours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from ministack.core import iam_evaluator

from policies.statement import Statement, allow
from sagekeep.iam import request as ours
from sagekeep.iam.document import parse
from sagekeep.iam.evaluate import Layers, Verdict, decide
from sagekeep.local.patches import service_principals

REGION = "us-east-1"
EVERYTHING = allow("AllowEverything", ["*"], on=["*"], why="a test asks what the denials alone do")


@dataclass(frozen=True)
class Caller:
    """Who asks: `kind` is AssumedRole, AWSService or Anonymous; `arn` is the role's, which aws:PrincipalArn is."""

    account: str
    arn: str = "arn:aws:iam::999999999999:role/somebody"
    kind: str = "AssumedRole"


@dataclass(frozen=True)
class Request:
    """An action on a resource with its condition keys."""

    action: str
    resource: str
    keys: tuple[tuple[str, str | list[str]], ...] = ()


def request(action: str, resource: str = "*", **keys: str | list[str]) -> Request:
    """A request; in the names of `keys`, `__` stands for the colon: aws__SourceVpc."""
    return Request(action, resource, tuple((name.replace("__", ":"), value) for name, value in keys.items()))


def verdict(statements: Iterable[Statement], caller: Caller, asked: Request) -> str:
    """`Allow`, `ImplicitDeny`, or the Sid of the statement that denies; principals other than `*` are left out."""
    blocks = [_block(statement) for statement in statements if _concerns_everybody(statement)]
    keys = {name.lower(): value for name, value in asked.keys}
    context = iam_evaluator.EvalContext(
        principal_arn=caller.arn,
        principal_type=caller.kind,
        principal_account=caller.account,
        action=asked.action,
        resource_arn=asked.resource,
        region=REGION,
        secure_transport=keys.pop("aws:securetransport", "true") == "true",
        service_context=keys,
    )
    found = iam_evaluator.evaluate(context, [iam_evaluator.parse_policy_document({"Statement": blocks})])
    return str(found.matched_sid) if found.decision == "Deny" else str(found.decision)


def both_say(statements: Iterable[Statement], caller: Caller, asked: Request) -> str:
    """`verdict` of an identity's statements, once our own evaluator has decided alike."""
    statements = list(statements)
    found = verdict(statements, caller, asked)
    decided = decide(_ours(caller, asked), Layers(identity=(_policy(statements),)))
    _alike(found, decided, asked)
    return found


def resource_says(statements: Iterable[Statement], caller: Caller, asked: Request, owner: str) -> str:
    """As `both_say`, of the policy of a resource of the account `owner`; the caller's own policies allow everything.

    `owner`'s key decides about its callers too. A service's `arn` is its principal, such as events.amazonaws.com.
    """
    statements = list(statements)
    keys = {name.lower(): value for name, value in asked.keys}
    with keys_as_on_aws():
        context = iam_evaluator.EvalContext(
            principal_arn=caller.arn,
            principal_type=caller.kind,
            principal_account=caller.account,
            action=asked.action,
            resource_arn=asked.resource,
            region=REGION,
            secure_transport=True,
            service_context=keys,
        )
        document = {"Statement": [statement.as_json() for statement in statements]}
        service = caller.arn if caller.kind == "AWSService" else ""
        said = iam_evaluator.evaluate_resource_policy(document, context, service)
    found = str(said.matched_sid) if said.decision == "Deny" else str(said.decision)
    secure = Request(asked.action, asked.resource, (*asked.keys, ("aws:SecureTransport", "true")))
    layers = Layers(identity=(_policy([EVERYTHING]),), resource=_policy(statements))
    _alike(found, decide(_ours(caller, secure, owner), layers), asked)
    return found


@contextmanager
def keys_as_on_aws() -> Iterator[None]:
    """Services and anonymous callers have no account, and a key that a request gives is that key."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(iam_evaluator, "_resolve_condition_key", iam_evaluator._resolve_condition_key)  # put back after
        service_principals.apply()
        plain = iam_evaluator._resolve_condition_key

        def resolve(key: str, context: Any) -> Any:
            return context.service_context.get(key.lower()) or plain(key, context)

        patch.setattr(iam_evaluator, "_resolve_condition_key", resolve)
        yield


def _policy(statements: Iterable[Statement]) -> Any:
    return parse({"Version": "2012-10-17", "Statement": [s.as_json() for s in statements]}, "(tested)")


def _ours(caller: Caller, asked: Request, owner: str = "") -> ours.Request:
    context = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in asked.keys}
    service = caller.kind == "AWSService"
    who = ours.Caller(caller.arn, "" if service else caller.account, "service" if service else "role")
    return ours.Request(who, asked.action, asked.resource, owner, context)


def _alike(found: str, decided: Verdict, asked: Request) -> None:
    said = "Allow" if decided.allowed else decided.sid if decided.explicit else "ImplicitDeny"
    assert said == found, f"our evaluator says {said}, the embedded AWS's {found}: {asked}"


def _concerns_everybody(statement: Statement) -> bool:
    return all(principal.type == "*" for principal in statement.principals)


def _block(statement: Statement) -> dict[str, Any]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in statement.conditions:
        conditions.setdefault(condition.test, {})[condition.variable] = list(condition.values)
    place = "NotResource" if statement.not_resources else "Resource"
    acts = "NotAction" if statement.not_actions else "Action"
    return {
        "Sid": statement.sid,
        "Effect": statement.effect,
        acts: list(statement.not_actions or statement.actions),
        place: list(statement.not_resources or statement.resources),
        **({"Condition": conditions} if conditions else {}),
    }
