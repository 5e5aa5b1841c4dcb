"""What a request has to pass before it is authorised, whoever sends it."""

from __future__ import annotations

from typing import Any

from sagekeep.local.sagemaker.model import Params, without_nulls
from sagekeep.local.sagemaker.store import State
from sagekeep.local.sagemaker.tags import check_tags
from sagekeep.local.sagemaker.unmodelled import refuse_unmodelled
from sagekeep.local.sagemaker.validate import check


def valid(operation: str, params: dict[str, Any]) -> Params:
    """The request without nulls. Raises AwsError: ValidationException."""
    request: Params = without_nulls(params)
    check(operation, request)
    check_tags(request)
    return request


def admitted(state: State, operation: str, params: dict[str, Any]) -> Params:
    """The request without nulls. Raises AwsError: ValidationException, or NotImplemented where things really run."""
    request = valid(operation, params)
    if state.platform:
        refuse_unmodelled(operation, request)
    return request
