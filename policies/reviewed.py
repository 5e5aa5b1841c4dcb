"""A denial of everything that nobody has reviewed, for people's roles: what AWS adds is denied until a row names it.

The review is a table, `policies/reviewed.toml`. The denial's NotAction names what is let through: services beside
SageMaker whole, and of SageMaker each action. It is a policy of its own, as the other guardrails fill one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from policies.statement import Statement, deny_all_but

Verdict = Literal["allowed", "guarded", "denied"]
FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class Reviewed:
    """What one row says of an action such as `sagemaker:CreateApp`; of a service, `glue:*`.

    Attributes:
        by: Sids of the denials that say how a guarded action may be asked for.
    """

    action: str
    verdict: Verdict
    why: str
    by: tuple[str, ...] = ()


@cache
def reviewed() -> tuple[Reviewed, ...]:
    """The rows, one an action."""
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    services = _rows(document["service"], "{}:*")
    return (*services, *_rows(document["action"], "sagemaker:{}"))


def _rows(rows: list[Mapping[str, Any]], form: str) -> Iterator[Reviewed]:
    for row in rows:
        for name in row["names"]:
            yield Reviewed(form.format(name), row["verdict"], row["why"], tuple(row.get("by", ())))


def only_what_is_reviewed() -> list[Statement]:
    """Deny every action that the table does not let through, of any service."""
    return [
        deny_all_but(
            "DenyWhatNobodyReviewed",
            sorted(row.action for row in reviewed() if row.verdict != "denied"),
            on=["*"],
            why="closed to what AWS adds: the actions that people may ask for are listed, each with its reason",
        )
    ]
