"""The root: a module that calls those of the stacks and joins outputs to variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sagekeep.estate.modules.module import Block, Module, Wire

ROOT = ""


def root_of(modules: Sequence[Module]) -> Module:
    """What joins the modules.

    Variables that no module answers are its own: one for all modules that have it, unless their types or meanings
    differ. It outputs what the modules output.
    """
    made = {module.name for module in modules}
    open_ends = [
        (module, name, block)
        for module in modules
        for name, block in module.variables.items()
        if name not in module.wires or module.wires[name].module not in made
    ]
    names = _names(open_ends)
    calls = {module.name: _call(module, made, names) for module in modules}
    return Module(
        name=ROOT,
        terraform=modules[0].terraform,
        main={"module": calls},
        variables=_variables(open_ends, names),
        outputs=_outputs(modules),
        place=modules[0].place,
    )


def _names(open_ends: Sequence[tuple[Module, str, Block]]) -> dict[tuple[str, str], str]:
    """(module, its variable) -> the root's variable."""
    meanings: dict[str, set[tuple[str, str, Wire | None]]] = {}
    for module, name, block in open_ends:
        meanings.setdefault(name, set()).add(_meaning(module, name, block))
    return {
        (module.name, name): name if len(meanings[name]) == 1 else f"{module.name}_{name}"
        for module, name, _ in open_ends
    }


def _meaning(module: Module, name: str, block: Block) -> tuple[str, str, Wire | None]:
    said = "" if name == "tags" else str(block.get("description", ""))
    return str(block.get("type", "any")), said, module.wires.get(name)


def _variables(open_ends: Sequence[tuple[Module, str, Block]], names: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Each with the rules of all modules that it goes to."""
    made: dict[str, dict[str, Any]] = {}
    for module, name, block in open_ends:
        variable = made.setdefault(names[module.name, name], dict(block) | {"validation": []})
        renamed = names[module.name, name] != name
        rules = [] if renamed else block.get("validation", [])  # a renamed one is checked in its module
        variable["validation"] += [rule for rule in rules if rule not in variable["validation"]]
    return {name: {k: v for k, v in block.items() if k != "validation" or v} for name, block in made.items()}


def _call(module: Module, made: set[str], names: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    arguments = {
        name: f"${{var.{names[module.name, name]}}}"
        if (module.name, name) in names
        else f"${{module.{module.wires[name].module}.{module.wires[name].output}}}"
        for name in module.variables
    }
    joined = {module.wires[name].module for name in module.wires}
    alone = [f"module.{other}" for other in module.after if other in made and other not in joined]
    return {"source": f"./{module.name}", **arguments} | ({"depends_on": alone} if alone else {})


def _outputs(modules: Sequence[Module]) -> dict[str, Any]:
    times = Counter(name for module in modules for name in module.outputs)
    return {
        name if times[name] == 1 else f"{module.name}_{name}": {
            "value": f"${{module.{module.name}.{name}}}",
            **{key: block[key] for key in ("description", "sensitive") if key in block},
        }
        for module in modules
        for name, block in module.outputs.items()
    }
