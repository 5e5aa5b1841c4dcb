"""Compares the live pipeline with the wanted one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.definition import build_definition, canonical_sha256, definition_sha256
from sagekeep_runtime.errors import explain, is_missing
from sagekeep_runtime.fields import Fields

log = logging.getLogger(__name__)


def describe(event: dict[str, Any], *, client: Callable[[], Any]) -> dict[str, Any]:
    """The comparison; `client` makes the SageMaker client.

    Always answers: Terraform reads this at each plan, and a plan must not break because AWS, the network
    or a right is missing. `in_sync` is false only when the live pipeline is known to differ or to be
    missing; otherwise `status` is "unknown" and `reason` says why.
    """
    try:
        configuration = _parse(event)
        wanted = definition_sha256(build_definition(configuration))
    except Exception as error:  # noqa: BLE001 - see above
        log.warning("cannot read the request", extra={"reason": str(error)})
        return _answer("unknown", reason=str(error))
    try:
        live = client().describe_pipeline(PipelineName=configuration.pipeline_name)
        return _compare(live, configuration, wanted)
    except Exception as error:  # noqa: BLE001 - see above
        return _without_live(error, configuration.pipeline_name, wanted)


def _parse(event: dict[str, Any]) -> PipelineConfiguration:
    fields = Fields(event)
    fields.text("action", choices=("describe",))
    configuration = PipelineConfiguration.read(fields.nested("configuration"))
    fields.done()
    return configuration


def _compare(live: dict[str, Any], configuration: PipelineConfiguration, wanted: str) -> dict[str, Any]:
    found = canonical_sha256(live.get("PipelineDefinition", ""))
    differences = []
    if found != wanted:
        differences.append(f"its definition has hash {found[:12]}, wanted is {wanted[:12]}")
    if live.get("RoleArn") != configuration.pipeline_role_arn:
        differences.append(f"its role is {live.get('RoleArn')}, wanted is {configuration.pipeline_role_arn}")
    name = configuration.pipeline_name
    reason = f"pipeline {name} was changed outside Terraform: {'; '.join(differences)}" if differences else ""
    return _answer("live", reason=reason, live=found, wanted=wanted, in_sync=not differences, arn=live["PipelineArn"])


def _without_live(error: Exception, name: str, wanted: str) -> dict[str, Any]:
    if isinstance(error, ClientError) and is_missing(error):
        return _answer("missing", reason=f"pipeline {name} does not exist", wanted=wanted, in_sync=False)
    text = explain(error) if isinstance(error, (ClientError, BotoCoreError)) else str(error)
    log.warning("cannot tell", extra={"pipeline": name, "reason": text})
    return _answer("unknown", reason=text, wanted=wanted)


def _answer(
    status: str, *, reason: str = "", live: str = "", wanted: str = "", in_sync: bool = True, arn: str = ""
) -> dict[str, Any]:
    return {
        "status": status,
        "reason": reason,
        "live_sha256": live,
        "wanted_sha256": wanted,
        "in_sync": in_sync,
        "pipeline_arn": arn,
    }
