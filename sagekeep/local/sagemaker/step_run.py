"""One step that makes something: a job, a model, an endpoint configuration or an endpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sagekeep.local.sagemaker.caching import cached
from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.executions import Executions
from sagekeep.local.sagemaker.job_kinds import PROCESSING, TRAINING
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.plan import Step
from sagekeep.local.sagemaker.retries import Retries, exception_of_call, exception_of_job
from sagekeep.local.sagemaker.role_calls import RoleCalls
from sagekeep.local.sagemaker.run_values import RunValues
from sagekeep.local.sagemaker.store import Record, State
from sagekeep.local.sagemaker.targets import (
    FAILED,
    RUNNING,
    STOPPED,
    SUCCEEDED,
    TARGETS,
    progress,
    update_request,
)

T = TypeVar("T")
_KINDS = {"Processing": PROCESSING, "Training": TRAINING}


@dataclass(frozen=True)
class Shared:
    """What the steps of one execution share."""

    state: State
    calls: RoleCalls
    record: Record
    values: RunValues


class _Refused(Exception):
    """A call of the step was refused: the step's FailureReason, and the exception type for its retry policies."""

    def __init__(self, reason: str, exception: str) -> None:
        super().__init__(reason)
        self.reason, self.exception = reason, exception


class StepRun:
    """From its start to its end, over all attempts."""

    def __init__(self, shared: Shared, step: Step) -> None:
        self._shared, self._step = shared, step
        self._target = TARGETS[step.kind]
        self._executions = Executions(shared.state)
        self._retries = Retries.of(step.document, shared.state.now)
        self._request: Params = {}
        self._again_at: float | None = None  # when the next attempt is due; None while one goes on
        self._failure = ""

    def start(self) -> None:
        """Take the step's result from a cache, or make its thing."""
        try:
            request = self._arguments()
            if self._step.kind in _KINDS and self._take(request):
                return
            self._make(request)
        except _Refused as refused:
            self._fail(refused.reason, refused.exception)

    def follow(self, *, halted: bool) -> bool:
        """See how it goes; True when something has changed. A halted execution makes no further attempt."""
        if self._again_at is not None:
            return self._wait(self._again_at, halted=halted)
        status, reason = self._progress()
        if status == RUNNING:
            return False
        if status == SUCCEEDED or (status == STOPPED and self._is_stopping()):
            self._move(status)
        else:
            self._fail(reason, exception_of_job(reason))
        return True

    def stop(self) -> None:
        """Stop the job; whatever cannot be stopped goes on without the execution."""
        if self._is_stopping():
            return
        if self._step.kind not in _KINDS or self._again_at is not None:
            self._move(STOPPED)
            return
        operation = f"Stop{self._target.noun}"
        try:
            self._call(operation, self._target.key(self._name))
        except _Refused as refused:
            self._move("Stopping", failure=refused.reason)
        else:
            self._move("Stopping")

    @property
    def _name(self) -> str:
        return self._shared.values.made[self._step.name]

    def _is_stopping(self) -> bool:
        return self._shared.values.statuses()[self._step.name] == "Stopping"

    def _move(self, status: str, **members: Any) -> None:
        self._executions.move_step(self._shared.record.arn, self._step.name, status, **members)

    def _wait(self, until: float, *, halted: bool) -> bool:
        if halted:
            self._move(FAILED, failure=self._failure)
            return True
        if self._shared.state.now < until:
            return False
        self._again_at = None
        try:
            self._make(self._arguments())
        except _Refused as refused:
            self._fail(refused.reason, refused.exception)
        return True

    def _arguments(self) -> Params:
        try:
            return self._shared.values.request(self._step)
        except AwsError as error:
            raise _Refused(f"ClientError: {error.message}", "") from None

    def _take(self, request: Params) -> bool:
        shared, kind = self._shared, _KINDS[self._step.kind]
        hit = cached(shared.state, kind.table(shared.state), shared.record, self._step.document, request)
        if hit is None:
            return False
        job, source = hit
        shared.values.made[self._step.name] = job.key[0]
        self._move(
            SUCCEEDED, metadata=self._target.metadata(job.arn), CacheHitResult={"SourcePipelineExecutionArn": source}
        )
        return True

    def _make(self, request: Params) -> None:
        operation, request = self._create_or_update(request)
        name = request[f"{self._target.noun}Name"]
        # The service follows what it has made by the same role.
        self._asked(self._target.describe, self._shared.calls.authorise, self._target.key(name))
        arn = self._call(operation, request)[f"{self._target.noun}Arn"]
        self._request = request
        self._shared.values.made[self._step.name] = name
        self._move(RUNNING, metadata=self._target.metadata(arn), AttemptCount=self._retries.attempts)

    def _create_or_update(self, request: Params) -> tuple[str, Params]:
        # An endpoint of that name is updated, so that a pipeline can run again.
        if self._step.kind == "Endpoint" and self._shared.state.endpoints.get(str(request["EndpointName"])):
            return "UpdateEndpoint", update_request(request)
        return self._target.create, request

    def _call(self, operation: str, request: Params) -> Params:
        return self._asked(operation, self._shared.calls.call, request)

    def _asked(self, operation: str, ask: Callable[[str, str, Params], T], request: Params) -> T:
        try:
            return ask(self._shared.record.data["RoleArn"], operation, request)
        except AwsError as error:
            reason = f"ClientError: Failed to invoke sagemaker:{operation}. Error Details: {error.message}"
            raise _Refused(reason, exception_of_call(error)) from None

    def _progress(self) -> tuple[str, str]:
        try:
            found = self._shared.calls.read(self._target.describe, self._target.key(self._name))
        except AwsError as error:  # someone has deleted it
            return FAILED, f"ClientError: {error.message}"
        return progress(self._step.kind, self._request, found)

    def _fail(self, reason: str, exception: str) -> None:
        attempts = self._retries.attempts
        self._failure = reason
        self._again_at = self._retries.due(exception, self._shared.state.now)
        if self._again_at is None:
            self._move(FAILED, failure=reason, AttemptCount=attempts)
