"""Where somebody else's policy and what we need part: what it lacks, and what of it is in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from sagekeep.estate.check import pasted
from sagekeep.estate.fault import Fault
from sagekeep.estate.needs import Call, Statement
from sagekeep.estate.requests import Asked, caller_of, requests_of
from sagekeep.iam import document as iam
from sagekeep.iam.document import Policy, parse
from sagekeep.iam.evaluate import Layers, decide
from sagekeep.iam.request import Request

_VERSION = "2012-10-17"
_ELEMENTS = ("Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition")
_ALL = {"Sid": "Granted", "Effect": "Allow", "Action": "*", "Resource": "*"}
GRANTED = parse({"Version": _VERSION, "Statement": [_ALL]}, "(granted)")
# Nobody can tell a caller's organization and tags from settings: a Deny about them may let our calls through.
_UNTOLD = ("aws:principalorg", "aws:principaltag/", "aws:resourceorg", "aws:sourceorg", "aws:resourcetag/")


@dataclass
class Gaps:
    """What parts them.

    Attributes:
        lacking: statements of ours that no statement of theirs amounts to.
        stopped: requests that a Deny of theirs stops, by its Sid or number.
    """

    lacking: list[Statement] = field(default_factory=list)
    stopped: dict[str, list[Request]] = field(default_factory=dict)

    def faults(self, key: str, whose: str, ours: Sequence[Statement] = ()) -> Iterator[Fault]:
        """As faults of the thing that a key names; `whose`: "the policy of bucket acme-data".

        A statement that is in the way and has the Sid of one of `ours` is an older version of it.
        """
        known = {statement["Sid"]: statement for statement in ours}
        if self.lacking:
            number = len(self.lacking)
            text = f"{whose} lacks {number} statement{'s' * (number > 1)}; add {'them' if number > 1 else 'it'}:"
            ordered = [_ordered(statement) for statement in self.lacking]
            yield Fault(key, text, pasted(ordered if number > 1 else ordered[0]))
        for sid, requests in self.stopped.items():
            if sid in known:
                text = f"{whose} has another statement {sid} than it must have; replace it:"
                yield Fault(key, text, pasted(_ordered(known[sid])))
                continue
            callers = sorted({request.caller.arn for request in requests})
            actions = sorted({request.action for request in requests})
            text = (
                f"{whose} stops {', '.join(actions)} by its statement {sid}; except these from it, by a condition "
                "beside those that it has:"
            )
            yield Fault(key, text, pasted(_exemption(requests[0], callers)))


def _ordered(statement: Statement) -> Statement:
    """The elements in the order in which people write them."""
    return {element: statement[element] for element in _ELEMENTS if element in statement}


def _exemption(request: Request, callers: Sequence[str]) -> dict[str, Any]:
    if request.caller.kind == "service":
        return {"StringNotEqualsIfExists": {"aws:PrincipalServiceName": list(callers)}}
    return {"ArnNotLikeIfExists": {"aws:PrincipalArn": list(callers)}}


def compare(statements: Sequence[Statement], layers: Layers, asked: Asked) -> Gaps:
    """The gaps between statements that are needed and the policies that there are.

    What one of the statements allows and another denies is not needed.
    """
    gaps = Gaps()
    if not statements:
        return gaps
    needed = parse({"Version": _VERSION, "Statement": list(statements)}, "(needed)")
    of_resource = any(statement.principals for statement in needed.statements)
    ours = Layers(identity=(GRANTED,), resource=needed) if of_resource else Layers(identity=(needed,))
    lenient = _without_untold(layers)
    for statement, wanted in zip(statements, needed.statements, strict=True):
        for request in requests_of(wanted, asked):
            if wanted.effect == "Deny":
                others = {_said(other) for other in needed.statements if other is not wanted}
                kept = not decide(request, _without(layers, others)).allowed
            else:
                verdict = decide(request, lenient)
                kept = verdict.allowed or verdict.explicit or decide(request, ours).explicit
                if verdict.explicit and not decide(request, ours).explicit:
                    gaps.stopped.setdefault(verdict.sid or "(without a Sid)", []).append(request)
            if not kept:
                gaps.lacking.append(statement)
                break
    return gaps


def stops(calls: Iterable[Call], layers: Layers, account: str, contexts: Mapping[str, Mapping[str, Any]]) -> Gaps:
    """The calls that a policy stops; `contexts`: condition keys by the place of a call."""
    gaps = Gaps()
    lenient = _without_untold(layers)
    for call in calls:
        wanted = parse({"Version": _VERSION, "Statement": [call.statement]}, "(needed)").statements[0]
        asked = Asked(account, caller=caller_of(call.caller, account), context=contexts[call.place])
        for request in requests_of(wanted, asked):
            verdict = decide(request, lenient)
            if verdict.explicit:
                gaps.stopped.setdefault(verdict.sid or "(without a Sid)", []).append(request)
    return gaps


def _said(statement: iam.Statement) -> tuple[frozenset[Any], ...]:
    """What a denial says, whatever its Sid and the order of its lists."""
    lists = ("actions", "not_actions", "resources", "not_resources", "principals", "conditions")
    return tuple(frozenset(getattr(statement, name)) for name in lists)


def _without(layers: Layers, others: Set[tuple[frozenset[Any], ...]]) -> Layers:
    """Less their copies of our other denials: each must be there for its own sake.

    A request is made up from one statement's conditions alone, and so some other denial meets it as well.
    """
    return _edited(layers, lambda statement: statement.effect == "Deny" and _said(statement) in others)


def _without_untold(layers: Layers) -> Layers:
    return _edited(
        layers,
        lambda statement: (
            statement.effect == "Deny" and any(c.key.lower().startswith(_UNTOLD) for c in statement.conditions)
        ),
    )


def _edited(layers: Layers, gone: Callable[[iam.Statement], bool]) -> Layers:
    def edit(policy: Policy | None) -> Policy | None:
        return policy and replace(policy, statements=tuple(s for s in policy.statements if not gone(s)))

    return replace(
        layers,
        identity=tuple(found for policy in layers.identity if (found := edit(policy))),
        boundary=edit(layers.boundary),
        resource=edit(layers.resource),
    )
