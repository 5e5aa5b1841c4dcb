"""References inside a pipeline definition: `Get`, `Std:Join`, `Std:JsonGet` (developer guide, pipeline definition)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_SCALARS = (str, int, float, bool)
_TOKEN = re.compile(r"(?:^|\.)([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


def is_reference(value: Any) -> bool:
    """True for an object whose one key is `Get` or begins with `Std:`."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    key = next(iter(value))
    return isinstance(key, str) and (key == "Get" or key.startswith("Std:"))


def reference_faults(value: dict[str, Any], path: str) -> list[str]:
    """What is wrong with the form of a reference; whether it resolves is checked with the whole definition."""
    key, body = next(iter(value.items()))
    check = _FORMS.get(key)
    if check is None:
        return [f"Unknown function '{key}' at '{path}': use Get, Std:Join or Std:JsonGet"]
    return check(body, path)


def _get(body: Any, path: str) -> list[str]:
    if isinstance(body, str) and tokens(body):
        return []
    return [f"Get at '{path}' must be a path such as Parameters.Name or Steps.Train.ModelArtifacts, got {body!r}"]


def _join(body: Any, path: str) -> list[str]:
    if not isinstance(body, dict) or set(body) != {"On", "Values"} or not isinstance(body["On"], str):
        return [f"Std:Join at '{path}' must have the members On (a string) and Values (a list)"]
    if not isinstance(body["Values"], list) or not body["Values"]:
        return [f"Std:Join at '{path}' needs at least one value"]
    return [fault for item in body["Values"] for fault in _operand(item, f"{path}.Values")]


def _json_get(body: Any, path: str) -> list[str]:
    sources = {"PropertyFile", "S3Uri"} & set(body) if isinstance(body, dict) else set()
    if len(sources) != 1 or set(body) != sources | {"Path"} or not isinstance(body["Path"], str):
        return [f"Std:JsonGet at '{path}' must have Path (a string) and one of PropertyFile, S3Uri"]
    return _operand(body[sources.pop()], path)


def _operand(value: Any, path: str) -> list[str]:
    if is_reference(value):
        return reference_faults(value, path)
    return [] if isinstance(value, _SCALARS) else [f"Value {value!r} at '{path}' is neither a scalar nor a reference"]


_FORMS = {"Get": _get, "Std:Join": _join, "Std:JsonGet": _json_get}


def gets(value: Any) -> Iterator[str]:
    """The text of every well-formed `Get` in a document, in order."""
    if is_reference(value) and isinstance(value.get("Get"), str):
        yield value["Get"]
    elif isinstance(value, dict):
        for item in value.values():
            yield from gets(item)
    elif isinstance(value, list):
        for item in value:
            yield from gets(item)


def tokens(text: str) -> list[str | int]:
    """A path's parts: names and quoted keys as strings, positions as integers; [] when it is not a path.

    >>> tokens("Steps.Prep.Outputs['train'].S3Uri")
    ['Steps', 'Prep', 'Outputs', 'train', 'S3Uri']
    """
    parts: list[str | int] = []
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() != position:
            return []
        position = match.end()
        name, index, single, double = match.groups()
        parts.append(int(index) if index is not None else next(p for p in (name, single, double) if p is not None))
    return parts if position == len(text) else []
