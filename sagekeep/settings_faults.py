"""Faults in a settings file, in the words of the person who wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from sagekeep.errors import ToolkitError


@dataclass(frozen=True)
class Fault:
    """A key (dotted), the rule that its value breaks, and the value; a value of None is not shown."""

    key: str
    rule: str
    value: object

    def __str__(self) -> str:
        return f"{self.key}: {self.rule}" + ("" if self.value is None else f" (got {self.value!r})")


class SettingsError(ToolkitError):
    """Settings break rules; `faults` holds all of them. Raised before any resource is built."""

    exit_code = 2

    def __init__(self, source: str, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        count = f"{len(faults)} setting{'s' * (len(faults) != 1)} to mend"
        super().__init__("\n".join([f"{source}: {count}", *(f"  {fault}" for fault in faults)]))


# What pydantic calls a fault -> what we say; anything else keeps pydantic's own words.
_RULES = {
    "missing": "is required",
    "string_type": "must be text in quotes",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
}


def faults_of(error: ValidationError, model: type[BaseModel]) -> list[Fault]:
    """The faults that pydantic found, one a key and rule."""
    faults = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"])
        kind = detail["type"]
        if kind == "extra_forbidden":
            faults.append(Fault(key, _unknown(detail["loc"], model), detail["input"]))
            continue
        rule = detail["ctx"]["rule"] if kind == "rule" else _RULES.get(kind, _lower(detail["msg"]))
        faults.append(Fault(key, rule, None if kind == "missing" else detail["input"]))
    return faults


def _lower(message: str) -> str:
    text = message.replace("Input should be", "must be").replace("String should", "must")
    return text[:1].lower() + text[1:]


def _unknown(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """What to say of a key that nobody knows: where else it belongs, or the nearest key of its own section."""
    name = str(location[-1])
    known = dict(_keys(model))
    section = ".".join(str(part) for part in location[:-1])
    siblings = [key.rpartition(".")[2] for key in known if key.rpartition(".")[0] == section]
    near = get_close_matches(name, siblings, n=1)
    elsewhere = [key for key in known if key.rpartition(".")[2] == name]
    if elsewhere:
        return f"is not a known key here; did you mean {elsewhere[0]!r}?"
    if near:
        return f"is not a known key; did you mean {near[0]!r}?"
    return f"is not a known key; known here: {', '.join(sorted(siblings))}"


def _keys(model: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        if name == "environment":
            continue
        yield f"{path}{name}", field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{path}{name}.")
