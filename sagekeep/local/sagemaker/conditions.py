"""The conditions of a Condition step (developer guide, "Condition step")."""

from __future__ import annotations

from typing import Any

from sagekeep.local.sagemaker.references import is_reference, reference_faults

_COMPARISONS = {"Equals", "GreaterThan", "GreaterThanOrEqualTo", "LessThan", "LessThanOrEqualTo"}
_ARGUMENTS = {"Conditions", "IfSteps", "ElseSteps"}


def condition_faults(arguments: Any) -> list[str]:
    """What is wrong with the `Arguments` of a Condition step, its branches' steps left aside."""
    if not isinstance(arguments, dict):
        return ["Arguments: Expecting start of Json Object"]
    faults = [f"Unknown Argument member '{key}'" for key in sorted(set(arguments) - _ARGUMENTS)]
    faults += [f"{key} must be a list" for key in _ARGUMENTS & set(arguments) if not isinstance(arguments[key], list)]
    conditions = arguments.get("Conditions")
    if not conditions:
        return [*faults, "Conditions must hold at least one condition"]
    return faults + [fault for item in conditions for fault in _one(item)] if isinstance(conditions, list) else faults


def _one(condition: Any) -> list[str]:
    kind = str(condition.get("Type")) if isinstance(condition, dict) else ""
    if kind in _COMPARISONS:
        return _members(condition, "LeftValue", "RightValue")
    if kind == "In":
        many = condition.get("In")
        values = many if isinstance(many, list) and many else [None]
        return _members(condition, "Value", "In", values=[condition.get("Value"), *values])
    if kind == "Not":
        return _one(condition.get("Condition"))
    if kind == "Or" and isinstance(condition.get("Conditions"), list):
        return [fault for item in condition["Conditions"] for fault in _one(item)]
    return [f"Unknown condition {condition!r}: use Not, Or, In or one of {', '.join(sorted(_COMPARISONS))}"]


def _members(condition: dict[str, Any], *names: str, values: list[Any] | None = None) -> list[str]:
    if set(condition) != {"Type", *names}:
        return [f"Condition {condition['Type']} must have the members {', '.join(names)}"]
    faults: list[str] = []
    for value in values if values is not None else [condition[name] for name in names]:
        if is_reference(value):
            faults += reference_faults(value, str(condition["Type"]))
        elif not isinstance(value, str | int | float):
            faults.append(f"Condition {condition['Type']}: {value!r} is neither a scalar nor a reference")
    return faults
