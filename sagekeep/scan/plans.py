"""Which stack a plan is of: terraform writes no name into it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sagekeep.errors import UsageError
from sagekeep.synthesis import Stack


def stacks_of(files: Sequence[Path], stacks: Mapping[str, Stack]) -> dict[str, Path]:
    """Stack -> its plan, told by the managed resources of its configuration.

    `files`: what `terraform show -json PLAN` printed.

    Raises:
        UsageError: a file is no plan, or one of other stacks or of stacks as they were before a change.
    """
    known = {frozenset(_managed(stack.document())): name for name, stack in stacks.items()}
    found: dict[str, Path] = {}
    for file in files:
        name = known.get(frozenset(_planned(file)))
        if name is None:
            hint = "make the plan anew from these stacks: terraform plan -out FILE, terraform show -json FILE"
            raise UsageError(f"{file} is a plan of none of the stacks {', '.join(stacks)}", hint=hint)
        found[name] = file
    return found


def _managed(document: Mapping[str, Any]) -> list[str]:
    return [f"{kind}.{name}" for kind, group in document.get("resource", {}).items() for name in group]


def _planned(file: Path) -> list[str]:
    try:
        plan = json.loads(file.read_text(encoding="utf-8"))
        resources = plan["configuration"]["root_module"].get("resources", ())
        return [resource["address"] for resource in resources if resource["mode"] == "managed"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        hint = "terraform show -json PLAN > FILE"
        raise UsageError(f"{file} holds no plan as JSON", hint=hint) from error
