"""Real boto3 clients on a small account in memory.

Everything of botocore but the wire is real: methods, paginators, checking of parameters, ClientError. A
backend answers `answer(operation, parameters)`; a scripted fault comes first. Time passes only when a
function sleeps.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Protocol

import boto3
from botocore.exceptions import ClientError, ParamValidationError
from botocore.validate import ParamValidator

from sagekeep_runtime.retry import Budget, Clock

Params = dict[str, Any]
ACCOUNT, REGION = "123456789012", "us-east-1"


class Backend(Protocol):
    def answer(self, operation: str, params: Params) -> Params: ...


def refusal(code: str, message: str = "", operation: str = "Test") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def arn(kind: str, name: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{kind}/{name}"


def sent(client: Any, operation: str, params: Params) -> Params:
    """The request as botocore sends it: with a token where the service wants one for repetition."""
    members = client.meta.service_model.operation_model(operation).input_shape.members
    tokens = {name for name, member in members.items() if member.metadata.get("idempotencyToken")}
    return {name: str(uuid.uuid4()) for name in sorted(tokens)} | params


class Time:
    """A clock that moves when somebody sleeps on it, and tells those who watch."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = 0.0
        self.watchers: list[Callable[[], None]] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept += seconds
        for watcher in self.watchers:
            watcher()

    def budget(self, seconds: float = 900) -> Budget:
        return Budget(seconds, Clock(now=lambda: self.now, sleep=self.sleep))


class Wire:
    """A client's connection: checks each request as botocore does, records it, raises scripted faults."""

    def __init__(self, service: str, backend: Backend) -> None:
        self.calls: list[tuple[str, Params]] = []
        self.faults: dict[str, list[ClientError | Callable[[], None]]] = {}
        self.client: Any = boto3.client(service, region_name=REGION)
        self._backend = backend
        self.client._make_api_call = self._call

    def operations(self) -> list[str]:
        return [operation for operation, _ in self.calls]

    def writes(self) -> list[str]:
        return [name for name in self.operations() if not name.startswith(("Describe", "List", "Get", "Head"))]

    def _call(self, operation: str, params: Params) -> Params:
        shape = self.client.meta.service_model.operation_model(operation).input_shape
        given = sent(self.client, operation, params)
        report = ParamValidator().validate(given, shape)
        if report.has_errors():
            raise ParamValidationError(report=report.generate_report())
        self.calls.append((operation, params))
        scripted = self.faults.get(operation)
        if scripted:
            fault = scripted.pop(0)
            if isinstance(fault, ClientError):
                fault.operation_name = operation
                raise fault
            fault()
        try:
            return self._backend.answer(operation, params)
        except ClientError as error:
            error.operation_name = operation
            raise
