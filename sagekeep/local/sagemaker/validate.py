"""A request against botocore's model: types, required members, enums, patterns, lengths and ranges.

botocore's own ParamValidator checks types, required members and minima only; the service checks the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.model import Shape

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.jobs import STEP_CALLS, step_keys
from sagekeep.local.sagemaker.model import input_shape, operation_exists
from sagekeep.local.sagemaker.patterns import compiled
from sagekeep.local.sagemaker.references import is_reference, reference_faults

_LONGEST_QUOTE = 120  # characters of a value that a message repeats


def violations(operation: str, params: Any, *, allow_references: bool = False, omit: Collection[str] = ()) -> list[str]:
    """What AWS would refuse in a request, one readable sentence each; [] for a valid one.

    `allow_references` admits `{"Get": ..}`, `{"Std:Join": ..}` and `{"Std:JsonGet": ..}` wherever a scalar
    stands, as in a pipeline definition. `omit` names required members of the top level that may be absent.
    Raises KeyError for an operation that AWS does not have.
    """
    if not operation_exists(operation):
        raise KeyError(operation)
    shape = input_shape(operation)
    if shape is None:
        return []
    walk = _Walk(allow_references=allow_references, optional=frozenset(omit))
    walk.visit(shape, params, "")
    return walk.faults


def step_violations(step: Mapping[str, Any]) -> list[str]:
    """What AWS would refuse in one step of a pipeline definition, its `Arguments` held against the call it makes.

    Names that the service generates (of jobs and models) may be absent. Steps nested in a Condition are not
    entered, and references are checked for their form only: `definition_violations` does both.
    """
    kind, name = step.get("Type"), step.get("Name", "?")
    if not isinstance(kind, str) or kind not in STEP_CALLS:
        known = ", ".join(sorted(STEP_CALLS))
        return [f"Unknown step type {kind!r} of step '{name}': use one of {known}"]
    faults = [f"Unknown member '{key}'" for key in sorted(set(step) - step_keys(kind))]
    call = STEP_CALLS[kind]
    if call.operation:
        arguments = step.get("Arguments")
        given = set(arguments) if isinstance(arguments, dict) else set()
        faults += [f"Unknown Argument member '{key}'" for key in sorted(call.refused & given)]
        faults += violations(call.operation, arguments, allow_references=True, omit=call.generated)
    return [f"Step '{name}': {fault}" for fault in faults]


def check(operation: str, params: Any) -> None:
    """Raise AwsError (ValidationException) with every fault of a request, worded as AWS does."""
    faults = violations(operation, params)
    if faults:
        plural = "error" if len(faults) == 1 else "errors"
        raise invalid(f"{len(faults)} validation {plural} detected: {'; '.join(faults)}")


def _quote(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}... ({len(text)} characters)"


@dataclass
class _Walk:
    allow_references: bool
    optional: frozenset[str]
    faults: list[str] = field(default_factory=list)

    def visit(self, shape: Shape, value: Any, path: str) -> None:
        kind = shape.type_name
        if self.allow_references and kind in _SCALAR_TYPES and is_reference(value):
            self.faults += reference_faults(value, path)
            return
        accepts, name = _TYPES[kind]
        if not isinstance(value, accepts) or (isinstance(value, bool) and kind != "boolean"):
            at = f"at '{path}'" if path else "of the request"
            self.faults.append(f"Value {_quote(value)!r} {at} has the wrong type: expected {name}")
            return
        visitor = _VISITORS.get(kind)
        if visitor:
            visitor(self, shape, value, path)

    def structure(self, shape: Shape, value: dict[str, Any], path: str) -> None:
        optional = self.optional if not path else frozenset()
        for name in shape.required_members:
            if value.get(name) is None and name not in optional:
                self.constraint(path, name, "null", "not be null")
        for name, item in value.items():
            if name not in shape.members:
                self.faults.append(f"Unknown member '{_join(path, name)}'")
            elif item is not None:
                self.visit(shape.members[name], item, _join(path, name))
        if getattr(shape, "is_tagged_union", False) and len(value) != 1:
            self.faults.append(f"Value at '{path}' must have exactly one of {sorted(shape.members)}")

    def items(self, shape: Shape, value: list[Any], path: str) -> None:
        self.length(shape, value, path)
        for index, item in enumerate(value):
            self.visit(shape.member, item, f"{path}[{index}]")

    def entries(self, shape: Shape, value: dict[str, Any], path: str) -> None:
        self.length(shape, value, path)
        for key, item in value.items():
            self.visit(shape.key, key, f"{path} (key)")
            self.visit(shape.value, item, f"{path}[{key!r}]")

    def text(self, shape: Shape, value: str, path: str) -> None:
        self.length(shape, value, path)
        enum, pattern = getattr(shape, "enum", None), shape.metadata.get("pattern")
        if enum and value not in enum:
            self.constraint("", path, value, f"satisfy enum value set: [{', '.join(enum)}]")
        # A text that is too long is not matched: some of the patterns backtrack.
        if pattern and len(value) <= shape.metadata.get("max", len(value)) and not compiled(pattern).fullmatch(value):
            self.constraint("", path, value, f"satisfy regular expression pattern: {pattern}")

    def number(self, shape: Shape, value: float, path: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and value < low:
            self.constraint("", path, value, f"have value greater than or equal to {low}")
        if high is not None and value > high:
            self.constraint("", path, value, f"have value less than or equal to {high}")

    def length(self, shape: Shape, value: Collection[Any], path: str) -> None:
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and len(value) < low:
            self.constraint("", path, value, f"have length greater than or equal to {low}")
        if high is not None and len(value) > high:
            self.constraint("", path, value, f"have length less than or equal to {high}")

    def constraint(self, path: str, name: str, value: Any, rule: str) -> None:
        shown = "null" if value == "null" else f"'{_quote(value)}'"
        self.faults.append(f"Value {shown} at '{_join(path, name)}' failed to satisfy constraint: Member must {rule}")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


_NUMBERS = (int, float)
_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "structure": ((dict,), "an object"),
    "map": ((dict,), "an object"),
    "list": ((list, tuple), "a list"),
    "string": ((str,), "a string"),
    "character": ((str,), "a string"),
    "integer": ((int,), "an integer"),
    "long": ((int,), "an integer"),
    "float": (_NUMBERS, "a number"),
    "double": (_NUMBERS, "a number"),
    "boolean": ((bool,), "true or false"),
    "timestamp": ((int, float, str, datetime), "a time"),
    "blob": ((str, bytes, bytearray), "base64 text"),
}
_SCALAR_TYPES = frozenset(_TYPES) - {"structure", "map", "list"}
_VISITORS: dict[str, Callable[[_Walk, Shape, Any, str], None]] = {
    "structure": _Walk.structure,
    "map": _Walk.entries,
    "list": _Walk.items,
    "string": _Walk.text,
    "integer": _Walk.number,
    "long": _Walk.number,
    "float": _Walk.number,
    "double": _Walk.number,
}
