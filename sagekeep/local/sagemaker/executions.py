"""Executions of pipelines and their steps: what the API reads, and the Python API of whatever runs them.

Whoever runs them inserts an execution with `Executions.insert`, notes each step with `add_step`, and moves both on
with `move` and `move_step`, which emit AWS's two events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagekeep.local.sagemaker.errors import conflict, not_found
from sagekeep.local.sagemaker.listing import Listing, Row, listed
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.pipelines import pipeline
from sagekeep.local.sagemaker.store import Handler, Record, State, random_id, user_context
from sagekeep.local.sagemaker.times import iso
from sagekeep.local.sagemaker.world import Caller

# Detail types and members of `detail`: developer guide, "Amazon SageMaker pipeline execution state change".
EXECUTION_EVENT = "SageMaker Model Building Pipeline Execution Status Change"
STEP_EVENT = "SageMaker Model Building Pipeline Execution Step Status Change"
OVER = ("Stopped", "Failed", "Succeeded")
LONGEST_REASON = 1024  # characters of a step's FailureReason
_LIST = Listing(
    "ListPipelineExecutions", "PipelineExecutionSummaries", "PipelineExecutionDisplayName", order="Descending"
)
_STEPS = Listing("ListPipelineExecutionSteps", "PipelineExecutionSteps", "StepName", order="Descending", sort="")
_PARAMETERS = Listing("ListPipelineParametersForExecution", "PipelineParameters", "Name", sort="")
_STATUS = "PipelineExecutionStatus"


def execution(state: State, arn: str) -> Record:
    """The execution; ResourceNotFound."""
    found = next((record for record in state.executions if record.arn == arn), None)
    if found is None:
        raise not_found(f"Pipeline execution '{arn}' does not exist.")
    return found


class Executions:
    """The Python API for a step runner and for tests. All changes are seen by the next API call."""

    def __init__(self, state: State) -> None:
        self._state = state

    def insert(
        self, name: str, caller: Caller, *, parameters: Mapping[str, str] | None = None,
        display_name: str = "", description: str = "", parallelism: Params | None = None, token: str = "",
    ) -> str:  # fmt: skip
        """Make an execution of the pipeline as it is now, and emit its first event; returns the ARN."""
        state = self._state
        owner = pipeline(state, name)
        identity = random_id(12)
        arn = f"{owner.arn}/execution/{identity}"
        context = user_context(caller)
        request: Params = {
            "PipelineArn": owner.arn,
            "PipelineExecutionArn": arn,
            "PipelineExecutionDisplayName": display_name or f"execution-{int(state.now * 1000)}",
            "PipelineExecutionDescription": description,
            "PipelineDefinition": owner.data["PipelineDefinition"],
            "PipelineVersionId": owner.data["PipelineVersionId"],
            "PipelineParameters": [{"Name": k, "Value": v} for k, v in (parameters or {}).items()],
            "CreatedBy": context,
            "LastModifiedBy": context,
            "RoleArn": owner.data["RoleArn"],
            "Steps": [],
            "ParallelismConfiguration": parallelism or owner.data.get("ParallelismConfiguration"),
            "ClientRequestToken": token,
            _STATUS: "Executing",
        }
        record = state.add(state.executions, (owner.key[0], identity), request, arn=arn)
        record.data["StartTime"] = record.created
        owner.data["LastRunTime"] = owner.data["LastExecutionTime"] = record.created
        self._emit(record, "")
        return arn

    def get(self, arn: str) -> Params:
        """The execution's data; `Steps` is the list of its steps in the order of their start."""
        return execution(self._state, arn).data

    def move(self, arn: str, status: str, *, failure: str = "") -> None:
        """Set the execution's status (Executing, Stopping, Stopped, Failed, Succeeded) and emit the event."""
        record = execution(self._state, arn)
        before = record.data[_STATUS]
        if status == before:
            return
        record.data[_STATUS] = status
        record.failure = failure
        record.touch(self._state.now)
        if status in OVER:
            record.data["EndTime"] = self._state.now
        self._emit(record, before)

    def add_step(self, arn: str, name: str, kind: str, *, status: str = "Starting", **members: Any) -> None:
        """Note a step that starts now; `kind` is the step's Type, `members` further ones as the API lists them."""
        record = execution(self._state, arn)
        step = {"StepName": name, "StepStatus": status, "StartTime": self._state.now, "AttemptCount": 1, **members}
        record.data["Steps"].append({**step, "Type": kind, "serial": self._state.serial()})
        self._emit_step(record, record.data["Steps"][-1], "")

    def move_step(
        self, arn: str, name: str, status: str, *,
        failure: str = "", metadata: Params | None = None, **members: Any,
    ) -> None:  # fmt: skip
        """Set a step's status (Starting, Executing, Stopping, Stopped, Failed, Succeeded) and emit the event.

        `members` are further ones of the step as the API lists them, such as AttemptCount. KeyError: no such step.
        """
        record = execution(self._state, arn)
        step = next((step for step in record.data["Steps"] if step["StepName"] == name), None)
        if step is None:
            raise KeyError(name)
        before, step["StepStatus"] = step["StepStatus"], status
        step |= members
        if failure:
            step["FailureReason"] = failure[:LONGEST_REASON]
        if metadata:
            step["Metadata"] = {**step.get("Metadata", {}), **metadata}
        if status in OVER:
            step["EndTime"] = self._state.now
        if status != before:
            self._emit_step(record, step, before)

    def settle(self) -> None:
        """End the executions that are Stopping, where no runner does it."""
        state = self._state
        if state.stop_after is None:
            return
        for record in state.executions:
            if record.data[_STATUS] == "Stopping" and state.now >= record.modified + state.stop_after:
                for step in record.data["Steps"]:
                    if step["StepStatus"] not in OVER:
                        self.move_step(record.arn, step["StepName"], "Stopped")
                self.move(record.arn, "Stopped")

    def _emit(self, record: Record, before: str) -> None:
        data = record.data
        detail: dict[str, Any] = {
            "pipelineExecutionDisplayName": data["PipelineExecutionDisplayName"],
            "currentPipelineExecutionStatus": data[_STATUS],
            "executionStartTime": iso(record.created),
            "pipelineExecutionDescription": data["PipelineExecutionDescription"],
            "pipelineArn": data["PipelineArn"],
            "pipelineExecutionArn": record.arn,
        }
        if before:
            detail["previousPipelineExecutionStatus"] = before
        if "EndTime" in data:
            detail["executionEndTime"] = iso(data["EndTime"])
        self._state.world.emit_event(EXECUTION_EVENT, detail, [data["PipelineArn"], record.arn])

    def _emit_step(self, record: Record, step: Params, before: str) -> None:
        detail: dict[str, Any] = {
            "metadata": _in_event(step.get("Metadata", {})),
            "stepName": step["StepName"],
            "stepType": step["Type"],
            "stepStartTime": iso(step["StartTime"]),
            "currentStepStatus": step["StepStatus"],
            "pipelineArn": record.data["PipelineArn"],
            "pipelineExecutionArn": record.arn,
        }
        optional = {
            "previousStepStatus": before,
            "failureReason": step.get("FailureReason"),
            "cacheHitResult": _in_event(step.get("CacheHitResult")),
        }
        detail |= {name: value for name, value in optional.items() if value}
        if "EndTime" in step:
            detail["stepEndTime"] = iso(step["EndTime"])
        self._state.world.emit_event(STEP_EVENT, detail, [record.data["PipelineArn"], record.arn])


