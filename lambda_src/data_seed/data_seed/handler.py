"""Lambda's entry into the data seed."""

from __future__ import annotations

from typing import Any

from data_seed.requests import parse
from data_seed.seeding import run
from sagekeep_runtime.clients import patient_client
from sagekeep_runtime.entry import entry
from sagekeep_runtime.retry import Budget, Context


@entry
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """`seed`; see requests.py for the event."""
    request = parse(event)
    budget = Budget.of(context)
    return run(request, client=patient_client("s3"), budget=budget)
