"""The parameters that a pipeline definition declares, and their values in an execution."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any

from sagekeep.local.sagemaker.errors import invalid

Document = dict[str, Any]

_PARAMETER = {"Name", "Type", "DefaultValue", "EnumValues"}
_PARAMETER_TYPES: dict[str, tuple[type, ...]] = {
    "String": (str,),
    "Integer": (int,),
    "Float": (int, float),
    "Boolean": (bool,),
}


def parameter_faults(parameters: list[Any]) -> list[str]:
    """What is wrong with the declarations: names, types, defaults and enums."""
    faults: list[str] = []
    seen: set[str] = set()
    for parameter in parameters:
        name = parameter.get("Name") if isinstance(parameter, dict) else None
        if not isinstance(name, str) or not name:
            faults.append(f"A parameter without a name: {parameter!r}")
            continue
        if name in seen:
            faults.append(f"Parameter '{name}' is declared twice")
        seen.add(name)
        faults += [f"Parameter '{name}': {fault}" for fault in _one_parameter(parameter)]
    return faults


def _one_parameter(parameter: Document) -> list[str]:
    faults = [f"unknown member '{key}'" for key in sorted(set(parameter) - _PARAMETER)]
    kind = parameter.get("Type", "String")
    if not isinstance(kind, str) or kind not in _PARAMETER_TYPES:
        return [*faults, f"unknown Type {kind!r}, use one of {', '.join(_PARAMETER_TYPES)}"]
    values = parameter.get("EnumValues", [])
    default = [parameter["DefaultValue"]] if "DefaultValue" in parameter else []
    if not isinstance(values, list):
        return [*faults, "EnumValues must be a list"]
    faults += [f"value {value!r} is no {kind}" for value in [*values, *default] if not _is(kind, value)]
    if values and default and default[0] not in values:
        faults.append(f"DefaultValue {default[0]!r} is not among EnumValues")
    return faults


def _is(kind: str, value: Any) -> bool:
    # bool is an int in Python, and neither is the other in JSON.
    return isinstance(value, _PARAMETER_TYPES[kind]) and isinstance(value, bool) == (kind == "Boolean")


def parameter_values(declared: Iterable[Document], given: Iterable[Document]) -> Document:
    """Every declared parameter's value in its own type: the given one, or the default.

    `given` are the PipelineParameters of StartPipelineExecution: names with texts. Raises AwsError
    (ValidationException) for an unknown name, a name twice, a text of another type, and a parameter without a value.
    """
    texts: dict[str, str] = {}
    known = {parameter["Name"]: parameter for parameter in declared}
    for item in given:
        name = item["Name"]
        if name not in known:
            raise invalid(f"Parameter '{name}' is not declared in the pipeline definition: use {_listed(known)}.")
        if name in texts:
            raise invalid(f"Parameter '{name}' is given twice.")
        texts[name] = item["Value"]
    return {name: _value(parameter, texts.get(name)) for name, parameter in known.items()}


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _value(parameter: Document, text: str | None) -> Any:
    name, kind = parameter["Name"], parameter.get("Type", "String")
    if text is None:
        if "DefaultValue" not in parameter:
            raise invalid(f"Parameter '{name}' has no default value, so a value is required.")
        return parameter["DefaultValue"]
    value = _read(kind, text)
    if value is None:
        raise invalid(f"Value '{text}' of parameter '{name}' is no {kind}.")
    choices = parameter.get("EnumValues")
    if choices and value not in choices:
        raise invalid(f"Value '{text}' of parameter '{name}' is not among {_listed(map(str, choices))}.")
    return value


def _read(kind: str, text: str) -> Any:
    """The text as a value of this type, None when it is none."""
    if kind == "String":
        return text
    try:
        value = json.loads(text.lower())
    except ValueError:
        return None
    return value if _is(kind, value) and math.isfinite(value) else None
