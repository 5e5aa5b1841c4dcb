"""Lambda's entry into the pipeline reader."""

from __future__ import annotations

from typing import Any

from pipeline_reader.reader import describe
from sagekeep_runtime.clients import quick_client
from sagekeep_runtime.entry import entry
from sagekeep_runtime.retry import Context


@entry
def handler(event: dict[str, Any], _context: Context) -> dict[str, Any]:
    """{"action": "describe", "configuration": {...}} -> what is live beside what is wanted."""
    return describe(event, client=lambda: quick_client("sagemaker"))
