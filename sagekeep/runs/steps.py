"""An execution and its steps, as SageMaker describes them.

Statuses and members: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PipelineExecutionStep.html.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sagekeep.errors import OperationError, UsageError
from sagekeep.runs.refusals import told
from sagekeep.runs.target import Target

WAITING = "Waiting"  # ours: a step that has not started is not in SageMaker's list
OVER = frozenset({"Succeeded", "Failed", "Stopped", "CompletedWithFailures"})
FEW = 5
_BRANCHES = ("IfSteps", "ElseSteps")


@dataclass(frozen=True)
class Step:
    """One step. Times are seconds of the epoch, None for not yet; `reason` is AWS's failure reason."""

    name: str
    status: str = WAITING
    began: float | None = None
    ended: float | None = None
    attempts: int = 1
    cached: bool = False
    reason: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def seconds(self, now: float | None = None) -> float | None:
        """How long it took, or has taken so far; None for a step that has not started."""
        if self.began is None:
            return None
        end = self.ended if self.ended is not None else (time.time() if now is None else now)
        return max(0.0, end - self.began)

    def arn(self, kind: str) -> str:
        """ARN of what the step made, such as its "ProcessingJob"; "" where it made none."""
        return str(self.metadata.get(kind, {}).get("Arn", ""))

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        seconds = self.seconds()
        return {
            "step": self.name,
            "status": self.status,
            "seconds": None if seconds is None else round(seconds, 1),
            "attempts": self.attempts,
            "cached": self.cached,
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Execution:
    """One execution, its steps in the order of their start, or of the definition while they wait."""

    arn: str
    name: str
    status: str
    began: float
    changed: float
    reason: str = ""
    steps: tuple[Step, ...] = ()

    @property
    def id(self) -> str:
        """The last part of its ARN, under which its outputs lie."""
        return self.arn.rpartition("/")[2]

    @property
    def over(self) -> bool:
        """Whether nothing can change any more."""
        return self.status in OVER

    @property
    def succeeded(self) -> bool:
        """Whether all went well."""
        return self.status == "Succeeded"

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return max(0.0, (self.changed if self.over else time.time()) - self.began)

    def step(self, name: str) -> Step:
        """The step of that name.

        Raises:
            UsageError: there is none.
        """
        for step in self.steps:
            if step.name == name:
                return step
        known = ", ".join(step.name for step in self.steps) or "none"
        raise UsageError(f"execution {self.name} has no step {name!r}", hint=f"its steps: {known}")

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "execution": self.arn,
            "name": self.name,
            "status": self.status,
            "seconds": round(self.seconds, 1),
            "reason": self.reason,
            "steps": [step.document() for step in self.steps],
        }


def read(target: Target, arn: str) -> Execution:
    """The execution as it is now, with the steps that wait.

    Raises:
        OperationError: AWS refuses or does not answer, or there is no such execution.
    """
    sagemaker = target.client("sagemaker")
    with told(f"the execution {arn} cannot be read", {"ResourceNotFound": f"{target.command('status')} lists them"}):
        return Reader(sagemaker, arn).read()


class Reader:
    """Reads one execution again and again; what never changes only once."""

    def __init__(self, sagemaker: Any, arn: str) -> None:
        self._sagemaker, self._arn = sagemaker, arn
        self._planned: tuple[str, ...] | None = None

    def read(self) -> Execution:
        """The execution as it is now; raises botocore's errors."""
        found = self._sagemaker.describe_pipeline_execution(PipelineExecutionArn=self._arn)
        if self._planned is None:
            self._planned = self._names_in_definition()
        pages = self._sagemaker.get_paginator("list_pipeline_execution_steps").paginate(
            PipelineExecutionArn=self._arn, SortOrder="Ascending"
        )
        started = {step.name: step for page in pages for step in map(_step, page["PipelineExecutionSteps"])}
        waiting = [] if found["PipelineExecutionStatus"] in OVER else [n for n in self._planned if n not in started]
        steps = (*started.values(), *map(Step, waiting))
        return _execution(found, steps=steps)

    def _names_in_definition(self) -> tuple[str, ...]:
        """Names of all steps; none where the caller may not read the definition: a table without them is enough."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        try:
            found = self._sagemaker.describe_pipeline_definition_for_execution(PipelineExecutionArn=self._arn)
            return tuple(_names(json.loads(found["PipelineDefinition"])["Steps"]))
        except (ClientError, KeyError, ValueError):
            return ()


def latest(target: Target, count: int = FEW) -> list[Execution]:
    """The pipeline's last executions, latest first, without their steps.

    Raises:
        OperationError: AWS refuses or does not answer, or there is no pipeline.
    """
    with told(f"the executions of {target.pipeline} cannot be listed", target.hints()):
        found = target.client("sagemaker").list_pipeline_executions(
            PipelineName=target.pipeline, SortBy="CreationTime", SortOrder="Descending", MaxResults=count
        )
    return [_execution(summary) for summary in found["PipelineExecutionSummaries"]]


def chosen(target: Target, arn: str) -> str:
    """`arn`, or the ARN of the latest execution where it is "".

    Raises:
        UsageError: it is no execution of this environment's pipeline.
        OperationError: the pipeline has never run.
    """
    if arn:
        if arn.rpartition("/execution/")[0] != target.pipeline:
            raise UsageError(
                f"{arn} is no execution of {target.pipeline}", hint=target.command("status") + " lists them"
            )
        return arn
    executions = latest(target, 1)
    if not executions:
        raise OperationError(
            f"{target.settings.pipeline.name} has never run", hint=f"start it: {target.command('run')}"
        )
    return executions[0].arn


def _names(steps: list[dict[str, Any]]) -> Iterator[str]:
    """Names of steps; those of a condition's branches after it."""
    for step in steps:
        yield step["Name"]
        for branch in _BRANCHES:
            yield from _names(step.get("Arguments", {}).get(branch, []) if step.get("Type") == "Condition" else [])


def _step(found: Mapping[str, Any]) -> Step:
    ended = found.get("EndTime")
    return Step(
        name=found["StepName"],
        status=found["StepStatus"],
        began=found["StartTime"].timestamp() if "StartTime" in found else None,
        ended=ended.timestamp() if ended else None,
        attempts=found.get("AttemptCount") or 1,
        cached="CacheHitResult" in found,
        reason=found.get("FailureReason", ""),
        metadata=found.get("Metadata", {}),
    )


def _execution(found: Mapping[str, Any], steps: tuple[Step, ...] = ()) -> Execution:
    """From a description or from a summary; they name some members differently."""
    began = found.get("CreationTime") or found["StartTime"]
    return Execution(
        arn=found["PipelineExecutionArn"],
        name=found.get("PipelineExecutionDisplayName", ""),
        status=found["PipelineExecutionStatus"],
        began=began.timestamp(),
        changed=found.get("LastModifiedTime", began).timestamp(),
        reason=found.get("FailureReason") or found.get("PipelineExecutionFailureReason") or "",
        steps=steps,
    )
