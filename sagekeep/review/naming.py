"""Resources as a person calls them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.review.differences import at, shown
from sagekeep.review.masking import CHANGED, MASK
from sagekeep.review.model import Change

_DATA = Path(__file__).parent / "data"


@cache
def table(name: str) -> dict[str, Any]:
    """One of the tables beside the code, such as "kinds"."""
    return tomllib.loads((_DATA / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def rows() -> tuple[Mapping[str, Any], ...]:
    """The rules that look at one resource, of all files in data/rules."""
    files = sorted(file.stem for file in (_DATA / "rules").glob("*.toml"))
    return tuple(row for name in files for row in table(f"rules/{name}")["rule"])


def matches(type_: str, patterns: list[str] | tuple[str, ...]) -> bool:
    """Whether a type is among those that a table lists."""
    return any(type_ == p or (p.endswith("*") and type_.startswith(p[:-1])) or _middle(type_, p) for p in patterns)


def _middle(type_: str, pattern: str) -> bool:
    start, star, end = pattern.partition("*")
    return bool(star and end) and type_.startswith(start) and type_.endswith(end)


def kind_of(change: Change) -> str:
    """`aws_s3_bucket` is "bucket"."""
    known: str | None = table("words")["types"].get(change.type)
    return known or change.type.partition("_")[2].replace("_", " ")


def name_of(change: Change) -> str:
    """The name that AWS knows it by where the plan tells, else Terraform's."""
    names = table("words")["names"]
    for side in (change.before, change.after):
        for attribute in names["of"].get(change.type, names["attributes"]):
            value = at(side, attribute)
            if isinstance(value, str) and value and value not in (MASK, CHANGED):
                return shown(value)
    return change.name


def what(change: Change) -> str:
    """`the bucket acme-ml-data`."""
    return f"the {kind_of(change)} {name_of(change)}"


def because(change: Change) -> str:
    """What forces a replacement."""
    if change.replace_paths:
        listed = list(dict.fromkeys(path.partition(".")[0] for path in change.replace_paths))
        return f"{' and '.join(listed)} change{'s' if len(listed) == 1 else ''}"
    return _REASONS.get(change.reason, "the provider asks for it")


_REASONS = {
    "replace_because_tainted": "its last apply failed",
    "replace_by_request": "somebody asked for it (-replace)",
    "replace_by_triggers": "what it watches (replace_triggered_by) changes",
    "replace_because_cannot_update": "it cannot be changed in place",
}
