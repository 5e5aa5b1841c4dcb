"""Pipelines: a checked definition under a unique name."""

from __future__ import annotations

from sagekeep.local.sagemaker.checks import check_role
from sagekeep.local.sagemaker.definition import parse_definition
from sagekeep.local.sagemaker.errors import conflict, invalid, not_found, not_modelled
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import Handler, Record, State, user_context
from sagekeep.local.sagemaker.world import Caller

ACTIVE = ("Executing", "Stopping")
_LIST = Listing("ListPipelines", "PipelineSummaries", "PipelineName", order="Descending")
_NAMES = {"arn": "PipelineArn", "status": "PipelineStatus"}


def pipeline(state: State, name_or_arn: str) -> Record:
    """The pipeline; ResourceNotFound."""
    arn = name_or_arn.lower() if name_or_arn.startswith("arn:") else state.arn("pipeline", name_or_arn)
    found = state.pipelines.get(arn.rpartition("/")[2])
    if found is None or found.arn != arn:
        raise not_found(f"Pipeline '{arn}' does not exist.")
    return found


def running(state: State, record: Record) -> list[Record]:
    """The pipeline's executions that are not over."""
    executions = state.executions.where(PipelineArn=record.arn)
    return [execution for execution in executions if execution.data["PipelineExecutionStatus"] in ACTIVE]


def _check(state: State, request: Params) -> None:
    if "PipelineDefinitionS3Location" in request:
        raise not_modelled("PipelineDefinitionS3Location; send PipelineDefinition")
    if "PipelineDefinition" in request:
        parse_definition(request["PipelineDefinition"])
    if "RoleArn" in request:
        check_role(state.world, request["RoleArn"])


def _create(state: State, request: Params, caller: Caller) -> Params:
    name = request["PipelineName"]
    found = state.pipelines.get(name)
    if found and found.token == request["ClientRequestToken"]:
        return {"PipelineArn": found.arn}
    if found:
        raise invalid(
            "Pipeline names must be unique within an AWS account and region. "
            f"Pipeline with name ({name}) already exists."
        )
    if not {"PipelineDefinition", "PipelineDefinitionS3Location"} & set(request):
        raise invalid("Either PipelineDefinition or PipelineDefinitionS3Location is required.")
    _check(state, request)
    context = user_context(caller)
    record = state.add(state.pipelines, (name,), request, CreatedBy=context, LastModifiedBy=context)
    record.steady = "Active"
    record.data.setdefault("PipelineDisplayName", name)
    record.data["PipelineVersionId"] = 1
    return {"PipelineArn": record.arn}


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    record = pipeline(state, request["PipelineName"])
    if request.get("PipelineVersionId") not in (None, record.data["PipelineVersionId"]):
        raise not_modelled("earlier versions of a pipeline")
    return state.view(record, **_NAMES)


def _update(state: State, request: Params, caller: Caller) -> Params:
    record = pipeline(state, request["PipelineName"])
    _check(state, request)
    record.data |= {k: v for k, v in request.items() if k != "PipelineName"}
    record.data["LastModifiedBy"] = user_context(caller)
    record.data["PipelineVersionId"] += 1
    record.touch(state.now)
    return {"PipelineArn": record.arn, "PipelineVersionId": record.data["PipelineVersionId"]}


def _delete(state: State, request: Params, _caller: Caller) -> Params:
    record = pipeline(state, request["PipelineName"])
    active = running(state, record)
    if active:
        raise conflict(
            f"Pipeline '{record.arn}' cannot be deleted: it has {len(active)} execution(s) in progress, "
            f"such as '{active[0].arn}'."
        )
    for execution in state.executions.where(PipelineArn=record.arn):
        state.remove(state.executions, execution)
    state.remove(state.pipelines, record)
    return {"PipelineArn": record.arn}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    return listed(_LIST, request, [Row(r.serial, state.view(r, **_NAMES)) for r in state.pipelines])


OPERATIONS: dict[str, Handler] = {
    "CreatePipeline": _create,
    "DescribePipeline": _describe,
    "UpdatePipeline": _update,
    "DeletePipeline": _delete,
    "ListPipelines": _list,
}
