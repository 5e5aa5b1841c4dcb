"""The parameters that a pipeline definition declares."""

from __future__ import annotations

from typing import Any

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
