"""Reachability: every call that the workload makes gets through, or the first thing that stops it is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    """

    row: Row
    skipped: str = ""
    blocked: str = ""
    at: str = ""
    endpoints: tuple[str, ...] = ()
    situations: tuple[Situation, ...] = ()

    @property
    def ok(self) -> bool:
        """True for a call that gets through, or that nobody makes in this environment."""
        return not self.blocked

    @property
    def statements(self) -> list[tuple[str, str]]:
        """Origin and Sid of the statements that allow it, each once."""
        if self.blocked:
            return []
        grants = (grant for situation in self.situations for grant in situation.verdict.allowed_by)
        return list(dict.fromkeys((grant.origin, grant.sid) for grant in grants))

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        status = "skipped" if self.skipped else "blocked" if self.blocked else "reached"
        told = {"id": self.row.id, "does": self.row.does, "who": self.row.who, "from": self.row.place}
        by = [f"{origin}#{sid}" for origin, sid in self.statements]
        return {
            **told,
            "status": status,
            "blocked": self.blocked,
            "at": self.at,
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
        return Reached(row, blocked=f"nothing here is called {word}")
    endpoints = {s.way.endpoint.address for s in found if s.way and s.way.endpoint}
    for situation in found:
        if situation.barrier() is not None:
            at = f"{situation.request.action} on {situation.request.resource}"
            return Reached(row, "", first_barrier(situation).text, at, tuple(sorted(endpoints)), found)
    return Reached(row, "", "", "", tuple(sorted(endpoints)), found)


def first_barrier(situation: Situation) -> Barrier:
    """What the call meets first on its way; IAM's own order of reasons is another one."""
    barriers = peel(situation)
    return min(barriers, key=lambda barrier: CHAIN.index(barrier.layer))
