"""botocore's description of SageMaker: the shapes of every request and answer.

The loader is used directly, so that no AWS profile or environment variable is read.
"""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

Params = dict[str, Any]


@cache
def service_model() -> ServiceModel:
    """SageMaker's service model (API version 2017-07-24) from the installed botocore."""
    return ServiceModel(Loader().load_service_model("sagemaker", "service-2"), "sagemaker")


def operation_exists(operation: str) -> bool:
    """True when AWS has the operation, whether or not it is modelled here."""
    return operation in service_model().operation_names


def input_shape(operation: str) -> Shape | None:
    """The shape of the request; None for an operation without one."""
    return service_model().operation_model(operation).input_shape


def output_shape(operation: str) -> Shape | None:
    """The shape of the answer; None for an operation that answers nothing."""
    return service_model().operation_model(operation).output_shape


def answer(operation: str, data: Params) -> Params:
    """A copy of what the operation's answer may hold; members that it does not have, and None, are left out."""
    return pick(output_shape(operation), data)


def pick(shape: Shape | None, data: Params) -> Params:
    """A copy of those members of `data` that the structure has."""
    if shape is None:
        return {}
    return {name: copy.deepcopy(data[name]) for name in shape.members if data.get(name) is not None}


def without_nulls(value: Any) -> Any:
    """The value without null members: AWS reads a null member as an absent one."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
