"""The application behind the proxy: control host, faults, SageMaker, and ministack for the rest."""

from __future__ import annotations

import json
import logging
import re
import urllib.parse
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ministack.app as ministack
from ministack.core import iam_actions
from ministack.core.router import detect_service

from sagekeep.local import control, variants
from sagekeep.local.faults import Fault, Faults
from sagekeep.local.network import Endpoint, Unreachable, find_endpoint
from sagekeep.local.patches import code_downloads
from sagekeep.local.proxy import App, Connection
from sagekeep.local.request import Request, begin
from sagekeep.local.runtime_api import RuntimeApi, is_runtime
from sagekeep.local.sagemaker_api import SageMakerApi, is_sagemaker
from sagekeep.local.trail import Trail

log = logging.getLogger("sagekeep.gateway")

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Answer = tuple[int, Mapping[str, str], bytes]

# The services that this project deploys to and that the tests cover. ministack knows more of them, less well.
MODELLED = frozenset({
    "ec2", "ecr", "elasticfilesystem", "events", "iam", "kms", "lambda", "logs", "monitoring", "s3", "secretsmanager",
    "sns", "sqs", "ssm", "sts", "tagging",
})  # fmt: skip
_MANAGEMENT = re.compile(r"/_(ministack|localstack|aws)(/|$)")


@dataclass(frozen=True)
class Call:
    """One HTTP request, read whole; header names are lower case."""

    method: str
    path: str
    raw_path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes

    @property
    def host(self) -> str:
        return self.headers.get("host", "").partition(":")[0].lower()


@dataclass(frozen=True)
class Operation:
    """What a call asks of AWS: ministack's name of the service, the IAM action, the resource's ARN or "*"."""

    service: str
    action: str
    resource: str


class Gateway:
    """One account in one region."""

    def __init__(
        self,
        account_id: str,
        region: str,
        secret: str,
        sagemaker: SageMakerApi,
        runtime: RuntimeApi,
        faults: Faults,
        verbs: Mapping[str, control.Verb],
    ) -> None:
        self.faults = faults
        self._account_id, self._region, self._secret = account_id, region, secret
        self._sagemaker, self._runtime = sagemaker, runtime
        self._trail = Trail(self._operation)
        self._verbs = {
            **verbs,
            "inject": lambda body: self.faults.inject(Fault(**body)) or {},  # type: ignore[func-returns-value]
            "clear-faults": lambda _: self.faults.clear() or {},  # type: ignore[func-returns-value]
            "faults": lambda _: self.faults.report(),
            "variants": variants.answer,
        }

    def route(self, connection: Connection) -> str | None:
        """Why a connection cannot be made, or None (the proxy asks before it accepts)."""
        try:
            self._endpoint(connection)
        except Unreachable as error:
            return str(error)
        return None

    def _endpoint(self, connection: Connection) -> Endpoint | None:
        if connection.place is None:
            return None
        return find_endpoint(connection.place, connection.host, self._region, connection.port)

    def application(self, connection: Connection) -> App:
        """The ASGI application of one tunnel."""

        async def serve(scope: dict[str, Any], receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                return
            call = await _read(scope, receive)
            heard = _Heard(send)
            answer = await self._answer(connection, call)
            if answer is not None:
                await _send(heard, answer)
            else:
                await ministack.app(scope, _replay(call.body, receive), _admitting(heard))
            if connection.host != control.HOST:
                self._trail.record(call, heard.status, heard.error)

        return serve

    async def _answer(self, connection: Connection, call: Call) -> Answer | None:
        """The gateway's own answer, or None for ministack's."""
        if connection.host == control.HOST and connection.place is None:
            given = call.headers.get(control.SECRET_HEADER, "")
            status, document = control.answer(self._verbs, self._secret, call.path, given, call.body)
            return status, {"content-type": "application/json"}, json.dumps(document).encode()
        if call.host != connection.host:
            return _failure("s3", "InvalidRequest", f"this connection is to {connection.host}", 421)
        try:
            endpoint = self._endpoint(connection)
        except Unreachable as error:  # an endpoint that was deleted while the connection stayed open
            return _failure("s3", "RequestTimeout", str(error), 408)
        query = ministack._routing_params(call.method, call.path, call.headers, call.body, call.query)
        begin(Request(endpoint, call.method, call.headers, call.body, query))
        if _MANAGEMENT.match(call.path):
            return _failure("s3", "NotImplemented", f"{call.path} is not an AWS path", 501)
        if is_runtime(call.host):
            return await self._runtime.serve(call, self.faults)
        return self._serve(call)

    def _serve(self, call: Call) -> Answer | None:
        if code_downloads.is_download(call.host):
            return code_downloads.serve(call.path, call.query)
        if is_sagemaker(call.headers):
            return self._sagemaker.serve(call, self.faults)
        operation = self._operation(call)
        if operation.service not in MODELLED:
            message = f"{operation.service} ({call.method} {call.host}{call.path}) is not modelled by the local AWS"
            return _failure(operation.service, "NotImplemented", message, 501)
        fault = self.faults.take(operation.action, operation.resource)
        if fault is not None:
            return _failure(operation.service, fault.code, fault.message, fault.status, call.headers)
        return None

    def _operation(self, call: Call) -> Operation:
        path, query = call.path, ministack._routing_params(call.method, call.path, call.headers, call.body, call.query)
        bucket = ministack._extract_s3_vhost_bucket(call.host)
        if bucket and bucket not in ministack._NON_S3_VHOST_NAMES and ".s3." in f"{call.host}.":
            service, path = "s3", f"/{bucket}{path}"
        else:
            service = detect_service(call.method, path, call.headers, query)
        args = (service, call.method, path, call.headers, call.body, query)
        action = iam_actions.extract_iam_action(*args) or f"{service}:Unknown"
        resource = iam_actions.extract_resource_arn(*args, self._region, self._account_id)
        return Operation(service, action, resource)


def _failure(service: str, code: str, message: str, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """An error in the protocol of its service, so that SDKs read code and message."""
    _, answer_headers, body = iam_actions.access_denied_response(
        service, "", "", str(uuid.uuid4()), error_code=code, message=message, headers=dict(headers or {})
    )
    return status, answer_headers, body


async def _read(scope: Mapping[str, Any], receive: Receive) -> Call:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    raw_headers = list(scope["headers"])
    return Call(
        scope["method"],
        scope["path"],
        (scope.get("raw_path") or urllib.parse.quote(scope["path"]).encode()).decode("latin-1"),
        urllib.parse.parse_qs(scope.get("query_string", b"").decode(), keep_blank_values=True),
        {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw_headers},
        raw_headers,
        bytes(body),
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive() that gives the body again, then what comes after it."""
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> dict[str, Any]:
        return messages.pop() if messages else await receive()

    return again


def _admitting(send: Send) -> Send:
    """Turn ministack's "unknown action" (400) into 501: the action may well exist, it is not modelled."""
    held: list[dict[str, Any]] = []

    async def forward(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] == 400:
            held.append(message)
            return
        if held:
            start = held.pop()
            unknown = b"InvalidAction" in message.get("body", b"") and b"Unknown " in message["body"]
            await send({**start, "status": 501} if unknown else start)
        await send(message)

    return forward


class _Heard:
    """A send() that keeps the answer's status and, of an error, the beginning of its body."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status, self.error = 0, b""

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif self.status >= 400 and not self.error:
            self.error = message.get("body", b"")[:4096]
        await self._send(message)


async def _send(send: Send, answer: Answer) -> None:
    status, headers, body = answer
    lines = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    lines.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
