"""Properties of steps: what a `Get` of `Steps.<name>.<path>` may read, by the answer of the step's Describe call, and
the property files that a step declares."""

from __future__ import annotations

from typing import Any

from botocore.model import Shape

from sagekeep.local.sagemaker.jobs import STEP_CALLS
from sagekeep.local.sagemaker.model import output_shape

Document = dict[str, Any]

_FILE = {"PropertyFileName", "OutputName", "FilePath"}


def property_fault(step: Document, path: list[str | int]) -> str:
    """Why a step of this type has no such property; "" when it has."""
    kind = step.get("Type")
    call = STEP_CALLS.get(kind) if isinstance(kind, str) else None
    if call is None:
        return f"the step's type {kind!r} is unknown"
    if path[0] in call.properties:
        return _declared_fault(step, path)
    shape = output_shape(call.describe) if call.describe else None
    return _path_fault(shape, path) or _output_fault(step, path)


def property_file_faults(step: Document) -> list[str]:
    """What is wrong with a step's `PropertyFiles`, one sentence each."""
    declared = step.get("PropertyFiles", [])
    if not isinstance(declared, list):
        return ["PropertyFiles must be a list"]
    faults: list[str] = []
    for file in declared:
        if not isinstance(file, dict) or set(file) != _FILE or not all(isinstance(v, str) for v in file.values()):
            faults.append(f"A property file must have the members {', '.join(sorted(_FILE))}, got {file!r}")
        else:
            path: list[str | int] = ["ProcessingOutputConfig", "Outputs", file["OutputName"]]
            faults += [fault for fault in [_output_fault(step, path)] if fault]
    return faults


def _declared_fault(step: Document, path: list[str | int]) -> str:
    """Property files and outputs exist when the step declares them."""
    member = {"PropertyFiles": "PropertyFileName", "OutputParameters": "OutputName"}.get(str(path[0]))
    if member is None:
        return ""
    declared = [item.get(member) for item in _objects(step.get(str(path[0])))]
    return "" if len(path) > 1 and path[1] in declared else f"the step declares no such {path[0]} ({declared})"


def _output_fault(step: Document, path: list[str | int]) -> str:
    """`ProcessingOutputConfig.Outputs['x']` needs an output of that name among the step's arguments."""
    if path[:2] != ["ProcessingOutputConfig", "Outputs"] or len(path) < 3 or isinstance(path[2], int):
        return ""
    config = _member(_member(step, "Arguments"), "ProcessingOutputConfig")
    names = [output.get("OutputName") for output in _objects(_member(config, "Outputs"))]
    return "" if path[2] in names else f"the step has no output {path[2]!r}, only {names}"


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _objects(value: Any) -> list[Document]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _path_fault(shape: Shape | None, path: list[str | int]) -> str:
    for part in path:
        if shape is None:
            return f"the step has no property {part!r}"
        if shape.type_name == "structure":
            if part not in shape.members:
                return f"{shape.name} has no member {part!r}"
            shape = shape.members[part]
        elif shape.type_name in ("list", "map"):
            shape = shape.member if shape.type_name == "list" else shape.value
        else:
            return f"nothing lies below a {shape.type_name} ({part!r})"
    return ""
