"""Dispatch: from an operation's name and request to the module that owns it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sagekeep.local.sagemaker import (
    domains,
    executions,
    hosting,
    lifecycle_configs,
    pipelines,
    profiles,
    registry,
    spaces_apps,
    tags,
)
from sagekeep.local.sagemaker.errors import AwsError, not_modelled
from sagekeep.local.sagemaker.model import Params, answer, operation_exists, without_nulls
from sagekeep.local.sagemaker.permissions import Permission, needs
from sagekeep.local.sagemaker.store import Handler, State
from sagekeep.local.sagemaker.validate import check
from sagekeep.local.sagemaker.world import Caller, World

_MODULES = (domains, profiles, spaces_apps, lifecycle_configs, registry, hosting, pipelines, executions, tags)
HANDLERS: dict[str, Handler] = {name: handler for module in _MODULES for name, handler in module.OPERATIONS.items()}


class SageMaker:
    """One account's SageMaker in one region. For one event loop: calls never overlap, so there are no locks."""

    def __init__(self, world: World, clock: Callable[[], float] = time.time) -> None:
        self.state = State(world, clock)
        self.executions = executions.Executions(self.state)
        self.handlers = dict(HANDLERS)

    def call(self, operation: str, params: dict[str, Any], caller: Caller) -> Params:
        """Do what the caller was found allowed to do; the answer's times are seconds of the epoch.

        Raises AwsError: ValidationException for a request that breaks botocore's model, NotImplemented (501) for
        an operation or parameter that is not modelled here, and AWS's other errors.
        """
        self.settle()
        request = self._checked(operation, params)
        return answer(operation, self.handlers[operation](self.state, request, caller))

    def needs(self, operation: str, params: dict[str, Any]) -> list[Permission]:
        """The permissions of which every one must be allowed before `call`; raises AwsError as `call` does."""
        return needs(self.state, operation, self._checked(operation, params))

    def settle(self) -> None:
        """Finish what is due: deletions let go of their network interfaces. `call` does it first."""
        self.state.settle()
        self.executions.settle()

    def _checked(self, operation: str, params: dict[str, Any]) -> Params:
        if not operation_exists(operation):
            raise AwsError("UnknownOperationException", f"The operation {operation} does not exist.", 404)
        if operation not in self.handlers:
            raise not_modelled(f"SageMaker's {operation}")
        request: Params = without_nulls(params)
        check(operation, request)
        tags.check_tags(request)
        return request
