"""A Terraform module as data, and the files that it is written to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Block = Mapping[str, Any]
NOT_EXPORTED = ("state",)  # stacks that become no module: an HCL root has a place of its own for its state


@dataclass(frozen=True)
class Wire:
    """An output of another module that a variable is meant for."""

    module: str
    output: str


@dataclass(frozen=True)
class Place:
    """Where the names in a module are valid.

    Attributes:
        accounts: account ids of the provider's `allowed_account_ids`.
        region: the provider's region.
        tags: its default tags, which the resources of the module have themselves.
    """

    accounts: tuple[str, ...] = ()
    region: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Module:
    """A module.

    Attributes:
        terraform: required versions of Terraform and providers.
        main: the blocks of main.tf.json: `resource`, `data`, `check`, `locals`, `module`.
        variables: name -> block.
        wires: variable -> the output of another module that it is meant for.
        outputs: name -> block.
        moved: `moved` blocks, in a file of their own: scanners stumble over them.
        guard: data sources whose postconditions refuse another account or region.
        after: modules that must be applied before this one.
        assets: path in the module -> contents of a file that resources refer to.
    """

    name: str
    terraform: Block
    main: Block
    variables: Mapping[str, Block]
    outputs: Mapping[str, Block]
    wires: Mapping[str, Wire] = field(default_factory=dict)
    moved: tuple[Block, ...] = ()
    guard: Block = field(default_factory=dict)
    place: Place = Place()
    after: tuple[str, ...] = ()
    assets: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def resources(self) -> int:
        """How many resources it makes."""
        return sum(len(bodies) for bodies in self.main.get("resource", {}).values())

    def document(self) -> dict[str, Any]:
        """For a machine."""
        needed = sorted(name for name, block in self.variables.items() if required(block))
        return {
            "name": self.name,
            "resources": self.resources,
            "required": needed,
            "optional": sorted(set(self.variables) - set(needed)),
            "outputs": sorted(self.outputs),
        }

    def files(self) -> dict[str, bytes]:
        """Path in the module's folder -> contents. The same module gives the same bytes."""
        documents = {
            "main.tf.json": self.main,
            "variables.tf.json": {"variable": self.variables} if self.variables else {},
            "outputs.tf.json": {"output": self.outputs} if self.outputs else {},
            "versions.tf.json": {"terraform": self.terraform},
            "moved.tf.json": {"moved": self.moved} if self.moved else {},
            "guard.tf.json": self.guard,
        }
        return {name: _json(document) for name, document in documents.items() if document} | dict(self.assets)


def required(block: Block) -> bool:
    """True where a call of the module must give the variable."""
    return "default" not in block


def _json(document: Block) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
