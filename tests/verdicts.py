"""What IAM says of a request under some statements, by the embedded AWS's evaluator."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ministack.core import iam_evaluator

from policies.statement import Statement, allow
from sagekeep.iam import request as ours
from sagekeep.iam.document import parse
from sagekeep.iam.evaluate import Layers, decide

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
    policy = parse({"Version": "2012-10-17", "Statement": [s.as_json() for s in statements]}, "(tested)")
    context = {name: (value,) if isinstance(value, str) else tuple(value) for name, value in asked.keys}
    who = ours.Caller(caller.arn, caller.account, "role")
    decided = decide(ours.Request(who, asked.action, asked.resource, "", context), Layers(identity=(policy,)))
    said = "Allow" if decided.allowed else decided.sid if decided.explicit else "ImplicitDeny"
    assert said == found, f"our evaluator says {said}, the embedded AWS's {found}: {asked}"
    return found


def _concerns_everybody(statement: Statement) -> bool:
    return all(principal.type == "*" for principal in statement.principals)


def _block(statement: Statement) -> dict[str, Any]:
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in statement.conditions:
        conditions.setdefault(condition.test, {})[condition.variable] = list(condition.values)
    place = "NotResource" if statement.not_resources else "Resource"
    return {
        "Sid": statement.sid,
        "Effect": statement.effect,
        "Action": list(statement.actions),
        place: list(statement.not_resources or statement.resources),
        **({"Condition": conditions} if conditions else {}),
    }
