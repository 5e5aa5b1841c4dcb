"""The events of the pipeline manager.

{"action": "upsert", "configuration": {...}}
{"action": "own", "pipeline_name": ..., "endpoint_name": ..., "removal": "destroy" | "retain", "tf": {...}}
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline_manager.configuration import ENDPOINT_NAME, PIPELINE_NAME, PipelineConfiguration
from sagekeep_runtime.fields import Fields, terraform_action


@dataclass(frozen=True)
class Upsert:
    """Make the pipeline as configured, whatever is there now."""

    configuration: PipelineConfiguration


@dataclass(frozen=True)
class Ownership:
    """Own the pipeline's removal; only `terraform` = "delete" does anything."""

    pipeline_name: str
    endpoint_name: str
    removal: str
    terraform: str


def parse(event: object) -> Upsert | Ownership:
    """The request of an event; raises RequestError with every fault at once."""
    fields = Fields(event)
    action = fields.text("action", choices=("upsert", "own"))
    request: Upsert | Ownership | None = None
    if action == "upsert":
        request = Upsert(PipelineConfiguration.read(fields.nested("configuration")))
    elif action == "own":
        request = Ownership(
            pipeline_name=fields.text("pipeline_name", pattern=PIPELINE_NAME, rule="must be a pipeline's name"),
            endpoint_name=fields.text("endpoint_name", pattern=ENDPOINT_NAME, rule="must be an endpoint's name"),
            removal=fields.text("removal", choices=("destroy", "retain")),
            terraform=terraform_action(fields),
        )
    fields.done()
    assert request is not None, "done() raises when the action is unknown"  # noqa: S101
    return request
