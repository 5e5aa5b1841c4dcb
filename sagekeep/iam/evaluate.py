"""IAM's decision over all policies that a request meets.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from sagekeep.iam import conditions, patterns
from sagekeep.iam.conditions import Facts
from sagekeep.iam.document import Effect, Policy, Statement
from sagekeep.iam.principals import Naming, naming
from sagekeep.iam.request import Request, facts_of

Layer = Literal["identity", "boundary", "session", "resource", "endpoint"]

# Key policies and trust policies must allow even their own account's users and roles.
_MUST_ALLOW = ("kms:", "sts:assumerole", "sts:tagsession", "sts:setsourceidentity")


@dataclass(frozen=True)
class Layers:
    """The policies on a request's way; None where there is none of that kind.

    `resource` is the policy of the bucket, key, topic or queue, or the trust policy of the role to be assumed;
    `endpoint` that of the VPC endpoint which the request goes through.
    """

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: Policy | None = None
    resource: Policy | None = None
    endpoint: Policy | None = None

    def of(self, layer: Layer) -> tuple[Policy, ...]:
        """The policies of one layer."""
        found: tuple[Policy, ...] | Policy | None = getattr(self, layer)
        if isinstance(found, Policy):
            return (found,)
        return found or ()


class Grant(NamedTuple):
    """A statement that allowed; an account's root is allowed without one."""

    layer: Layer
    origin: str
    sid: str


@dataclass(frozen=True)
class Verdict:
    """What IAM says.

    Denied: `layer` is where a statement denied (`explicit`), which `origin` and `sid` name, or where none allowed. Of
    several reasons the first counts: denials before what is missing, and in the order identity, boundary, session,
    resource, endpoint. Allowed: `allowed_by` has every grant that was needed, and the others say its first.
    """

    allowed: bool
    layer: Layer
    explicit: bool
    origin: str = ""
    sid: str = ""
    allowed_by: tuple[Grant, ...] = ()


class _Missing(Exception):
    """No statement of a layer allows."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer


def decide(request: Request, layers: Layers) -> Verdict:
    """Whether the request is allowed; raises PolicyError where a condition has no defined answer."""
    asked = _Asked(request, layers)
    denied = asked.denied()
    if denied:
        return Verdict(allowed=False, layer=denied.layer, explicit=True, origin=denied.origin, sid=denied.sid)
    try:
        grants = (*asked.granted(), *asked.within("endpoint"))
    except _Missing as missing:
        policies = () if missing.layer == "identity" else layers.of(missing.layer)
        origin = policies[0].origin if policies else ""
        return Verdict(allowed=False, layer=missing.layer, explicit=False, origin=origin)
    first = grants[0]
    return Verdict(
        allowed=True, layer=first.layer, explicit=False, origin=first.origin, sid=first.sid, allowed_by=grants
    )


class _Asked:
    """One request before its policies; what grants raises _Missing."""

    def __init__(self, request: Request, layers: Layers) -> None:
        self._request = request
        self._layers = layers
        self._facts = facts_of(request)

    def denied(self) -> Grant | None:
        """The first statement that denies."""
        order: tuple[Layer, ...] = ("identity", "boundary", "session", "resource", "endpoint")
        found = (Grant(layer, *where) for layer in order for *where, _ in self._matching("Deny", layer))
        return next(found, None)

    def _matching(self, effect: Effect, layer: Layer) -> Iterator[tuple[str, str, Naming]]:
        """Origin and Sid of each statement of a layer that applies, and how it names the caller."""
        names = layer in ("resource", "endpoint")
        for policy in self._layers.of(layer):
            for statement in policy.statements:
                how = naming(statement, self._request.caller) if names else Naming.ITSELF
                if statement.effect == effect and how and covers(statement, self._request, self._facts):
                    yield policy.origin, statement.sid, how

    def granted(self) -> tuple[Grant, ...]:
        """The grants of the resource's and the caller's policies."""
        how, of_resource = self._by_resource()
        if self._request.caller.kind in ("service", "anonymous"):
            return of_resource or self._missing("resource")
        if self._request.same_account and how == Naming.ITSELF:
            return of_resource
        if self._request.same_account and how == Naming.ROLE:
            return (*of_resource, *self._limits())
        own = self._by_caller()
        if self._resource_must_allow() and not of_resource:
            self._missing("resource")
        return (*own, *of_resource)

    def _resource_must_allow(self) -> bool:
        if not self._request.same_account:
            return True
        return self._layers.resource is not None and self._request.action.lower().startswith(_MUST_ALLOW)

    def _by_resource(self) -> tuple[Naming, tuple[Grant, ...]]:
        """The statement of the resource's policy that allows and names the caller most closely."""
        found = list(self._matching("Allow", "resource"))
        if not found:
            return Naming.NOT, ()
        origin, sid, how = max(found, key=lambda one: one[2])
        return how, (Grant("resource", origin, sid),)

    def _by_caller(self) -> tuple[Grant, ...]:
        """Identity policies, within the boundary and the session policy; the root of an account needs none."""
        root = (Grant("identity", "the account's root", ""),)
        own = root if self._request.caller.kind == "root" else (self._grant("identity"),)
        return (*own, *self._limits())

    def _limits(self) -> tuple[Grant, ...]:
        return (*self.within("boundary"), *self.within("session"))

    def within(self, layer: Layer) -> tuple[Grant, ...]:
        """The grant of a policy that only limits; nothing where there is none."""
        return (self._grant(layer),) if self._layers.of(layer) else ()

    def _grant(self, layer: Layer) -> Grant:
        for origin, sid, _ in self._matching("Allow", layer):
            return Grant(layer, origin, sid)
        raise _Missing(layer)

    def _missing(self, layer: Layer) -> tuple[Grant, ...]:
        raise _Missing(layer)


def covers(statement: Statement, request: Request, facts: Facts | None = None) -> bool:
    """Whether action, resource and conditions are the statement's, whoever asks."""
    known = facts_of(request) if facts is None else facts

    def value_of(key: str) -> str | None:
        return conditions.value_of(known, key)

    def named(pattern: str) -> bool:
        return patterns.resource(request.resource, pattern, value_of)

    def acted(pattern: str) -> bool:
        return patterns.action(request.action, pattern)

    return (
        _selected(statement.actions, statement.not_actions, acted)
        and _selected(statement.resources, statement.not_resources, named)
        and all(conditions.holds(condition, known) for condition in statement.conditions)
    )


def _selected(wanted: tuple[str, ...], unwanted: tuple[str, ...], matches: Callable[[str], bool]) -> bool:
    """By the element or by its Not form; trust policies have neither Resource nor NotResource."""
    if wanted:
        return any(matches(pattern) for pattern in wanted)
    return not any(matches(pattern) for pattern in unwanted)
