"""SageMaker's JSON 1.1 protocol in front of the control plane, under the same authentication and authorisation."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import ministack.app as ministack
from ministack.core import iam_evaluator as evaluator
from ministack.core import responses
from ministack.core.router import extract_access_key_id, extract_region

from sagekeep.local import grants, sessions, variants
from sagekeep.local.faults import Faults
from sagekeep.local.request import current
from sagekeep.local.sagemaker import AwsError, Caller, Permission, SageMaker

if TYPE_CHECKING:
    from sagekeep.local.gateway import Answer, Call

_TARGET = "SageMaker."


def is_sagemaker(headers: Mapping[str, str]) -> bool:
    """Whether a request is one of SageMaker's control plane."""
    return headers.get("x-amz-target", "").startswith(_TARGET)


class SageMakerApi:
    """Decodes, authenticates, authorises, calls, encodes."""

    def __init__(self, control_plane: SageMaker) -> None:
        self._control_plane = control_plane

    def serve(self, call: Call, faults: Faults) -> Answer:
        """The HTTP answer to one SageMaker request."""
        try:
            return encode(200, self._call(call, faults))
        except AwsError as error:
            return encode_error(error)

    def _call(self, call: Call, faults: Faults) -> dict[str, Any]:
        operation = call.headers["x-amz-target"].removeprefix(_TARGET)
        caller = authenticate(call)
        try:
            params = json.loads(call.body or b"{}")
        except ValueError as error:
            raise AwsError("SerializationException", str(error), 400) from error
        authorize(call, f"sagemaker:{operation}", self._control_plane.needs(operation, params), faults)
        return self._control_plane.call(operation, params, caller)


def authenticate(call: Call) -> Caller:
    """Check the signature as ministack does for its own services; the caller it belongs to.

    Raises:
        AwsError: no signature, or a wrong one.
    """
    key = extract_access_key_id(call.headers, {})
    responses.set_request_account_id(ministack._request_account_scope(key))
    responses.set_request_region(extract_region(call.headers))
    evaluator.pin_request_origin("127.0.0.1", True)  # noqa: FBT003 - ministack's signature
    evaluator.pin_signed_request(call.method, call.raw_path, call.query, call.raw_headers)
    evaluator.pin_signed_body(call.body)
    evaluator.pin_request_caller(call.headers, {})
    failure = evaluator.check_credentials(key, "sagemaker") if key else None
    if not key:
        raise AwsError("MissingAuthenticationTokenException", "Missing Authentication Token", 400)
    if failure is not None:
        raise AwsError(failure.code, failure.message, 400)
    credential = evaluator.resolve_credential(key)
    return Caller(credential.principal_arn, credential.account_id, credential.principal_id)


def authorize(call: Call, action: str, needs: Iterable[Permission], faults: Faults) -> None:
    """Every permission must be allowed, once no injected fault has hit the action.

    Raises:
        AwsError: the fault, or AccessDeniedException with AWS's wording.
    """
    needs = list(needs)
    fault = faults.take(action, needs[0].resource_arn if needs else "*")
    if fault is not None:
        raise AwsError(fault.code, fault.message, fault.status)
    key, region = extract_access_key_id(call.headers, {}), extract_region(call.headers)
    current().several = True
    for need in needs:
        service = need.action.partition(":")[0]
        keys = variants.of_sagemaker(need.context)
        verdict = evaluator.enforce(key, need.action, service, region, need.resource_arn, keys)
        if verdict is not None:
            denial = current().denial
            message = denial.message if denial else getattr(verdict, "message", "not authorized")
            raise AwsError("AccessDeniedException", message, 400)
        if useless := grants.stopped(need.action, need.resource_arn):
            raise AwsError("AccessDeniedException", useless, 400)
    rehearsed = sessions.rehearsed(key)
    if rehearsed is not None:
        raise AwsError(rehearsed.code, rehearsed.message, 412)


def encode_error(error: AwsError, **more: Any) -> Answer:
    """An error as SDKs read it; `more` are further members of its shape."""
    body = {"__type": error.code, "message": error.message, "Message": error.message, **more}
    return encode(error.status, body, {"x-amzn-errortype": error.code})


def encode(status: int, document: dict[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer with a request id."""
    body = json.dumps(document, default=_json).encode()
    own = {"content-type": "application/x-amz-json-1.1", "x-amzn-requestid": str(uuid.uuid4())}
    return status, {**own, **(headers or {})}, body


def _json(value: object) -> object:
    if isinstance(value, datetime.datetime):
        return value.timestamp()
    raise TypeError(f"{type(value).__name__} is not JSON")
