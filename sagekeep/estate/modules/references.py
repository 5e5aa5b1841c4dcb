"""What a stack reads from the states of others, as variables of its module."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.estate.modules.module import Block, Wire

REMOTE_STATE = "terraform_remote_state"
_OUTPUT = re.compile(rf"data\.{REMOTE_STATE}\.([\w-]+)\.outputs\.([\w-]+)")
_ANY = re.compile(rf"data\.{REMOTE_STATE}\.([\w-]+)")


@dataclass(frozen=True)
class Reads:
    """A stack's reads of other stacks of its environment.

    Attributes:
        stacks: name of the data source -> stack whose state it reads. States of other estates are not among them.
        variables: what is read -> name of the variable that takes its place.
    """

    stacks: Mapping[str, str]
    variables: Mapping[Wire, str]

    @classmethod
    def of(cls, document: Block, documents: Mapping[str, Block], taken: Collection[str]) -> Reads:
        """The reads in a stack's Terraform; `documents`: all stacks; `taken`: names that variables cannot have."""
        places = {_state(*_backend(other)): name for name, other in documents.items() if _backend(other)}
        sources = document.get("data", {}).get(REMOTE_STATE, {})
        found = {name: places.get(_state(body["backend"], body["config"])) for name, body in sources.items()}
        stacks = {name: stack for name, stack in found.items() if stack}
        texts = [text for section in ("resource", "data", "check", "output") for text in strings(document.get(section))]
        wires = {
            Wire(stacks[source], output)
            for text in texts
            for source, output in _OUTPUT.findall(text)
            if source in stacks
        }
        times = Counter(wire.output for wire in wires)
        names = {
            wire: wire.output
            if times[wire.output] == 1 and wire.output not in taken
            else f"{wire.module}_{wire.output}"
            for wire in sorted(wires, key=lambda wire: (wire.module, wire.output))
        }
        return cls(stacks, names)

    @property
    def wires(self) -> dict[str, Wire]:
        """Variable -> what it stands for."""
        return {name: wire for wire, name in self.variables.items()}

    def rewritten(self, value: Any) -> Any:
        """The value with `var.x` in place of each read.

        Raises:
            OperationError: it refers to another stack's state in another way than `outputs.<name>`.
        """
        return mapped(value, self._text)

    def without_sources(self, body: Block) -> dict[str, Any]:
        """The block without `depends_on` of the data sources that go."""
        gone = {f"data.{REMOTE_STATE}.{name}" for name in self.stacks}
        kept = [needed for needed in body.get("depends_on", ()) if needed not in gone]
        rest = {name: value for name, value in body.items() if name != "depends_on"}
        return rest | ({"depends_on": kept} if kept else {})

    def _text(self, text: str) -> str:
        made = _OUTPUT.sub(self._variable, text)
        if left := [name for name in _ANY.findall(made) if name in self.stacks]:
            raise OperationError(
                f"only `outputs.<name>` of data.{REMOTE_STATE}.{left[0]} can become a variable: {text}"
            )
        return made

    def _variable(self, found: re.Match[str]) -> str:
        source, output = found.groups()
        return f"var.{self.variables[Wire(self.stacks[source], output)]}" if source in self.stacks else found[0]


def mapped(value: Any, change: Callable[[str], str]) -> Any:
    """The value with every string in it changed; keys stay."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: mapped(inner, change) for name, inner in value.items()}
    return [mapped(inner, change) for inner in value] if isinstance(value, list) else value


def strings(value: Any) -> Iterator[str]:
    """Every string in the value; no keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (Mapping, list)):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from strings(inner)


def _backend(document: Block) -> tuple[str, Block] | tuple[()]:
    return next(iter(document.get("terraform", {}).get("backend", {}).items()), ())


def _state(backend: str, config: Block) -> tuple[str, ...]:
    """Where a state lies: the same for the backend that writes it and the data source that reads it."""
    return (backend, *(str(config.get(part, "")) for part in ("bucket", "key", "path")))
