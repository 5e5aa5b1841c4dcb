"""The exception register, environments/exceptions.toml: what is accepted on one resource, why, and until when."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field, ValidationError

from sagekeep.errors import UsageError
from sagekeep.scan.findings import Finding, Source

_NO_REASON = "WHY"  # what a printed entry has; a reader writes the reason in its place
_REVIEW_DAYS = 365


class Entry(BaseModel, frozen=True, extra="forbid"):
    """An exception.

    Attributes:
        id: the scanner's name for the fault.
        address: one resource, `stack: type.name`.
        statement: Sid, where the finding has one.
        environments: where it applies; everywhere by default.
        scan: `plan` where only scans of plans find it.
        review: from this day on each scan reminds of it.
    """

    id: str
    address: Annotated[str, Field(pattern=r"^[\w-]+: (data\.)?\w+\.[\w-]+$")]
    statement: str = ""
    environments: tuple[str, ...] = ()
    scan: Source = "json"
    reason: Annotated[str, Field(min_length=10)]
    review: date

    @property
    def key(self) -> tuple[str, str, str]:
        """The findings it covers."""
        return self.id, self.address, self.statement

    def line(self) -> str:
        """For a reader."""
        return f"{self.id}  {self.address}" + (f" statement {self.statement}" if self.statement else "")


@dataclass(frozen=True)
class Verdict:
    """Findings beside the register.

    Attributes:
        accepted: findings that the register lists.
        unlisted: findings that it does not.
        stale: entries whose finding no longer occurs.
        overdue: entries whose review date has come. They only warn: what passes today must pass tomorrow unchanged.
    """

    accepted: tuple[Finding, ...]
    unlisted: tuple[Finding, ...]
    stale: tuple[Entry, ...]
    overdue: tuple[Entry, ...]

    @property
    def clean(self) -> bool:
        """True where every finding is listed and every entry still needed."""
        return not self.unlisted and not self.stale


def load(file: Path) -> tuple[Entry, ...]:
    """The entries of a register; none where there is no file.

    Raises:
        UsageError: it is not TOML, an entry breaks a rule, or two entries are the same.
    """
    if not file.exists():
        return ()
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file.name}: {error}") from error
    if set(raw) - {"exception"} or not isinstance(raw.get("exception", []), list):
        raise UsageError(f"{file.name}: holds only [[exception]] entries")
    entries, faults = _entries(raw.get("exception", []))
    if faults:
        raise UsageError(f"{file.name}:\n" + "\n".join(faults))
    return entries


def _entries(tables: list[object]) -> tuple[tuple[Entry, ...], list[str]]:
    entries: list[Entry] = []
    faults: list[str] = []
    for number, table in enumerate(tables, start=1):
        try:
            entry = Entry.model_validate(table)
        except ValidationError as error:
            for fault in error.errors():
                where = ".".join(map(str, fault["loc"]))
                faults.append(f"  entry {number}: {where}: {fault['msg']} (got {fault['input']!r})")
            continue
        if any(other.key == entry.key and _meet(other, entry) for other in entries):
            faults.append(f"  entry {number}: is there twice: {entry.line()}")
        entries.append(entry)
    return tuple(entries), faults


def _meet(one: Entry, other: Entry) -> bool:
    return not one.environments or not other.environments or bool({*one.environments} & {*other.environments})


def judge(
    entries: Iterable[Entry],
    findings: Iterable[Finding],
    environment: str,
    *,
    today: date,
    planned: Iterable[str] = (),
) -> Verdict:
    """The findings of one environment beside the register.

    `planned`: stacks whose plans were scanned. An entry of `scan = "plan"` is stale only where its plan was scanned;
    any other entry is for the synthesized JSON, and covers the same finding in a plan.
    """
    here = [entry for entry in entries if not entry.environments or environment in entry.environments]
    listed = {entry.key for entry in here}
    found = sorted(set(findings))
    occurring = {finding.key for finding in found}
    judged = [entry for entry in here if entry.scan == "json" or entry.address.split(":")[0] in set(planned)]
    return Verdict(
        accepted=tuple(finding for finding in found if finding.key in listed),
        unlisted=tuple(finding for finding in found if finding.key not in listed),
        stale=tuple(entry for entry in judged if entry.key not in occurring),
        overdue=tuple(entry for entry in here if entry.review <= today),
    )


def as_entry(finding: Finding, *, today: date) -> str:
    """The finding as an entry to paste into the register; only its reason is missing, and it is refused without."""
    rows = [
        "[[exception]]",
        f'id = "{finding.id}"',
        f'address = "{finding.place}"',
        *([f'statement = "{finding.statement}"'] if finding.statement else []),
        *(['scan = "plan"'] if finding.source == "plan" else []),
        f'reason = "{_NO_REASON}"',
        f"review = {today + timedelta(days=_REVIEW_DAYS)}",
    ]
    return "\n".join(rows)
