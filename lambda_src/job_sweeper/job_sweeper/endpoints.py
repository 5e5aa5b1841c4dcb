"""Endpoints that serve as a role in a security group: their interfaces stay as long as they do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from sagekeep_runtime.errors import is_missing
from sagekeep_runtime.retry import Budget


def serving(group_id: str, role_arn: str, *, client: Any, budget: Budget) -> list[str]:
    """Names of the endpoints, sorted; not those that are being deleted."""

    def read() -> list[dict[str, Any]]:
        pages = client.get_paginator("list_endpoints").paginate()
        return [item for page in pages for item in page.get("Endpoints", [])]

    return sorted(
        item["EndpointName"]
        for item in budget.settle(read)
        if item["EndpointStatus"] != "Deleting"
        and any(_works(parts, group_id, role_arn) for parts in _parts(item["EndpointName"], client, budget))
    )


def _parts(endpoint: str, client: Any, budget: Budget) -> Iterator[dict[str, Any]]:
    """The endpoint's configuration and its models: either may say as which role and where its instances work."""
    live = _found(client.describe_endpoint, budget, EndpointName=endpoint)
    config = _found(client.describe_endpoint_config, budget, EndpointConfigName=live.get("EndpointConfigName", ""))
    yield config
    for variant in config.get("ProductionVariants", []):
        if variant.get("ModelName"):
            yield _found(client.describe_model, budget, ModelName=variant["ModelName"])


def _works(parts: dict[str, Any], group_id: str, role_arn: str) -> bool:
    groups = (parts.get("VpcConfig") or {}).get("SecurityGroupIds", [])
    return group_id in groups and parts.get("ExecutionRoleArn") == role_arn


def _found(call: Any, budget: Budget, **parameters: str) -> dict[str, Any]:
    if not all(parameters.values()):
        return {}
    try:
        answer: dict[str, Any] = budget.settle(call, **parameters)
    except ClientError as error:
        if is_missing(error):
            return {}
        raise
    return answer
