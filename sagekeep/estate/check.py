"""Checks of what is brought: what it must have for the environment to work in it, asked of AWS, changing nothing.

A check reads and yields faults; `CHECKS` of `sagekeep.estate.checks` is the table. What it needs to know of the stacks
stands in model.json under `required`, where main.py wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sagekeep.estate.clients import Clients
from sagekeep.estate.fault import Fault, Missing
from sagekeep.settings import Settings

Run = Callable[[Clients, Settings], Iterable[Fault]]

__all__ = ["Check", "Fault", "Missing", "faults_of", "told"]


@dataclass(frozen=True)
class Check:
    """A check.

    Attributes:
        what: what it finds out, as a clause: "the VPC answers private names".
        run: read-only calls; a reference that leads nowhere raises Missing, which is a fault as well.
    """

    name: str
    what: str
    run: Run


def faults_of(checks: Iterable[Check], clients: Clients, settings: Settings) -> list[Fault]:
    """Every fault, each once, in the order of the checks.

    Raises:
        OperationError: AWS refuses a call or does not answer.
    """
    found: dict[Fault, None] = {}
    for check in checks:
        try:
            found |= dict.fromkeys(check.run(clients, settings))
        except Missing as missing:
            found[missing.fault] = None
    return list(found)


def told(faults: Iterable[Fault]) -> str:
    """Faults as a person reads them: the setting, what is wrong, and what to paste."""
    lines = []
    for fault in faults:
        lines.append(f"  {fault.key}: {fault.text}")
        lines += [f"      {line}" for line in fault.paste.splitlines()]
    return "\n".join(lines)


def pasted(document: Any) -> str:
    """A statement or the like as JSON, ready to paste."""
    return json.dumps(document, indent=2)
