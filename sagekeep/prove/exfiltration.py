"""Exfiltration: every attempt is denied, by which statements, and how many of them one would have to lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sagekeep.prove.estate import Estate
from sagekeep.prove.rows import Row, applies
from sagekeep.prove.situation import Barrier, situations
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
    """

    row: Row
    skipped: str = ""
    barriers: tuple[Barrier, ...] = ()
    depth: int = 0
    fault: str = ""
    expected: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """True where it is denied as expected, or does not apply."""
        return not self.fault

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        status = "skipped" if self.skipped else "denied" if self.depth else "succeeds"
        told = {"id": self.row.id, "does": self.row.does, "who": self.row.who, "from": self.row.place}
        barriers = [barrier.text for barrier in self.barriers]
        return {**told, "status": status, "depth": self.depth, "barriers": barriers, "fault": self.fault}


def attempt(rows: Iterable[Row], estate: Estate) -> Iterator[Denied]:
    """Each attempt in turn. Raises UsageError for a faulty `when`."""
    for row in rows:
        condition = applies(row, estate.settings)
        yield Denied(row, skipped=condition) if condition else _attempt(row, estate)


def _attempt(row: Row, estate: Estate) -> Denied:
    found: dict[str, Barrier] = {}
    depths, succeeding = [], ""
    try:
        made = tuple(situations(row, estate))
        known = {**estate.words, "caller": made[0].names["identity"], "resource": made[0].names["resource"]}
        expected = tuple(text for form in row.stopped_by for text in fill(form, known))
        for situation in made:
            peeled = peel(situation)
            found |= {barrier.text: barrier for barrier in peeled}
            depths.append(len(peeled))
            if not peeled:
                allowed = ", ".join(f"{origin}#{sid}" for _, origin, sid in situation.verdict.allowed_by)
                succeeding = f"{situation.request.action} on {situation.request.resource} succeeds, by {allowed}"
    except UnknownWord as word:
        return Denied(row, fault=f"nothing here is called {word}")
    except NeverSucceeds as error:
        return Denied(row, fault=f"the row is wrong: {error}")
    barriers = tuple(found.values())
    if succeeding:
        return Denied(row, "", barriers, 0, succeeding, expected)
    gone = [text for text in expected if text not in found]
    fault = f"no longer stopped by {'; '.join(gone)}" if gone else ""
    return Denied(row, "", barriers, min(depths), fault, expected)
