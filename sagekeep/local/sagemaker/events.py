"""Events of jobs and endpoints: their detail is what the Describe call answers (developer guide, "Events that Amazon
SageMaker AI sends to Amazon EventBridge")."""

from __future__ import annotations

from typing import Any

from botocore.model import Shape

from sagekeep.local.sagemaker.model import Params, answer, output_shape
from sagekeep.local.sagemaker.store import State


def emit(state: State, detail_type: str, describe: str, arn: str, data: Params) -> None:
    """Tell the default bus of a change of the thing `arn`; `data` is what the operation `describe` answers now."""
    detail = _in_event(output_shape(describe), answer(describe, data))
    state.world.emit_event(detail_type, {**detail, "Tags": dict(state.tags.get(arn, {}))}, [arn])


def _in_event(shape: Shape | None, value: Any) -> Any:
    """The value with its times in milliseconds of the epoch."""
    if shape is None:
        return value
    if shape.type_name == "timestamp":
        return int(value * 1000)
    if shape.type_name == "structure":
        return {name: _in_event(shape.members[name], item) for name, item in value.items()}
    if shape.type_name == "list":
        return [_in_event(shape.member, item) for item in value]
    return value
