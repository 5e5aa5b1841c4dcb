"""Plans written by hand, for what no recorded plan shows: as little of the format as Terraform always prints."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sagekeep.review import reading
from sagekeep.review.model import Finding, Plan
from sagekeep.review.review import review

Json = dict[str, Any]


def change(
    kind: str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    *,
    name: str = "it",
    replace: bool = False,
    **more: Any,
) -> Json:
    """One entry of resource_changes; what happens follows from the two sides, unless it is a replacement."""
    actions = ["delete", "create"] if replace else _actions(before, after)
    details = {
        key: more.pop(key) for key in list(more) if key in ("after_unknown", "before_sensitive", "replace_paths")
    }
    details |= {
        "after_sensitive": more.pop("after_sensitive", {}),
        "before_sensitive": details.get("before_sensitive", {}),
    }
    return {
        "address": f"{kind}.{name}",
        "mode": "managed",
        "type": kind,
        "name": name,
        "change": {"actions": actions, "before": before, "after": after, "after_unknown": {}, **details},
        **more,
    }


def _actions(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[str]:
    if before is None:
        return ["create"]
    if after is None:
        return ["delete"]
    return ["no-op"] if before == after else ["update"]


def document(*changes: Json, **more: Any) -> Json:
    """A plan."""
    usual = {"format_version": "1.2", "terraform_version": "1.11.4"}
    return {**usual, "resource_changes": list(changes), **more}


def plan(*changes: Json, stack: str = "s", **more: Any) -> Plan:
    """A plan, read."""
    return reading.parse(json.dumps(document(*changes, **more)), Path(f"{stack}.json"))


def found(*changes: Json, **more: Any) -> Iterator[Finding]:
    """What is found in one plan."""
    yield from review([plan(*changes, **more)]).findings


def rules_of(*changes: Json, **more: Any) -> set[tuple[str, str]]:
    """Risk class and rule of each finding."""
    return {(finding.risk.value, finding.rule) for finding in found(*changes, **more)}
