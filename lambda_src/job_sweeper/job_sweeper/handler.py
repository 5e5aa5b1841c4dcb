"""Lambda's entry into the job sweeper."""

from __future__ import annotations

from typing import Any

from job_sweeper.requests import parse
from job_sweeper.sweep import run
from sagekeep_runtime.clients import patient_client
from sagekeep_runtime.entry import entry
from sagekeep_runtime.retry import Budget, Context


@entry
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """Waits until no job and no endpoint is left in the network; see requests.py for the event."""
    return run(parse(event), client=patient_client, budget=Budget.of(context))
