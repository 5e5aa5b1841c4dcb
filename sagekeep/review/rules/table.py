"""Interprets data/rules/."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sagekeep.review.context import Context, finding, known
from sagekeep.review.differences import at, shown
from sagekeep.review.masking import UNKNOWN
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import because, matches, name_of, rows, what

_ABSENT: tuple[Any, ...] = (None, "", [], {})
# What a part of something means no longer when the whole goes.
_PARTS = ("bucket-versioning-gone", "public-access-block-gone", "bucket-encryption-weaker", "bucket-unversioned")


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings of the table's rules."""
    for row in _rows(change.type, change.action):
        if all(holds(condition, change) for condition in row.get("when", ())):
            if row["id"] in _PARTS and context.owner_going(change):
                continue
            yield told(row, row["id"], change)
        elif change.action == "update" and (path := _unknown(row, change)):
            yield finding(
                "matters-after-apply",
                Risk(row["risk"]),
                change,
                f"{what(change)}: what {path} becomes is known after the apply only",
                reason=f"it decides whether this is {row['risk']}; now it is {shown(at(change.before, path))}",
                remedy="apply what it waits for first, then plan and review again",
                severity=Severity.MEDIUM,
            )


def _unknown(row: Mapping[str, Any], change: Change) -> str:
    """The field that keeps a row from being judged; "" where there is none."""
    paths = [p for condition in row.get("when", ()) if "was" not in condition for p in condition["path"].split("|")]
    waiting = (p for p in paths if known(change, p) == UNKNOWN and at(change.before, p) not in _ABSENT)
    return next(waiting, "")


@cache
def _rows(type_: str, action: str) -> tuple[Mapping[str, Any], ...]:
    """Rows that may hold for a type and an action."""
    return tuple(row for row in rows() if action in row["actions"] and matches(type_, row["types"]))


def told(row: Mapping[str, Any], rule: str, change: Change) -> Finding:
    """The finding that a row describes."""
    words = _Words(change)
    severity = Severity(row["severity"]) if row.get("severity") else None
    return finding(
        rule,
        Risk(row["risk"]),
        change,
        row["says"].format_map(words),
        reason=row.get("reason", "").format_map(words),
        remedy=row.get("remedy", "").format_map(words),
        severity=severity,
    )


class _Words(dict[str, Any]):
    """What the texts of the table may hold."""

    def __init__(self, change: Change) -> None:
        paths = " and ".join(dict.fromkeys(p.partition(".")[0] for p in change.replace_paths))
        super().__init__(
            what=what(change),
            name=name_of(change),
            because=because(change),
            because_of=f" because {because(change)}" if change.action == "replace" else "",
            because_path=paths or "it",
            before=_Side(change, after=False),
            after=_Side(change, after=True),
            emptied=", with all objects in it" if change.before.get("force_destroy") else "",
        )


class _Side:
    """`{before[path]}` in a text."""

    def __init__(self, change: Change, *, after: bool) -> None:
        self._change = change
        self._after = after

    def __getitem__(self, path: str) -> str:
        value = known(self._change, path) if self._after else at(self._change.before, path)
        return "" if value in _ABSENT else shown(value)


def holds(condition: Mapping[str, Any], change: Change) -> bool:
    """Whether a condition of the table holds; a `|` in a path or a value separates several, of which one must."""
    paths = condition["path"].split("|")
    return any(_holds(condition, at(change.before, path), known(change, path), change) for path in paths)


def _holds(condition: Mapping[str, Any], old: Any, new: Any, change: Change) -> bool:
    if "was" in condition or "mentions" in condition:
        return bool(old == condition["was"]) if "was" in condition else _mentions(old, new, condition["mentions"])
    if "to" in condition:
        return _is(new, condition["to"]) and (change.action == "create" or old != new)
    if "from" in condition:
        return bool(old == condition["from"] and new not in (old, UNKNOWN))
    if condition.get("gone"):
        return old not in _ABSENT and new in _ABSENT
    if condition.get("changed"):
        return old not in _ABSENT and bool(old != new)
    return _less(old, new, condition) if condition.get("less") else _less(new, old, condition)


def _mentions(old: Any, new: Any, wanted: str) -> bool:
    """Whether the second holds one of the texts, and the first does not."""
    before, after = json.dumps(old), json.dumps(new)
    return any(text in after and text not in before for text in wanted.split("|"))


def _is(value: Any, wanted: Any) -> bool:
    return value in wanted.split("|") if isinstance(wanted, str) else bool(value == wanted)


def _less(old: Any, new: Any, condition: Mapping[str, Any]) -> bool:
    """Whether the second is less than the first."""
    absent = condition.get("none")
    first, second = (absent if absent is not None and not side else side for side in (old, new))
    numbers = all(isinstance(side, int | float) and not isinstance(side, bool) for side in (first, second))
    return numbers and second < first
