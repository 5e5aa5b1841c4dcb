"""Reachability: every call that the workload makes gets through, or the first thing that stops it is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep.prove.estate import Estate
from sagekeep.prove.rows import Row, applies
from sagekeep.prove.situation import CHAIN, Barrier, Situation, situations
from sagekeep.prove.twins import peel
from sagekeep.prove.words import UnknownWord


@dataclass(frozen=True)
class Reached:
    """What became of a call.

    Attributes:
        skipped: the condition of its `when` that does not hold here, "" where it applies.
        blocked: what stops it, "" where it gets through; `at` is the action and the resource that it stops.
        endpoints: addresses of the endpoints that carry it.
        brought: keys of what is brought, whose owner decides whether it gets through.
    """

    row: Row
    skipped: str = ""
    blocked: str = ""
    at: str = ""
    endpoints: tuple[str, ...] = ()
    situations: tuple[Situation, ...] = ()
    brought: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True for a call that gets through, that nobody makes in this environment, or that is not ours to prove."""
        return not self.blocked or bool(self.brought)

    @property
    def statements(self) -> list[tuple[str, str]]:
        """Origin and Sid of the statements that allow it, each once."""
        if self.blocked:
            return []
        grants = (grant for situation in self.situations for grant in situation.verdict.allowed_by)
        return list(dict.fromkeys((grant.origin, grant.sid) for grant in grants))

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        status = "skipped" if self.skipped else "brought" if self.brought else "blocked" if self.blocked else "reached"
        told = {"id": self.row.id, "does": self.row.does, "who": self.row.who, "from": self.row.place}
        by = [f"{origin}#{sid}" for origin, sid in self.statements]
        return {
            **told,
            "status": status,
            "blocked": "" if self.brought else self.blocked,
            "at": self.at,
            "brought": list(self.brought),
            "endpoints": list(self.endpoints),
            "allowed_by": by,
        }


def reach(rows: Iterable[Row], estate: Estate) -> Iterator[Reached]:
    """Each call in turn. Raises UsageError for a faulty `when`."""
    for row in rows:
        condition = applies(row, estate.settings)
        yield Reached(row, skipped=condition) if condition else _reach(row, estate)


def _reach(row: Row, estate: Estate) -> Reached:
    try:
        found = tuple(situations(row, estate))
    except UnknownWord as word:
        theirs = estate.elsewhere.get(str(word))
        return Reached(row, blocked=f"nothing here is called {word}", brought=(theirs,) if theirs else ())
    endpoints = {s.way.endpoint.address for s in found if s.way and s.way.endpoint}
    undecided: dict[str, tuple[str, str]] = {}  # key of what is brought -> what is in the way, and at what
    for situation in found:
        barriers = in_order(situation)
        at = f"{situation.request.action} on {situation.request.resource}" if barriers else ""
        theirs = undecided_by(situation, barriers)
        if barriers and not theirs:
            stop = next(barrier for barrier in barriers if not situation.unasked(barrier))
            return Reached(row, "", stop.text, at, tuple(sorted(endpoints)), found)
        if theirs:
            undecided.setdefault(theirs, (barriers[0].text if barriers else "", at))
    blocked, at = next((pair for pair in undecided.values() if pair[0]), ("", ""))
    return Reached(row, "", blocked, at, tuple(sorted(endpoints)), found, tuple(undecided))


def in_order(situation: Situation) -> list[Barrier]:
    """All that stops a call, in the order in which it meets it."""
    return sorted(peel(situation), key=lambda barrier: CHAIN.index(barrier.layer))


def undecided_by(situation: Situation, barriers: Sequence[Barrier]) -> str:
    """The key of what is brought whose owner alone decides about a call, "" where something of ours stops it."""
    asked: Sequence[Barrier | None] = barriers or [None]
    keys = [situation.unasked(barrier) for barrier in asked]
    return keys[0] if all(keys) else ""
