"""Exfiltration: every attempt is denied, by which statements, and how many of them one would have to lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sagekeep.prove.estate import Estate
from sagekeep.prove.rows import Row, applies
from sagekeep.prove.situation import Barrier, Situation, situations
from sagekeep.prove.twins import NeverSucceeds, peel
from sagekeep.prove.words import UnknownWord, fill


@dataclass(frozen=True)
class Denied:
    """What became of an attempt.

    Attributes:
        skipped: the condition of its `when` that does not hold here.
        barriers: of all its requests, the first to be met first.
        expected: texts of those that the row names, its words filled in.
        depth: the fewest barriers that any of its requests meets; 0 where one succeeds.
        fault: what is wrong, "" where every request is denied by what its row expects.
        brought: keys of what is brought, where only their owners' policies could stop it.
    """

    row: Row
    skipped: str = ""
    barriers: tuple[Barrier, ...] = ()
    depth: int = 0
    fault: str = ""
    expected: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True where it is denied as expected, or does not apply."""
        return not self.fault

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        stopped = "brought" if self.brought else "denied" if self.depth else "succeeds"
        status = "skipped" if self.skipped else stopped
        told = {"id": self.row.id, "does": self.row.does, "who": self.row.who, "from": self.row.place}
        barriers = [barrier.text for barrier in self.barriers]
        whose = {"fault": self.fault, "brought": list(self.brought)}
        return {**told, "status": status, "depth": self.depth, "barriers": barriers, **whose}


def attempt(rows: Iterable[Row], estate: Estate) -> Iterator[Denied]:
    """Each attempt in turn. Raises UsageError for a faulty `when`."""
    for row in rows:
        condition = applies(row, estate.settings)
        yield Denied(row, skipped=condition) if condition else _attempt(row, estate)


def _attempt(row: Row, estate: Estate) -> Denied:
    try:
        made = tuple(situations(row, estate))
        known = {**estate.words, "caller": made[0].names["identity"], "resource": made[0].names["resource"]}
        expected = tuple(text for form in row.stopped_by for text in fill(form, known))
        met = [(situation, peel(situation)) for situation in made]
    except UnknownWord as word:
        theirs = estate.elsewhere.get(str(word))
        return Denied(row, brought=(theirs,)) if theirs else Denied(row, fault=f"nothing here is called {word}")
    except NeverSucceeds as error:
        return Denied(row, fault=f"the row is wrong: {error}")
    found = {barrier.text: barrier for _, barriers in met for barrier in barriers}
    gone = [text for text in expected if text not in found]
    denied = Denied(row, "", tuple(found.values()), min(len(barriers) for _, barriers in met), expected=expected)
    through = [situation for situation, barriers in met if not barriers]
    lost = [text for text in gone if not any(situation.excuses(text) for situation in made)]
    if (ours := next((s for s in through if not s.brought), None)) or (through and lost):
        return replace(denied, fault=_succeeds(ours or through[0]))
    if lost:
        return replace(denied, fault=f"no longer stopped by {'; '.join(lost)}")
    keys = dict.fromkeys(theirs.key for situation in through for theirs in situation.brought.values())
    return replace(denied, brought=tuple(keys))


def _succeeds(situation: Situation) -> str:
    allowed = ", ".join(f"{origin}#{sid}" for _, origin, sid in situation.verdict.allowed_by)
    return f"{situation.request.action} on {situation.request.resource} succeeds, by {allowed}"