def _in_event(value: Any) -> Any:
    """The value with its members named as in events, which begin them with a small letter."""
    if not isinstance(value, dict):
        return value
    return {name[0].lower() + name[1:]: _in_event(item) for name, item in value.items()}


def _describe(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(execution(state, request["PipelineExecutionArn"]))


def _definition(state: State, request: Params, _caller: Caller) -> Params:
    return state.view(execution(state, request["PipelineExecutionArn"]))


def _stop(state: State, request: Params, _caller: Caller) -> Params:
    record = execution(state, request["PipelineExecutionArn"])
    status = record.data[_STATUS]
    if status in OVER:
        raise conflict(f"Pipeline execution '{record.arn}' is {status} and cannot be stopped.")
    Executions(state).move(record.arn, "Stopping")
    return {"PipelineExecutionArn": record.arn}


def _list(state: State, request: Params, _caller: Caller) -> Params:
    owner = pipeline(state, request["PipelineName"])
    rows = [Row(r.serial, _summary(state, r)) for r in state.executions.where(PipelineArn=owner.arn)]
    return listed(_LIST, {k: v for k, v in request.items() if k != "PipelineName"}, rows)


def _summary(state: State, record: Record) -> Params:
    return {**state.view(record), "PipelineExecutionFailureReason": record.failure or None}


def _steps(state: State, request: Params, _caller: Caller) -> Params:
    if "PipelineExecutionArn" not in request:
        raise not_found("PipelineExecutionArn is required.")
    record = execution(state, request["PipelineExecutionArn"])
    return listed(_STEPS, request, [Row(step["serial"], step) for step in record.data["Steps"]])


def _parameters(state: State, request: Params, _caller: Caller) -> Params:
    parameters = execution(state, request["PipelineExecutionArn"]).data["PipelineParameters"]
    return listed(_PARAMETERS, request, [Row(index, item) for index, item in enumerate(parameters)])


OPERATIONS: dict[str, Handler] = {
    "DescribePipelineExecution": _describe,
    "DescribePipelineDefinitionForExecution": _definition,
    "StopPipelineExecution": _stop,
    "ListPipelineExecutions": _list,
    "ListPipelineExecutionSteps": _steps,
    "ListPipelineParametersForExecution": _parameters,
}
