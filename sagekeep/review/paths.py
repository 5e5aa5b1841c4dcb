"""Construct paths by Terraform address, from model.json, or from the `//` of cdk.tf.json as CDKTF writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sagekeep.errors import UsageError

Key = tuple[str, str]


def read(files: Iterable[Path]) -> dict[Key, str]:
    """Paths by stack and address.

    Raises:
        UsageError: a file is not JSON.
    """
    found: dict[Key, str] = {}
    for file in files:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"{file}: cannot be read as a model: {error}") from error
        found |= dict(_model(content) if "stacks" in content else _stack(content, file.parent.name))
    return found


def _model(content: Any) -> Iterator[tuple[Key, str]]:
    for stack, written in content["stacks"].items():
        for resource in written.get("resources", ()):
            yield (stack, resource["address"]), resource["path"]


def _stack(content: Any, folder: str) -> Iterator[tuple[Key, str]]:
    stack = content.get("//", {}).get("metadata", {}).get("stackName", folder)
    for kind, bodies in content.get("resource", {}).items():
        for name, body in bodies.items():
            path = body.get("//", {}).get("metadata", {}).get("path") if isinstance(body, dict) else None
            if path:
                yield (stack, f"{kind}.{name}"), path


def beside(plan: Path) -> list[Path]:
    """The model or stack file beside a plan, or where `synth` writes it."""
    places = (plan.parent / "cdk.tf.json", plan.parent / "model.json", plan.parent.parent.parent / "model.json")
    return [place for place in places if place.is_file()][:1]
