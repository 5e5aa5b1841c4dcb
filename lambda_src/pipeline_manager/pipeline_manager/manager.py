"""Makes the pipeline what its configuration says: any number of times, from any state, beside others."""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import ClientError

from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.definition import (
    build_definition,
    canonical_sha256,
    definition_json,
    definition_sha256,
)
from pipeline_manager.removal import find_pipeline, remove
from pipeline_manager.requests import Ownership, Upsert
from sagekeep_runtime.errors import FunctionError, code_of, is_missing, text_of
from sagekeep_runtime.retry import Budget

log = logging.getLogger(__name__)

# CreatePipeline: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePipeline.html
MAX_DEFINITION_CHARACTERS = 1_048_576


class _Raced(Exception):
    """Somebody created, changed or removed the pipeline between two of our calls; look again."""


def run(request: Upsert | Ownership, *, client: Any, budget: Budget) -> dict[str, Any]:
    """Does what the request asks; the answer is what Terraform keeps as the invocation's result."""
    if isinstance(request, Upsert):
        return upsert(request.configuration, client=client, budget=budget)
    if request.terraform == "delete":
        return remove(request, client=client, budget=budget)
    return {"status": "owned"}


def upsert(configuration: PipelineConfiguration, *, client: Any, budget: Budget) -> dict[str, Any]:
    """Creates the pipeline, updates what differs, or leaves it alone."""
    definition = build_definition(configuration)
    wanted = {
        "PipelineName": configuration.pipeline_name,
        "PipelineDefinition": _checked_text(definition),
        "PipelineDescription": configuration.description,
        "RoleArn": configuration.pipeline_role_arn,
    }
    outcome: dict[str, str] = {}

    def pending() -> str:
        try:
            outcome.update(_bring_about(wanted, configuration.tags, client, budget))
        except _Raced as race:
            return f"pipeline {configuration.pipeline_name} {race}"
        return ""

    budget.wait(pending, every=2.0)
    log.info("pipeline is as configured", extra={"pipeline": configuration.pipeline_name, **outcome})
    return {**outcome, "definition_sha256": definition_sha256(definition)}


def _bring_about(
    wanted: dict[str, str], tags: tuple[tuple[str, str], ...], client: Any, budget: Budget
) -> dict[str, str]:
    """One look and one change; raises _Raced when the pipeline changed under us."""
    live = find_pipeline(wanted["PipelineName"], client=client, budget=budget)
    if live is None:
        return {"status": "created", "pipeline_arn": _create(wanted, tags, client, budget)}
    if live["PipelineStatus"] == "Deleting":
        raise _Raced("is still being deleted")
    arn = str(live["PipelineArn"])
    changed = _differs(live, wanted)
    if changed:
        _update(wanted, client, budget)
    tagged = _correct_tags(arn, tags, client, budget)
    return {"status": "updated" if changed or tagged else "unchanged", "pipeline_arn": arn}


def _create(wanted: dict[str, str], tags: tuple[tuple[str, str], ...], client: Any, budget: Budget) -> str:
    try:
        answer = budget.settle(
            client.create_pipeline, **wanted, Tags=[{"Key": key, "Value": value} for key, value in tags]
        )
    except ClientError as error:
        if _is_taken(error):
            raise _Raced("was created by somebody else at the same moment") from error
        raise
    return str(answer["PipelineArn"])


def _update(wanted: dict[str, str], client: Any, budget: Budget) -> None:
    try:
        budget.settle(client.update_pipeline, **wanted)
    except ClientError as error:
        if is_missing(error):
            raise _Raced("was deleted by somebody else at the same moment") from error
        if code_of(error) == "ConflictException":
            raise _Raced("is being changed by somebody else") from error
        raise


def _is_taken(error: ClientError) -> bool:
    """SageMaker answers a second create with ValidationException "Pipeline names must be unique within ..."."""
    if code_of(error) in {"ConflictException", "ResourceInUse"}:
        return True
    text = text_of(error).lower()
    return code_of(error) == "ValidationException" and ("must be unique" in text or "already exist" in text)


def _differs(live: dict[str, Any], wanted: dict[str, str]) -> bool:
    return (
        canonical_sha256(live.get("PipelineDefinition", "")) != canonical_sha256(wanted["PipelineDefinition"])
        or live.get("RoleArn") != wanted["RoleArn"]
        or live.get("PipelineDescription", "") != wanted["PipelineDescription"]
    )


def _correct_tags(arn: str, tags: tuple[tuple[str, str], ...], client: Any, budget: Budget) -> bool:
    """Adds and corrects ours. Others stay: tag policies and cost tools put theirs on what they find."""
    if not tags:
        return False

    def read() -> dict[str, str]:
        pages = client.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page.get("Tags", [])}

    live = budget.settle(read)
    wrong = [{"Key": key, "Value": value} for key, value in tags if live.get(key) != value]
    if wrong:
        budget.settle(client.add_tags, ResourceArn=arn, Tags=wrong)
    return bool(wrong)


def _checked_text(definition: dict[str, Any]) -> str:
    text = definition_json(definition)
    if len(text) > MAX_DEFINITION_CHARACTERS:
        raise FunctionError(
            f"The pipeline definition has {len(text):,} characters and SageMaker takes at most "
            f"{MAX_DEFINITION_CHARACTERS:,}: shorten tags, texts or steps."
        )
    return text
