"""Lambda's entry into the pipeline manager."""

from __future__ import annotations

from typing import Any

from pipeline_manager.manager import run
from pipeline_manager.requests import parse
from sagekeep_runtime.clients import patient_client
from sagekeep_runtime.entry import entry
from sagekeep_runtime.retry import Budget, Context


@entry
def handler(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """`upsert` or `own`; see requests.py for the events."""
    request = parse(event)
    budget = Budget.of(context)
    return run(request, client=patient_client("sagemaker"), budget=budget)
