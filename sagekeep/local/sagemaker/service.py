"""Dispatch: from an operation's name and request to the module that owns it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sagekeep.local.sagemaker import (
    domains,
    endpoints,
    executions,
    hosting,
    idleness,
    job_api,
    lifecycle_configs,
    pipelines,
    profiles,
    registry,
    serving,
    spaces_apps,
    starting,
    tags,
)
from sagekeep.local.sagemaker.admission import admitted, valid
from sagekeep.local.sagemaker.deployments import Variant
from sagekeep.local.sagemaker.engine import Engine
from sagekeep.local.sagemaker.errors import AwsError, not_modelled
from sagekeep.local.sagemaker.model import Params, answer, operation_exists, without_nulls
from sagekeep.local.sagemaker.permissions import needs
from sagekeep.local.sagemaker.permissions_data import AUTHORISED_ONLY
from sagekeep.local.sagemaker.platform import Platform
from sagekeep.local.sagemaker.store import Handler, State
from sagekeep.local.sagemaker.world import Caller, Permission, World

_MODULES = (
    domains, profiles, spaces_apps, lifecycle_configs, registry, hosting, endpoints, job_api, pipelines, starting,
    executions, tags,
)  # fmt: skip
HANDLERS: dict[str, Handler] = {name: handler for module in _MODULES for name, handler in module.OPERATIONS.items()}


class SageMaker:
    """One account's SageMaker in one region. For one event loop: calls never overlap, so there are no locks."""

    def __init__(
        self, world: World, *, platform: Platform | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        """With a platform jobs, executions and endpoints run; without one endpoints are in service after a while."""
        self.state = State(world, clock, platform)
        self.executions = executions.Executions(self.state)
        self.handlers = dict(HANDLERS)
        self._engine = Engine(self.state, self.handlers)

    def call(self, operation: str, params: dict[str, Any], caller: Caller) -> Params:
        """Do what the caller was found allowed to do; the answer's times are seconds of the epoch.

        Raises AwsError: ValidationException for a request that breaks botocore's model, NotImplemented (501) for
        an operation or parameter that is not modelled here, and AWS's other errors.
        """
        self.settle()
        self._known(operation)
        request = admitted(self.state, operation, params)
        return answer(operation, self.handlers[operation](self.state, request, caller))

    def needs(self, operation: str, params: dict[str, Any]) -> list[Permission]:
        """The permissions of which every one must be allowed before `call`; raises AwsError for an invalid request.

        Some operations and parameters are not modelled, but who may send them is: they are refused by `call` only.
        """
        if operation in AUTHORISED_ONLY:
            return needs(self.state, operation, without_nulls(params))
        self._known(operation)
        return needs(self.state, operation, valid(operation, params))

    def needs_to_invoke(self, endpoint_name: str) -> list[Permission]:
        """The permissions for an InvokeEndpoint call of SageMaker Runtime."""
        return needs(self.state, "InvokeEndpoint", {"EndpointName": endpoint_name})

    def variant(self, endpoint_name: str, target: str | None = None) -> Variant:
        """The variant of an endpoint that answers an invocation: `target`, or one drawn by the variants' weights.

        While an endpoint is updated the old configuration answers. Raises AwsError (ValidationError, as SageMaker
        Runtime has it) where there is no such endpoint or variant in service.
        """
        self.settle()
        return serving.variant(self.state, endpoint_name, target)

    def settle(self) -> None:
        """Move on all that is under way: deletions, idle apps, jobs, endpoints, executions. `call` does it first.

        Where things run, someone calls it every tenth of a second, so that they go on without an API call.
        """
        idleness.settle(self.state)
        self.state.settle()
        self.executions.settle()
        if self.state.platform:
            job_api.settle(self.state)
            serving.settle(self.state)
            self._engine.settle()

    def _known(self, operation: str) -> None:
        if not operation_exists(operation):
            raise AwsError("UnknownOperationException", f"The operation {operation} does not exist.", 404)
        if operation not in self.handlers:
            raise not_modelled(f"SageMaker's {operation}")
