"""Requests of the proof, decided by `@cloud-copilot/iam-simulate`, which knows nothing of our evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep.iam.document import Policy, Statement
from sagekeep.iam.request import Caller, facts_of
from sagekeep.prove.situation import Situation
from tests.witnesses import node

_DECISIONS = {"Allowed": "allowed", "ImplicitlyDenied": "not allowed", "ExplicitlyDenied": "denied"}


@dataclass(frozen=True)
class Judgement:
    """What the simulator says: `allowed`, `not allowed`, `denied`, or `no answer` and why.

    `ignored` are condition keys that the request does not have on AWS, by the simulator's data.
    """

    decision: str
    ignored: tuple[str, ...] = ()
    why: str = ""


def ours(situation: Situation) -> str:
    """The same of our own evaluator."""
    verdict = situation.verdict
    return "allowed" if verdict.allowed else "denied" if verdict.explicit else "not allowed"


def judge(situations: Sequence[Situation]) -> list[Judgement]:
    """The simulator's answer to each request with its policies; the network is not its subject."""
    documents = _Documents()
    asked = [_asked(situation, documents) for situation in situations]
    # Many environments make the same request under the same policies: each is decided once.
    distinct = list({repr(line): line for line in asked}.values())
    answers = node.talk("simulate.mjs", [{"policies": documents.named}, *distinct])
    found = {repr(line): _judgement(answer) for line, answer in zip(distinct, answers, strict=True)}
    return [found[repr(line)] for line in asked]


def _judgement(answer: dict[str, Any]) -> Judgement:
    if "error" in answer:
        return Judgement("no answer", why=_told(answer["error"]))
    return Judgement(_DECISIONS[answer["decision"]], tuple(sorted(answer["ignored"])))


def _told(errors: dict[str, Any]) -> str:
    found = [str(errors["message"])]
    for kind, details in errors.items():
        if kind != "message":
            found.append(f"{kind}: {details}")
    return "; ".join(found)[:600]


def _asked(situation: Situation, documents: _Documents) -> dict[str, Any]:
    request, layers = situation.request, situation.layers
    return {
        "request": {
            "principal": _principal(request.caller),
            "action": request.action,
            "resource": {
                "resource": request.resource,
                "accountId": request.resource_account or request.caller.account,
            },
            "contextVariables": {key: list(values) for key, values in facts_of(request).items()},
        },
        "identity": [documents.name(policy) for policy in layers.identity],
        "boundary": documents.name(layers.boundary),
        "session": documents.name(layers.session),
        "resource": documents.name(layers.resource),
        "endpoint": documents.name(layers.endpoint),
    }


def _principal(caller: Caller) -> str | None:
    """A session's ARN, or the ARN of who asks, a service's name; None for nobody."""
    return None if caller.kind == "anonymous" else caller.session_arn or caller.arn


class _Documents:
    """Policies as IAM's JSON, each once."""

    def __init__(self) -> None:
        self._names: dict[Policy, str] = {}
        self.named: dict[str, dict[str, Any]] = {}

    def name(self, policy: Policy | None) -> str | None:
        """What a policy is called; None where there is none."""
        if policy is None:
            return None
        if policy not in self._names:
            self._names[policy] = f"{len(self._names)} {policy.origin}"
            self.named[self._names[policy]] = document(policy.statements)
        return self._names[policy]


def document(statements: Iterable[Statement]) -> dict[str, Any]:
    """Statements as a document of IAM's grammar."""
    return {"Version": "2012-10-17", "Statement": [_statement(statement) for statement in statements]}


def _statement(statement: Statement) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": statement.effect}
    lists = {
        "Action": statement.actions,
        "NotAction": statement.not_actions,
        "Resource": statement.resources,
        "NotResource": statement.not_resources,
    }
    found |= {element: list(texts) for element, texts in lists.items() if texts}
    if statement.sid:
        found["Sid"] = statement.sid
    for element, principals in (("Principal", statement.principals), ("NotPrincipal", statement.not_principals)):
        if principals:
            found[element] = _principals(principals)
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in statement.conditions:
        conditions.setdefault(condition.operator, {})[condition.key] = list(condition.values)
    return found | ({"Condition": conditions} if conditions else {})


def _principals(principals: Iterable[tuple[str, str]]) -> str | dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for kind, identifier in principals:
        if kind == "*":
            return "*"
        found.setdefault(kind, []).append(identifier)
    return found
