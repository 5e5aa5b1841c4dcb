"""Calls that SageMaker makes with the role of a pipeline, held to the role's policies and to injected faults."""

from __future__ import annotations

from collections.abc import Mapping

from sagekeep.local.sagemaker.admission import admitted
from sagekeep.local.sagemaker.errors import AwsError
from sagekeep.local.sagemaker.model import Params, answer
from sagekeep.local.sagemaker.permissions import job_permissions
from sagekeep.local.sagemaker.store import Handler, State
from sagekeep.local.sagemaker.world import Caller

SESSION = "SageMaker"


class RoleCalls:
    """The operations of this control plane in the name of a role."""

    def __init__(self, state: State, handlers: Mapping[str, Handler]) -> None:
        self._state, self._handlers = state, handlers

    def call(self, role_arn: str, operation: str, params: Params) -> Params:
        """Do what the role is allowed to do; raises AwsError as the service does, AccessDeniedException among it."""
        request = admitted(self._state, operation, params)
        self.authorise(role_arn, operation, request)
        return answer(operation, self._handlers[operation](self._state, request, self._caller(role_arn)))

    def authorise(self, role_arn: str, operation: str, request: Params) -> None:
        """Raise AwsError for an injected fault, and where the role may not make this call."""
        world = self._state.world
        permissions = job_permissions(self._state, operation, request)
        fault = world.fault(permissions[0].action, permissions[0].resource_arn)
        if fault is not None:
            raise fault
        for permission in permissions:
            reason = world.denied(role_arn, SESSION, permission)
            if reason:
                raise AwsError("AccessDeniedException", reason)

    def read(self, operation: str, request: Params) -> Params:
        """What a Describe call answers, without asking whether the role may call it; raises AwsError."""
        caller = Caller("", self._state.world.account_id, "")
        return answer(operation, self._handlers[operation](self._state, request, caller))

    def _caller(self, role_arn: str) -> Caller:
        world, name = self._state.world, role_arn.rsplit("/", 1)[-1]
        arn = f"arn:{world.partition}:sts::{world.account_id}:assumed-role/{name}/{SESSION}"
        return Caller(arn, world.account_id, f"{name}:{SESSION}")
