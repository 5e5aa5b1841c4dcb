"""Takes a pipeline away with all that its executions made, in the order that SageMaker asks for."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from pipeline_manager.requests import Ownership
from sagekeep_runtime.errors import code_of, is_missing
from sagekeep_runtime.retry import Budget

log = logging.getLogger(__name__)

_RUNNING = frozenset({"Executing", "Stopping"})
# DeleteEndpoint refuses an endpoint in any of these states.
_BUSY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})


@dataclass
class Made:
    """Names of what the executions of a pipeline made."""

    endpoints: set[str] = field(default_factory=set)
    configs: set[str] = field(default_factory=set)
    models: set[str] = field(default_factory=set)


def find_pipeline(name: str, *, client: Any, budget: Budget) -> dict[str, Any] | None:
    """DescribePipeline's answer, or None."""
    return _found(client.describe_pipeline, budget, PipelineName=name)


def remove(request: Ownership, *, client: Any, budget: Budget) -> dict[str, Any]:
    """Stops what runs; with removal "destroy" then deletes endpoint, configurations, models and pipeline.

    With "retain" nothing is deleted. What is already gone counts as done. Raises OutOfTime when AWS needs
    longer than the function has: the next call goes on.
    """
    name = request.pipeline_name
    budget.wait(lambda: _stop_executions(name, client, budget))
    if request.removal == "retain":
        log.info("retained", extra={"pipeline": name})
        return {"status": "retained"}
    made = _made_by(name, request.endpoint_name, client, budget)
    for endpoint in sorted(made.endpoints):
        budget.wait(lambda endpoint=endpoint: _delete_endpoint(endpoint, client, budget))  # type: ignore[misc]
    for config in sorted(made.configs):
        _delete(client.delete_endpoint_config, budget, EndpointConfigName=config)
    for model in sorted(made.models):
        _delete(client.delete_model, budget, ModelName=model)
    budget.wait(lambda: _delete_pipeline(name, client, budget))
    left = _left(request.endpoint_name, client, budget)
    answer = {
        "status": "deleted",
        "endpoints": sorted(made.endpoints),
        "endpoint_configs": sorted(made.configs),
        "models": sorted(made.models),
        "left": left,
    }
    log.info("removed", extra={"pipeline": name, **answer})
    return answer


def _executions(name: str, client: Any, budget: Budget) -> list[dict[str, Any]]:
    pages = _pages(client, "list_pipeline_executions", budget, PipelineName=name)
    return [item for page in pages for item in page.get("PipelineExecutionSummaries", [])]


def _stop_executions(name: str, client: Any, budget: Budget) -> str:
    """Asks each running execution to stop; says what still runs."""
    running = [item for item in _executions(name, client, budget) if item.get("PipelineExecutionStatus") in _RUNNING]
    for item in running:
        if item["PipelineExecutionStatus"] == "Executing":
            arn = item["PipelineExecutionArn"]
            # Already finished: the next look shows it.
            _delete(client.stop_pipeline_execution, budget, ("ConflictException",), PipelineExecutionArn=arn)
            log.info("stopping", extra={"execution": arn})
    return f"{len(running)} execution(s) of pipeline {name} are still stopping" if running else ""


def _made_by(name: str, endpoint_name: str, client: Any, budget: Budget) -> Made:
    made = Made()
    for execution in _executions(name, client, budget):
        arn = execution["PipelineExecutionArn"]
        pages = _pages(client, "list_pipeline_execution_steps", budget, PipelineExecutionArn=arn)
        for page in pages:
            for step in page.get("PipelineExecutionSteps", []):
                metadata = step.get("Metadata", {})
                _collect(made.endpoints, metadata.get("Endpoint"), endpoint_name)
                _collect(made.configs, metadata.get("EndpointConfig"))
                _collect(made.models, metadata.get("Model"))
    _add_served(made, endpoint_name, client, budget)
    return made


def _collect(names: set[str], made: dict[str, str] | None, spelled: str = "") -> None:
    """Adds the name in an ARN. SageMaker writes endpoint ARNs in lower case: `spelled` restores ours."""
    if not made or not made.get("Arn"):
        return
    found = made["Arn"].rsplit("/", 1)[-1]
    names.add(spelled if found.lower() == spelled.lower() else found)


def _add_served(made: Made, endpoint_name: str, client: Any, budget: Budget) -> None:
    """Adds the endpoint and its configuration if all that it serves are our models.

    SDKs before botocore 1.40.76 drop the Endpoint and EndpointConfig metadata of steps, and which SDK a
    Lambda runtime carries is AWS's choice.
    """
    endpoint = _found(client.describe_endpoint, budget, EndpointName=endpoint_name)
    if endpoint is None or not endpoint.get("EndpointConfigName"):
        return
    name = endpoint["EndpointConfigName"]
    config = _found(client.describe_endpoint_config, budget, EndpointConfigName=name)
    served = {variant.get("ModelName") for variant in (config or {}).get("ProductionVariants", [])}
    if served and served <= made.models:
        made.endpoints.add(endpoint_name)
        made.configs.add(name)


def _delete_endpoint(name: str, client: Any, budget: Budget) -> str:
    """Deletes it as soon as its state allows; says what it still does. Configurations must outlive it."""
    live = _found(client.describe_endpoint, budget, EndpointName=name)
    if live is None:
        return ""
    status = live["EndpointStatus"]
    if status in _BUSY:
        return f"endpoint {name} is {status}"
    _delete(client.delete_endpoint, budget, EndpointName=name)
    log.info("deleting", extra={"endpoint": name})
    return f"endpoint {name} is being deleted"


def _delete_pipeline(name: str, client: Any, budget: Budget) -> str:
    """DeletePipeline refuses while an execution runs, and somebody may have started one meanwhile."""
    live = find_pipeline(name, client=client, budget=budget)
    if live is None:
        return ""
    if live.get("PipelineStatus") != "Deleting":
        running = _stop_executions(name, client, budget)
        if running:
            return running
        _delete(client.delete_pipeline, budget, ("ConflictException",), PipelineName=name)
    return f"pipeline {name} is being deleted"


def _left(endpoint_name: str, client: Any, budget: Budget) -> list[str]:
    """An endpoint under our name that no execution of this pipeline made is somebody else's."""
    if _found(client.describe_endpoint, budget, EndpointName=endpoint_name) is None:
        return []
    log.warning("left alone: this pipeline did not make it", extra={"endpoint": endpoint_name})
    return [f"endpoint/{endpoint_name}"]


def _found(call: Any, budget: Budget, **parameters: str) -> dict[str, Any] | None:
    try:
        answer: dict[str, Any] = budget.settle(call, **parameters)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return answer


def _delete(call: Any, budget: Budget, harmless: tuple[str, ...] = (), **parameters: str) -> None:
    try:
        budget.settle(call, **parameters)
    except ClientError as error:
        if not is_missing(error) and code_of(error) not in harmless:
            raise


def _pages(client: Any, operation: str, budget: Budget, **parameters: str) -> Iterable[dict[str, Any]]:
    """All pages, or none when the thing whose parts are listed is gone."""

    def read() -> list[dict[str, Any]]:
        return list(client.get_paginator(operation).paginate(**parameters))

    try:
        pages: list[dict[str, Any]] = budget.settle(read)
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    return pages
