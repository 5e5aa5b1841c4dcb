"""StartPipelineExecution: whether it can run here, and with which values."""

from __future__ import annotations

import json
from typing import Any

from sagekeep.local.sagemaker.caching import refuse_other_caches
from sagekeep.local.sagemaker.definition import Document, walk_steps
from sagekeep.local.sagemaker.errors import not_modelled
from sagekeep.local.sagemaker.executions import Executions
from sagekeep.local.sagemaker.jobs import STEP_CALLS
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.parameters import parameter_values
from sagekeep.local.sagemaker.pipelines import pipeline
from sagekeep.local.sagemaker.store import Handler, State
from sagekeep.local.sagemaker.targets import TARGETS
from sagekeep.local.sagemaker.world import Caller

RUNNABLE = (*TARGETS, "Condition", "Fail")


def _start(state: State, request: Params, caller: Caller) -> Params:
    owner = pipeline(state, request["PipelineName"])
    if state.platform is None:
        raise not_modelled("executions where there is no platform to run jobs")
    token = request["ClientRequestToken"]
    for earlier in state.executions.where(PipelineArn=owner.arn):
        if earlier.token == token:
            return {"PipelineExecutionArn": earlier.arn}
    version = request.get("PipelineVersionId", owner.data["PipelineVersionId"])
    if version != owner.data["PipelineVersionId"]:
        raise not_modelled(f"earlier versions of a pipeline (PipelineVersionId {version})")
    definition = json.loads(owner.data["PipelineDefinition"])
    given: list[dict[str, Any]] = request.get("PipelineParameters", [])
    parameter_values(definition.get("Parameters", []), given)
    _check_runnable(definition)
    arn = Executions(state).insert(
        owner.data["PipelineName"],
        caller,
        parameters={item["Name"]: item["Value"] for item in given},
        display_name=request.get("PipelineExecutionDisplayName", ""),
        description=request.get("PipelineExecutionDescription", ""),
        parallelism=request.get("ParallelismConfiguration"),
        token=token,
    )
    return {"PipelineExecutionArn": arn}


def _check_runnable(definition: Document) -> None:
    if definition.get("PipelineExperimentConfig"):
        raise not_modelled("experiments; leave PipelineExperimentConfig out of the definition")
    for step, _ in walk_steps(definition["Steps"]):
        if step["Type"] not in RUNNABLE:
            raise not_modelled(f"{step['Type']} steps (step '{step['Name']}')")
        named = STEP_CALLS[step["Type"]].generated & set(step.get("Arguments", {}))
        if named:
            raise not_modelled(f"{min(named)} in the arguments of step '{step['Name']}'; leave it out")
        refuse_other_caches(step)


OPERATIONS: dict[str, Handler] = {"StartPipelineExecution": _start}
