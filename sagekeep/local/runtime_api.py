"""SageMaker Runtime: InvokeEndpoint, from a signed request to the model server and back.

Headers, limits and errors: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sagekeep.local.faults import Faults
from sagekeep.local.sagemaker import AwsError, SageMaker, Variant
from sagekeep.local.sagemaker_api import authenticate, authorize, encode_error

if TYPE_CHECKING:
    from sagekeep.local.gateway import Answer, Call

Reply = tuple[int, Mapping[str, str], bytes]
Invoke = Callable[[str, bytes, Mapping[str, str]], Reply]  # server id, body, headers; blocks

ACTION = "sagemaker:InvokeEndpoint"
LARGEST_BODY = 6 * 1024 * 1024
_PATH = re.compile(r"/endpoints/([^/]+)/invocations")
_HEADER = "x-amzn-sagemaker-"
_ATTRIBUTES = f"{_HEADER}custom-attributes"
# What else a request may carry; the first group reaches the container, the second would change who answers.
_PASSED_ON = ("content-type", "accept", _ATTRIBUTES)
_NOT_MODELLED = (
    "enable-explanations", "inference-component", "session-id", "target-container-hostname", "target-model",
)  # fmt: skip
_QUOTED = 1024  # characters of the container's answer that ModelError repeats


def is_runtime(host: str) -> bool:
    """Whether a request goes to SageMaker Runtime."""
    return host.startswith("runtime.sagemaker.")


class RuntimeApi:
    """Authenticates, authorises, hands the body to the model server of a variant."""

    def __init__(self, control_plane: SageMaker, invoke: Invoke) -> None:
        self._control_plane, self._invoke = control_plane, invoke

    async def serve(self, call: Call, faults: Faults) -> Answer:
        """The HTTP answer to one request."""
        try:
            name = _endpoint_of(call)
            authenticate(call)
            authorize(call, ACTION, self._control_plane.needs_to_invoke(name), faults)
            variant = self._control_plane.variant(name, call.headers.get(f"{_HEADER}target-variant"))
        except AwsError as error:
            return encode_error(error)
        wanted = {header: call.headers[header] for header in _PASSED_ON if header in call.headers}
        status, headers, body = await asyncio.to_thread(self._invoke, variant.server_id, call.body, wanted)
        if status == 200 and len(body) > LARGEST_BODY:
            return self._model_error(name, 0, f"The answer has {len(body)} bytes, more than {LARGEST_BODY}.")
        if status == 200:
            return 200, _answer_headers(headers, variant), body
        return self._model_error(name, status, body.decode(errors="replace"))

    def _model_error(self, name: str, status: int, said: str) -> Answer:
        world = self._control_plane.state.world
        kind = "client" if 400 <= status < 500 else "server"  # 0: no answer at all
        group = f"/aws/sagemaker/Endpoints/{name}"
        message = (
            f'Received {kind} error ({status}) from primary with message "{said[:_QUOTED]}". '
            f"See the log group {group} in account {world.account_id} for more information."
        )
        arn = f"arn:{world.partition}:logs:{world.region}:{world.account_id}:log-group:{group}"
        error = AwsError("ModelError", message, 424)
        return encode_error(error, OriginalStatusCode=status, OriginalMessage=said[:_QUOTED], LogStreamArn=arn)


def _endpoint_of(call: Call) -> str:
    """The endpoint's name; raises AwsError for what is not modelled and for a body over the limit."""
    path = _PATH.fullmatch(call.path)
    if path is None or call.method != "POST":
        raise AwsError("NotImplemented", f"The embedded AWS does not model {call.method} {call.path}.", 501)
    odd = [name for name in _NOT_MODELLED if f"{_HEADER}{name}" in call.headers]
    if odd:
        raise AwsError("NotImplemented", f"The embedded AWS does not model the header {_HEADER}{odd[0]}.", 501)
    if len(call.body) > LARGEST_BODY:
        raise AwsError("ValidationError", f"The request body has more than {LARGEST_BODY} bytes.", 400)
    return unquote(path[1])


def _answer_headers(headers: Mapping[str, str], variant: Variant) -> dict[str, str]:
    """The container's own headers that AWS passes on, and which variant answered."""
    kept = {name.lower(): value for name, value in headers.items() if name.lower() in ("content-type", _ATTRIBUTES)}
    return {**kept, "x-amzn-invoked-production-variant": variant.name, "x-amzn-requestid": str(uuid.uuid4())}
