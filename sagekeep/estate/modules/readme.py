"""The README of a module: what it makes, how it is called, inputs and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sagekeep.estate.modules.module import NOT_EXPORTED, Block, Module, required

_NAME = "modules"  # of the folder, in the examples


def of_module(module: Module, environment: str) -> str:
    """README.md of a stack's module."""
    counts = {kind: len(bodies) for kind, bodies in module.main.get("resource", {}).items()}
    rows = [(f"`{kind}`", str(number)) for kind, number in sorted(counts.items())]
    return _page(
        f"Module `{module.name}` of {environment}",
        _where(module, environment),
        "## Example",
        _call(module.name, f"./{_NAME}/{module.name}", module),
        "## Makes",
        _table(("resource type", "number"), rows),
        *_interface(module),
    )


def of_root(root: Module, modules: Sequence[Module], environment: str) -> str:
    """README.md of what joins them."""
    rows = [(f"[`{m.name}`]({m.name}/README.md)", ", ".join(f"`{o}`" for o in sorted(m.outputs))) for m in modules]
    return _page(
        f"Modules of {environment}",
        _where(root, environment),
        "This folder is a module that calls all others and joins their outputs and variables. Each can be called alone "
        "as well: then outputs of your own modules, or ids of what you have, take the place of what is not called.",
        "## Example",
        _call("ml", f"./{_NAME}", root),
        _provider(root),
        "## Modules",
        _table(("module", "outputs"), rows),
        *_interface(root),
        "## Rules",
        _rules(root, environment),
    )


def _where(module: Module, environment: str) -> str:
    place = module.place
    valid = f" for account {', '.join(place.accounts)} in {place.region}" if place.accounts and place.region else ""
    return (
        f"Exported from the environment {environment}{valid} by `sagekeep estate export`. Do not edit it: change the "
        "settings and export again."
    )


def _rules(root: Module, environment: str) -> str:
    fixed = ", ".join(f"`{name}`" for name in sorted(root.place.tags)) or "none"
    return f"""\
- There is no provider and no backend in here: both are the caller's.
- Account, region and prefix are part of names and ARNs, so they are fixed. With a provider in another account or region
  the plan fails. For another environment, export that one.
- Whatever else the settings of {environment} say is fixed too: what was checked is what is deployed.
- Tags of the settings ({fixed}) are on the resources themselves. `tags` and the provider's `default_tags` add to them.
- Whoever deploys must be named in `[deploy] roles` of the settings. Otherwise the plan fails, before the policy of the
  bucket locks them out.
- The stack `state` is no module: the state is where the caller's backend has it. Where `state_key_arn` is asked for,
  give the key of that place, so that its use is watched."""


def _provider(root: Module) -> str:
    place = root.place
    rows = [f'  region              = "{place.region}"'] if place.region else []
    rows += [f"  allowed_account_ids = {json.dumps(list(place.accounts))}"] if place.accounts else []
    return "\n".join(("```hcl", 'provider "aws" {', *rows, "}", "```"))


def _call(label: str, source: str, module: Module) -> str:
    """A call with everything that must be given, formatted as `terraform fmt` does."""
    given = {name: _argument(module, name) for name, block in sorted(module.variables.items()) if required(block)}
    width = max(map(len, given), default=0)
    rows = [f"  {name:<{width}} = {value}" for name, value in given.items()]
    return "\n".join(
        ("```hcl", f'module "{label}" {{', f'  source = "{source}"', *([""] if rows else []), *rows, "}", "```")
    )


def _argument(module: Module, name: str) -> str:
    wire = module.wires.get(name)
    return f"module.{wire.module}.{wire.output}" if wire and wire.module not in NOT_EXPORTED else f"var.{name}"


def _interface(module: Module) -> Iterable[str]:
    inputs = [
        (f"`{name}`", f"`{block.get('type', 'any')}`", _default(block), _cell(str(block.get("description", ""))))
        for name, block in sorted(module.variables.items())
    ]
    outputs = [
        (f"`{name}`", _cell(str(block.get("description", "")))) for name, block in sorted(module.outputs.items())
    ]
    if inputs:
        yield "## Inputs"
        yield _table(("name", "type", "default", "description"), inputs)
    if outputs:
        yield "## Outputs"
        yield _table(("name", "description"), outputs)


def _default(block: Block) -> str:
    return "required" if required(block) else f"`{json.dumps(block['default'])}`"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", *parts)) + "\n"
