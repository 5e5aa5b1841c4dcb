"""Executions that run: which steps start, when an execution is over.

There are no threads here and nothing waits: `Engine.settle` does what can be done now and returns. What an execution
looks like from outside is in its record; what is kept here is how to go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagekeep.local.sagemaker.checks import check_role
from sagekeep.local.sagemaker.conditions import outcome
from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.executions import OVER, Executions
from sagekeep.local.sagemaker.pipelines import ACTIVE
from sagekeep.local.sagemaker.plan import Step
from sagekeep.local.sagemaker.role_calls import RoleCalls
from sagekeep.local.sagemaker.run_values import RunValues
from sagekeep.local.sagemaker.step_run import Shared, StepRun
from sagekeep.local.sagemaker.store import Handler, Record, State
from sagekeep.local.sagemaker.targets import FAILED, STOPPED, SUCCEEDED

STEPS_FAILED = "Step failure: One or multiple steps failed."


class Engine:
    """Runs every execution that is not over."""

    def __init__(self, state: State, handlers: Mapping[str, Handler]) -> None:
        self._state, self._calls = state, RoleCalls(state, handlers)
        self._runs: dict[str, Run] = {}

    def settle(self) -> None:
        """Move every execution on as far as it goes now."""
        for record in self._state.executions:
            if record.data["PipelineExecutionStatus"] not in ACTIVE:
                self._runs.pop(record.arn, None)
                continue
            try:
                if record.arn not in self._runs:
                    self._runs[record.arn] = Run(self._state, self._calls, record)
            except AwsError as error:
                Executions(self._state).move(record.arn, FAILED, failure=error.message)
            else:
                self._runs[record.arn].advance()


class Run:
    """One execution."""

    def __init__(self, state: State, calls: RoleCalls, record: Record) -> None:
        """Raises AwsError where the execution cannot begin: SageMaker may not assume its role."""
        check_role(state.world, record.data["RoleArn"])
        self._record, self._executions = record, Executions(state)
        self._values = RunValues(state, calls, record)
        self._shared = Shared(state, calls, record, self._values)
        self._steps: dict[str, StepRun] = {}

    def advance(self) -> None:
        """Do all that can be done now; the execution is over when nothing runs and nothing can start."""
        if self._stopping:
            for name in self._running():
                self._steps[name].stop()
        moved = True
        while moved:
            moved = self._follow()
            moved = self._begin() or moved
        if not self._running():
            self._end()

    @property
    def _stopping(self) -> bool:
        return bool(self._record.data["PipelineExecutionStatus"] == "Stopping")

    @property
    def _halted(self) -> bool:
        """Whether no step starts any more."""
        return self._stopping or FAILED in self._values.statuses().values()

    def _running(self) -> list[str]:
        return [name for name, status in self._values.statuses().items() if status not in OVER]

    def _follow(self) -> bool:
        moved = False
        for name in self._running():
            moved = self._steps[name].follow(halted=self._halted) or moved
        return moved

    def _begin(self) -> bool:
        """Start the steps that are ready, as many as may run at once; whether any has started."""
        limit = (self._record.data["ParallelismConfiguration"] or {}).get("MaxParallelExecutionSteps")
        started = False
        for step in self._values.plan.ready(self._values.statuses(), self._values.outcomes()):
            if self._halted or (limit is not None and len(self._running()) >= limit):
                break
            self._start(step)
            started = True
        return started

    def _start(self, step: Step) -> None:
        named: dict[str, Any] = {
            "StepDisplayName": step.document.get("DisplayName"),
            "StepDescription": step.document.get("Description"),
        }
        self._executions.add_step(self._record.arn, step.name, step.kind, **named)
        if step.kind in ("Condition", "Fail"):
            self._decide(step)
        else:
            self._steps[step.name] = StepRun(self._shared, step)
            self._steps[step.name].start()

    def _decide(self, step: Step) -> None:
        """A Condition or a Fail step: nothing runs, so it is over at once."""
        arguments: dict[str, Any] = step.document["Arguments"]
        result: dict[str, Any]
        try:
            if step.kind == "Condition":
                holds = outcome(arguments["Conditions"], self._values.resolve)
                result = {"status": SUCCEEDED, "metadata": {"Condition": {"Outcome": str(holds)}}}
            else:
                message = str(self._values.resolve(arguments["ErrorMessage"]))
                result = {"status": FAILED, "failure": message, "metadata": {"Fail": {"ErrorMessage": message}}}
        except AwsError as error:
            result = {"status": FAILED, "failure": f"ClientError: {error.message}"}
        self._executions.move_step(self._record.arn, step.name, **result)

    def _end(self) -> None:
        if self._stopping:
            self._executions.move(self._record.arn, STOPPED)
        elif FAILED in self._values.statuses().values():
            self._executions.move(self._record.arn, FAILED, failure=STEPS_FAILED)
        else:
            self._executions.move(self._record.arn, SUCCEEDED)
