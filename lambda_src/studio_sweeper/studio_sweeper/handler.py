"""Lambda's entry into the Studio sweeper."""

from __future__ import annotations

from typing import Any

from sagekeep_runtime.clients import patient_client
from sagekeep_runtime.entry import entry
from sagekeep_runtime.retry import Budget, Context
from studio_sweeper.requests import parse
from studio_sweeper.sweep import run


@entry
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """`sweep_domain` or `sweep_network`; see requests.py for the events."""
    request = parse(event)
    budget = Budget.of(context)
    return run(request, client=patient_client, budget=budget)
