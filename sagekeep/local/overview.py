"""What runs on an instance: executions, endpoints, jobs, of whatever pipelines there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagekeep import aws
from sagekeep.local.instance import Instance
from sagekeep.runs.refusals import told

# kind of job -> operation, member of its answer, member that names it
_JOBS = {
    "processing": ("list_processing_jobs", "ProcessingJobSummaries", "ProcessingJobName"),
    "training": ("list_training_jobs", "TrainingJobSummaries", "TrainingJobName"),
}


def overview(instance: Instance) -> dict[str, Any]:
    """{"pipelines": each with its last execution, "endpoints": each with its status, "jobs": that run}.

    Raises:
        OperationError: the instance does not answer.
    """
    sagemaker = aws.client("sagemaker", instance.region, instance.environment())
    with told("the local AWS does not say what runs on it"):
        names = [item["PipelineName"] for item in sagemaker.list_pipelines(MaxResults=100)["PipelineSummaries"]]
        endpoints = sagemaker.list_endpoints(MaxResults=100)["Endpoints"]
        return {
            "pipelines": [{"pipeline": name, "last_execution": _last(sagemaker, name)} for name in names],
            "endpoints": [{"endpoint": e["EndpointName"], "status": e["EndpointStatus"]} for e in endpoints],
            "jobs": [
                {"job": item[name], "kind": kind}
                for kind, (operation, member, name) in _JOBS.items()
                for item in getattr(sagemaker, operation)(StatusEquals="InProgress", MaxResults=100)[member]
            ],
        }


def lines(found: Mapping[str, Any]) -> list[str]:
    """The overview as a reader sees it."""
    said = []
    for item in found["pipelines"]:
        last = item["last_execution"]
        state = f"{last['name']} is {last['status']}" if last else "has never run"
        said.append(f"pipeline {item['pipeline']}: {state}")
    said += [f"endpoint {item['endpoint']}: {item['status']}" for item in found["endpoints"]]
    return [*said, *(f"{item['kind']} job {item['job']}: runs" for item in found["jobs"])]


def _last(sagemaker: Any, pipeline: str) -> dict[str, str] | None:
    found = sagemaker.list_pipeline_executions(
        PipelineName=pipeline, SortBy="CreationTime", SortOrder="Descending", MaxResults=1
    )["PipelineExecutionSummaries"]
    if not found:
        return None
    return {
        "execution": found[0]["PipelineExecutionArn"],
        "name": found[0]["PipelineExecutionDisplayName"],
        "status": found[0]["PipelineExecutionStatus"],
    }
