"""The values of references while an execution runs: `Get`, `Std:Join` and `Std:JsonGet`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.references import is_reference, tokens


@dataclass(frozen=True)
class Values:
    """Where references look.

    Attributes:
        parameters: the execution's parameters by name.
        execution: the members of `Execution`.
        step: the properties of a step by its name, as its Describe call answers.
        property_file: the S3 URI of a property file by (step, PropertyFileName).
        read: the content of an S3 object; raises AwsError.
    """

    parameters: Mapping[str, Any]
    execution: Mapping[str, Any]
    step: Callable[[str], Any]
    property_file: Callable[[str, str], str]
    read: Callable[[str], bytes]

    def resolve(self, value: Any) -> Any:
        """The value with every reference replaced; raises AwsError (ValidationException) where one leads nowhere."""
        if is_reference(value):
            function, body = next(iter(value.items()))
            functions: dict[str, Callable[[Any], Any]] = {
                "Get": self._get,
                "Std:Join": self._join,
                "Std:JsonGet": self._json_get,
            }
            return functions[function](body)
        if isinstance(value, dict):
            return {key: self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value

    def _get(self, text: str) -> Any:
        root, *path = tokens(text)
        if root == "Steps":
            return _descend(self.step(str(path[0])), path[1:], f"Get '{text}'")
        source = self.parameters if root == "Parameters" else self.execution
        return _descend(source, path, f"Get '{text}'")

    def _join(self, body: dict[str, Any]) -> str:
        return str(body["On"]).join(_text(self.resolve(item)) for item in body["Values"])

    def _json_get(self, body: dict[str, Any]) -> Any:
        uri = self._file(body["PropertyFile"]) if "PropertyFile" in body else str(self.resolve(body["S3Uri"]))
        try:
            document = json.loads(self.read(uri))
        except ValueError:
            raise invalid(f"The property file {uri} is not JSON.") from None
        path = tokens(body["Path"])
        if not path:
            raise invalid(f"'{body['Path']}' is no path into the property file {uri}.")
        return _descend(document, path, f"Path '{body['Path']}' of the property file {uri}")

    def _file(self, reference: Any) -> str:
        path = tokens(reference["Get"]) if is_reference(reference) and "Get" in reference else []
        if len(path) != 4 or (path[0], path[2]) != ("Steps", "PropertyFiles"):
            raise invalid(f"PropertyFile must be a Get of Steps.<step>.PropertyFiles.<name>, got {reference!r}.")
        return self.property_file(str(path[1]), str(path[3]))


def _descend(value: Any, path: list[str | int], what: str) -> Any:
    for part in path:
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list):
            value = _element(value, part, what)
        else:
            raise invalid(f"{what} does not resolve: there is no '{part}'.")
    return value


def _element(items: list[Any], part: str | int, what: str) -> Any:
    """An element by its position, or by its name: Outputs['train'] is the output whose OutputName is train."""
    found = items[part : part + 1] if isinstance(part, int) else [item for item in items if part in _names(item)]
    if not found:
        raise invalid(f"{what} does not resolve: there is no '{part}'.")
    return found[0]


def _names(item: Any) -> list[Any]:
    return [value for key, value in item.items() if key.endswith("Name")] if isinstance(item, dict) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
