"""The Terraform of all stacks with its references resolved, across stacks too, without Terraform and without AWS.

References (https://developer.hashicorp.com/terraform/language/expressions/references) are followed; what AWS would
compute is a symbol (`symbols.py`); a function call or another expression stays an opaque text that equals only itself.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from sagekeep import names
from sagekeep.errors import OperationError
from sagekeep.partitions import partition_of
from sagekeep.prove.references import References
from sagekeep.prove.symbols import attribute, symbols
from sagekeep.settings_house import DEFAULT_NAME_PATTERN
from sagekeep.synthesis import Synthesis

Document = Mapping[str, Any]

_INTERPOLATION = re.compile(r"(?<!\$)\$\{([^{}]*)\}")
_REFERENCE = re.compile(r"(?:data\.)?[a-z]\w*(?:\.\w+|\[\d+\])+")
_REMOTE = re.compile(r"data\.terraform_remote_state\.(\w+)\.outputs\.(\w+)(?:\[(\d+)\])?")
_DEPTH = 20  # references that lead in a circle end here


@dataclass(frozen=True)
class Resource:
    """A resource or data source.

    Attributes:
        body: its arguments, references resolved.
    """

    stack: str
    kind: str
    name: str
    body: Mapping[str, Any]
    data: bool = False

    @property
    def address(self) -> str:
        """`stack: type.name`."""
        return f"{self.stack}: {'data.' if self.data else ''}{self.kind}.{self.name}"

    def text(self, argument: str) -> str:
        """A string argument, or ""."""
        return str(self.body.get(argument) or "")

    def texts(self, argument: str) -> tuple[str, ...]:
        """A list of strings; empty where there is none."""
        return tuple(texts(self.body.get(argument)))

    def block(self, name: str) -> Mapping[str, Any]:
        """The only block of a name; Terraform JSON has it bare or as a list of one."""
        found = self.body.get(name) or {}
        return cast("Mapping[str, Any]", found[0] if isinstance(found, list) else found)


def texts(value: Any) -> list[str]:
    """A value as a list of strings: Terraform JSON may write one for a list of one, or a reference to a whole list."""
    if value is None:
        return []
    items = value if isinstance(value, list) else [value]
    return [text for item in items for text in (texts(item) if isinstance(item, list) else [_text(item)])]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Terraform:
    """All stacks of an environment.

    Attributes:
        settings: as model.json has them.
        required: what is asked of things that are brought, as model.json has it.
    """

    def __init__(
        self, documents: Mapping[str, Document], settings: Mapping[str, Any], required: Mapping[str, Any] | None = None
    ) -> None:
        self.settings = settings
        self.required = required or {}
        self._documents = documents
        self._known = {
            "account": str(settings["account_id"]),
            "region": str(settings["region"]),
            "partition": partition_of(str(settings["region"])).name,
        }
        self.brought = References(settings.get("existing") or {}, self.required.get("endpoints", {}), self._known)
        addresses = (
            (stack, kind, name)
            for stack, document in documents.items()
            for kind, bodies in document.get("resource", {}).items()
            for name in bodies
        )
        self._symbols = symbols(addresses)

    @classmethod
    def of(cls, synthesis: Synthesis, *, without: Collection[str] = ()) -> Terraform:
        """What a synth wrote, `without` resources of some types.

        Raises:
            OperationError: model.json is missing, or says nothing of account and region.
        """
        if not {"account_id", "region"} <= set(synthesis.settings):
            raise OperationError(
                f"{synthesis.out} has no model.json with account_id and region", hint=synthesis.command("synth")
            )
        documents = {name: stack.document() for name, stack in synthesis.stacks.items()}
        for document in documents.values():
            for kind in without:
                document.get("resource", {}).pop(kind, None)
        settings = {**synthesis.settings, "environment": synthesis.environment}
        return cls(documents, settings, synthesis.model.get("required", {}))

    @property
    def name_start(self) -> str:
        """What the names of the environment begin with, such as `acme-ml-`."""
        s = self.settings
        return names.name_start(
            str(s.get("name_pattern", DEFAULT_NAME_PATTERN)),
            prefix=str(s.get("prefix", "")),
            environment=str(s.get("environment", "")),
            region=self._known["region"],
        )

    @property
    def known(self) -> Mapping[str, str]:
        """Account, region and partition."""
        return self._known

    def resources(self, *kinds: str) -> Iterator[Resource]:
        """Every managed resource of some types, in all stacks."""
        yield from self._all("resource", kinds)

    def data(self, kind: str) -> Iterator[Resource]:
        """Every data source of a type, in all stacks."""
        yield from self._all("data", (kind,))

    def _all(self, block: str, kinds: tuple[str, ...]) -> Iterator[Resource]:
        for stack, document in self._documents.items():
            for kind in kinds:
                for name, body in document.get(block, {}).get(kind, {}).items():
                    yield Resource(stack, kind, name, self.resolve(body, stack), data=block == "data")

    def attribute(self, resource: Resource, name: str) -> str:
        """A computed attribute of a resource, such as its `arn`."""
        prefix = "data." if resource.data else ""
        return _text(self._follow(f"{prefix}{resource.kind}.{resource.name}.{name}", resource.stack, _DEPTH))

    def output(self, name: str) -> Any:
        """The output of that name, of whatever stack has it; None where none has."""
        stacks = (stack for stack, document in self._documents.items() if name in document.get("output", {}))
        return next((self._output(stack, name, None, _DEPTH) for stack in stacks), None)

    def resolve(self, value: Any, stack: str, depth: int = _DEPTH) -> Any:
        """A value of a stack's file with its references resolved. A text that is one reference may become a list."""
        if isinstance(value, Mapping):
            return {key: self.resolve(item, stack, depth) for key, item in value.items() if key != "//"}
        if isinstance(value, list):
            return [self.resolve(item, stack, depth) for item in value]
        if not isinstance(value, str) or "${" not in value or depth == 0:
            return value
        whole = _INTERPOLATION.fullmatch(value)
        if whole:
            return self._follow(whole[1], stack, depth)
        return _INTERPOLATION.sub(lambda found: _text(self._follow(found[1], stack, depth)), value)

    def _follow(self, expression: str, stack: str, depth: int) -> Any:
        expression = expression.strip()
        brought = self.brought.lookup(expression)
        if brought is not None:
            return brought
        remote = _REMOTE.fullmatch(expression)
        if remote:
            return self._output(remote[1], remote[2], remote[3], depth)
        if not _REFERENCE.fullmatch(expression):
            return _opaque(stack, expression)
        words = expression.replace("[", ".").replace("]", "").split(".")
        block = "data" if words[0] == "data" else "resource"
        kind, name, *path = words[1:] if block == "data" else words
        body = self._documents[stack].get(block, {}).get(kind, {}).get(name)
        if body is None or not path:
            return _opaque(stack, expression)
        return self._member(stack, kind, name, body, path, expression, depth)

    def _member(
        self, stack: str, kind: str, name: str, body: Document, path: list[str], expression: str, depth: int
    ) -> Any:
        if kind == "terraform_data" and path[0] == "output":
            path = ["input", *path[1:]]
        value: Any = body
        for word in path:
            value = _item(value, word)
        if value is not None:
            return self.resolve(value, stack, depth - 1)
        arguments = {
            key: item
            for key, item in self.resolve(body, stack, depth - 1).items()
            if isinstance(item, str) and key != "policy"
        }
        known = {**arguments, **self._known, "symbol": self._symbols.get((stack, kind, name), name)}
        return attribute(kind, path[0], known) or _opaque(stack, expression)

    def _output(self, stack: str, name: str, index: str | None, depth: int) -> Any:
        outputs = self._documents.get(stack, {}).get("output", {})
        if name not in outputs:
            return _opaque(stack, f"output.{name}")
        value = self.resolve(outputs[name]["value"], stack, depth - 1)
        return value if index is None else _item(value, index)


def _item(value: Any, word: str) -> Any:
    if isinstance(value, list):
        return value[int(word)] if word.isdigit() and int(word) < len(value) else None
    return value.get(word) if isinstance(value, Mapping) else None


def _opaque(stack: str, expression: str) -> str:
    """Wildcards would match in a policy."""
    return f"<{stack}: {expression}>".replace("*", "#").replace("?", "#")
