"""Minimality: an endpoint, a statement or an action of it that no listed call needs; a Deny that stops no attempt.

Where two statements of a policy allow the same call, the call needs the narrower: the wider one is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sagekeep.iam import patterns
from sagekeep.iam.document import Statement
from sagekeep.iam.evaluate import Grant
from sagekeep.prove.estate import Estate
from sagekeep.prove.exfiltration import Denied
from sagekeep.prove.reachability import Reached
from sagekeep.prove.rows import Kept
from sagekeep.prove.situation import Situation
from sagekeep.prove.twins import freed, remove

_SINGLE = ("boundary", "session", "resource", "endpoint")
Key = tuple[str, str]  # origin and Sid of a statement


@dataclass(frozen=True)
class Idle:
    """Something that nobody needs.

    Attributes:
        of: `<address>#<Sid>`, or an endpoint's address.
        actions: the actions that nobody needs, of a statement that is needed otherwise.
        brought: keys of what is brought where ours would do the same.
    """

    of: str
    what: str
    actions: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True where calls or attempts that need it go through what is brought."""
        return bool(self.brought)


def idle(estate: Estate, reached: Sequence[Reached], denied: Sequence[Denied], kept: Sequence[Kept]) -> list[Idle]:
    """What no row needs, less what is kept for a written reason; and reasons for what is needed or is not there."""
    found = [*_endpoints(estate, reached), *_statements(estate, needs(reached)), *_denies(estate, denied)]
    reasons = [row for row in kept if not _of_others(estate, row)]
    left = [*_without_reason(found, kept), *_stale(found, reasons)]
    return [replace(item, brought=tuple(estate.instead(item.of.partition("#")[0]))) for item in left]


def _of_others(estate: Estate, row: Kept) -> bool:
    """Whether a reason is about a policy that the owner of what is brought has in the place of ours."""
    origin = row.of.partition("#")[0]
    return bool(estate.instead(origin)) and all(policy.origin != origin for policy in estate.policies())


def _without_reason(found: Iterable[Idle], kept: Sequence[Kept]) -> Iterator[Idle]:
    for item in found:
        reasons = [row for row in kept if row.of == item.of]
        if any(not row.actions for row in reasons):
            continue
        spare = tuple(action for action in item.actions if not any(action in row.actions for row in reasons))
        if not item.actions:
            yield item
        elif spare:
            yield Idle(item.of, _spare(spare), spare)


def _stale(found: Sequence[Idle], kept: Iterable[Kept]) -> Iterator[Idle]:
    """A reason to keep what is needed after all, or is gone."""
    for row in kept:
        same = [item for item in found if item.of == row.of]
        if not any(set(row.actions) <= set(item.actions) for item in same):
            yield Idle(row.of, "kept.toml keeps it, but it is needed, or not there")


def _endpoints(estate: Estate, reached: Iterable[Reached]) -> Iterator[Idle]:
    """One that the settings ask for is for calls that no row of ours knows."""
    used = {address for result in reached for address in result.endpoints}
    network = estate.settings.get("network")
    asked_for = network.get("extra_endpoints", ()) if isinstance(network, Mapping) else ()
    for endpoint in estate.endpoints:
        theirs = endpoint.brought is not None
        if endpoint.address not in used and endpoint.service not in asked_for and not theirs:
            yield Idle(endpoint.address, "no listed call goes through this endpoint")


def needs(reached: Iterable[Reached]) -> Mapping[Key, set[str]]:
    """The actions for which some call needs a statement. One that is stopped elsewhere on its way needs it still."""
    found: dict[Key, set[str]] = {}
    for result in reached:
        for situation in result.situations:
            for key in _needed(freed(situation) if result.blocked else situation):
                found.setdefault(key, set()).add(situation.request.action)
    return found


def _needed(situation: Situation) -> Iterator[Key]:
    """In each layer the narrowest of the statements that allow the call: the wider one is what nobody needs."""
    verdict = situation.verdict
    for layer in dict.fromkeys(grant.layer for grant in verdict.allowed_by):
        found = list(_grants(situation, layer))
        if found:
            origin, narrowest = max(found, key=lambda pair: _narrowness(pair[1], situation))
            yield origin, narrowest.sid


def _grants(situation: Situation, layer: str) -> Iterator[tuple[str, Statement]]:
    """Every statement of a layer that allows the call: the one that does, then the one that does without it, ..."""
    while (verdict := situation.verdict).allowed:
        grant = next((g for g in verdict.allowed_by if g.layer == layer), None)
        statement = _statement(situation, grant) if grant else None
        if grant is None or statement is None:
            return
        yield grant.origin, statement
        situation = replace(situation, layers=remove(situation.layers, grant.origin, grant.sid, "Allow"))


def _statement(situation: Situation, grant: Grant) -> Statement | None:
    policies = (*situation.layers.identity, *(getattr(situation.layers, name) for name in _SINGLE))
    statements = (s for policy in policies if policy and policy.origin == grant.origin for s in policy.statements)
    return next((s for s in statements if (s.sid, s.effect) == (grant.sid, "Allow")), None)


def _narrowness(statement: Statement, situation: Situation) -> tuple[int, int, int]:
    """By the longest action and resource that match, wildcards not counted, then by the number of conditions."""
    actions = [len(p.strip("*?")) for p in statement.actions if patterns.action(situation.request.action, p)]
    resources = [len(p.replace("*", "")) for p in statement.resources]
    return max(actions, default=0), max(resources, default=0), len(statement.conditions)


def _statements(estate: Estate, needed: Mapping[Key, set[str]]) -> Iterator[Idle]:
    for policy in estate.policies():
        for statement in policy.statements:
            if statement.effect == "Allow":
                key = (policy.origin, statement.sid)
                yield from _allow("#".join(key), statement, needed.get(key))


def _allow(of: str, statement: Statement, actions: set[str] | None) -> Iterator[Idle]:
    if actions is None:
        yield Idle(of, "no listed call needs this statement")
        return
    spare = tuple(p for p in statement.actions if not any(patterns.action(action, p) for action in actions))
    if spare:
        yield Idle(of, _spare(spare), spare)


def _spare(actions: Sequence[str]) -> str:
    return f"no listed call needs {', '.join(actions)}"


def _denies(estate: Estate, denied: Iterable[Denied]) -> Iterator[Idle]:
    met = {(barrier.origin, barrier.sid) for result in denied for barrier in result.barriers}
    for policy in estate.policies():
        for statement in policy.statements:
            if statement.effect == "Deny" and (policy.origin, statement.sid) not in met:
                yield Idle(f"{policy.origin}#{statement.sid}", "this Deny stops no listed attempt")
