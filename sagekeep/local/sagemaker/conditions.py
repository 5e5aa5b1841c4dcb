"""The steps that run nothing: the conditions of a Condition step, the message of a Fail step (developer guide)."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.references import is_reference, reference_faults

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "GreaterThan": operator.gt,
    "GreaterThanOrEqualTo": operator.ge,
    "LessThan": operator.lt,
    "LessThanOrEqualTo": operator.le,
}
_ARGUMENTS = {"Conditions", "IfSteps", "ElseSteps"}


def condition_faults(arguments: Any) -> list[str]:
    """What is wrong with the `Arguments` of a Condition step, its branches' steps left aside."""
    if not isinstance(arguments, dict):
        return ["Arguments: Expecting start of Json Object"]
    faults = [f"Unknown Argument member '{key}'" for key in sorted(set(arguments) - _ARGUMENTS)]
    for key in sorted(_ARGUMENTS & set(arguments)):
        items = arguments[key]
        if not isinstance(items, list):
            faults.append(f"{key} must be a list")
        else:
            faults += [f"{key} holds {item!r}, which is no object" for item in items if not isinstance(item, dict)]
    conditions = arguments.get("Conditions")
    if not conditions:
        return [*faults, "Conditions must hold at least one condition"]
    return faults + [fault for item in conditions for fault in _one(item)] if isinstance(conditions, list) else faults


def fail_faults(arguments: Any) -> list[str]:
    """What is wrong with the `Arguments` of a Fail step."""
    if not isinstance(arguments, dict) or set(arguments) != {"ErrorMessage"}:
        return ["Arguments must have the member ErrorMessage, and no other"]
    message = arguments["ErrorMessage"]
    if is_reference(message):
        return reference_faults(message, "ErrorMessage")
    return [] if isinstance(message, str) else [f"ErrorMessage must be a text or a reference, got {message!r}"]


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


def outcome(conditions: list[dict[str, Any]], resolve: Callable[[Any], Any]) -> bool:
    """Whether all conditions hold; `resolve` gives a reference's value. Raises AwsError for values without order."""
    return all(_holds(condition, resolve) for condition in conditions)


def _holds(condition: dict[str, Any], resolve: Callable[[Any], Any]) -> bool:
    kind = condition["Type"]
    if kind == "Not":
        return not _holds(condition["Condition"], resolve)
    if kind == "Or":
        return any(_holds(item, resolve) for item in condition["Conditions"])
    if kind == "In":
        value = resolve(condition["Value"])
        return any(_compare("Equals", value, resolve(item)) for item in condition["In"])
    return _compare(kind, resolve(condition["LeftValue"]), resolve(condition["RightValue"]))


def _compare(kind: str, left: Any, right: Any) -> bool:
    same = isinstance(left, str) == isinstance(right, str) and isinstance(left, bool) == isinstance(right, bool)
    if kind == "Equals":
        return same and bool(left == right)
    if not same:
        raise invalid(f"Condition {kind} cannot compare {left!r} with {right!r}.")
    try:
        return _COMPARISONS[kind](left, right)
    except TypeError:
        raise invalid(f"Condition {kind} cannot compare {left!r} with {right!r}.") from None
