"""`sagekeep estate export`: an environment's stacks as Terraform modules for HCL roots.

They are made from what main.py wrote, and from nothing else: what was proved and scanned is what is exported.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sagekeep.estate import folder as folders
from sagekeep.estate.modules import readme
from sagekeep.estate.modules.joined import root_of
from sagekeep.estate.modules.module import NOT_EXPORTED, Module
from sagekeep.estate.modules.stack import ASSETS, module_of
from sagekeep.synthesis import Stack, Synthesis


def export(synthesis: Synthesis, folder: Path) -> list[Module]:
    """Writes the modules to `folder`/<stack>/ and what joins them to `folder`.

    Raises:
        UsageError: the folder holds something else.
        OperationError: a stack has what a module cannot have, or the disk refuses.
    """
    modules = modules_of(synthesis)
    folders.write(folder, files_of(modules, synthesis.environment), synthesis.environment)
    return modules


def modules_of(synthesis: Synthesis) -> list[Module]:
    """The modules, producers first.

    Raises:
        OperationError: a stack has what a module cannot have.
    """
    documents = {name: stack.document() for name, stack in synthesis.stacks.items()}
    exported = [stack for name, stack in synthesis.stacks.items() if name not in NOT_EXPORTED]
    return [module_of(stack.name, documents, _assets(stack), stack.depends_on) for stack in exported]


def files_of(modules: list[Module], environment: str) -> dict[str, bytes]:
    """Path below the export's folder -> contents; the same stacks give the same bytes."""
    root = root_of(modules)
    files = root.files() | {"README.md": readme.of_root(root, modules, environment).encode()}
    for module in modules:
        own: Mapping[str, bytes] = module.files() | {"README.md": readme.of_module(module, environment).encode()}
        files |= {f"{module.name}/{name}": content for name, content in own.items()}
    return files


def _assets(stack: Stack) -> dict[str, bytes]:
    found = sorted(file for file in (stack.folder / ASSETS).rglob("*") if file.is_file())
    return {file.relative_to(stack.folder).as_posix(): file.read_bytes() for file in found}
