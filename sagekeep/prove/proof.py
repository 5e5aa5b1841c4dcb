"""The whole proof of an environment: reachability, exfiltration, minimality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sagekeep.prove import rows
from sagekeep.prove.estate import Estate
from sagekeep.prove.exfiltration import Denied, attempt
from sagekeep.prove.minimality import Idle, idle
from sagekeep.prove.people import with_people
from sagekeep.prove.reachability import Reached, reach


class Unproved(NamedTuple):
    """A row of which the owners of what is brought decide.

    Attributes:
        keys: of the settings that bring it.
        why: what is known.
    """

    id: str
    keys: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Proof:
    """Results of all rows; `notes` say what could not be looked at."""

    reached: tuple[Reached, ...]
    denied: tuple[Denied, ...]
    idle: tuple[Idle, ...]
    notes: tuple[str, ...] = ()

    def findings(self) -> Iterator[str]:
        """What is wrong, a line each."""
        for call in self.reached:
            if not call.ok:
                yield f"{call.row.id}: {call.blocked}" + (f" ({call.at})" if call.at else "")
        for attempted in self.denied:
            if not attempted.ok:
                yield f"{attempted.row.id}: {attempted.fault}"
        for item in self.idle:
            if not item.ok:
                yield f"{item.of}: {item.what}"

    def unproved(self) -> Iterator[Unproved]:
        """What is not proved because it is brought."""
        for call in self.reached:
            if call.brought:
                here = "its owner decides whether the call gets through"
                yield Unproved(call.row.id, call.brought, here if call.situations else "nobody makes the call here")
        for attempted in self.denied:
            if attempted.brought and attempted.ok:
                yield Unproved(attempted.row.id, attempted.brought, "its owner decides whether something stops it")
        for item in self.idle:
            if item.ok:
                yield Unproved(item.of, item.brought, "what needs it goes through what is brought")

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "calls": [call.document() for call in self.reached],
            "attempts": [attempted.document() for attempted in self.denied],
            "idle": [{"of": item.of, "what": item.what} for item in self.idle if not item.ok],
            "brought": [{"of": row.id, "by": list(row.keys), "why": row.why} for row in self.unproved()],
            "notes": list(self.notes),
            "findings": list(self.findings()),
        }


def prove(estate: Estate) -> Proof:
    """Every row against an estate. Raises UsageError for a faulty row."""
    reached = tuple(reach(with_people(rows.calls(), estate.settings), estate))
    denied = tuple(attempt(with_people(rows.attempts(), estate.settings), estate))
    kept = [row for row in rows.kept() if not rows.applies(row, estate.settings)]
    return Proof(reached, denied, tuple(idle(estate, reached, denied, kept)), tuple(estate.notes()))
