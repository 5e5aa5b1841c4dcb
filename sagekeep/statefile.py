"""Reads Terraform's state documents: how old one is, and what it holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class StateDocument:
    """One version of a stack's state.

    Attributes:
        raw: the bytes as stored.
        lineage: the same for all versions of one state.
        serial: grows with every change.
        resources: managed resources: address -> attributes.
    """

    raw: bytes
    lineage: str
    serial: int
    resources: dict[str, dict[str, Any]]

    @property
    def identities(self) -> frozenset[tuple[str, str]]:
        """Address and id of every managed resource: two states of the same resources have the same."""
        return frozenset((address, str(found.get("id", ""))) for address, found in self.resources.items())


def parse(raw: bytes) -> StateDocument:
    """The state in `raw`.

    Raises:
        ValueError: it is no Terraform state.
    """
    document = json.loads(raw)
    if not isinstance(document, dict):
        raise ValueError("no Terraform state: not a JSON object")  # noqa: TRY004 - as for any other text
    return StateDocument(raw, document.get("lineage", ""), document.get("serial", 0), dict(_resources(document)))


def read(file: Path) -> StateDocument | None:
    """The state in a file, or None where there is none that can be read, or none with a resource in it."""
    try:
        state = parse(file.read_bytes())  # read once: terraform may be writing it
    except (FileNotFoundError, ValueError):
        return None
    return state if state.resources else None


def is_damaged(file: Path) -> bool:
    """True for a file whose writer was killed half-way."""
    try:
        parse(file.read_bytes())
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return False


def _resources(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for resource in document.get("resources", []):
        if resource.get("mode") == "managed":
            for instance in resource.get("instances", []):
                yield f"{resource['type']}.{resource['name']}", instance.get("attributes") or {}
