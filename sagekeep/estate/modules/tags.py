"""Tags of a module's resources: those that the stack's provider gives, as `default_tags`, and the caller's.

A module has no provider of its own. The tags are on the resources themselves, so whatever reads tags - conditions of
policies, house rules, bills - finds them whoever calls the module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.estate.modules.module import Block, Place

_DATA = Path(__file__).parents[2] / "data" / "taggable.json"
_EXPRESSION = re.compile(r"\$\{(.*)\}", re.DOTALL)


@cache
def taggable() -> frozenset[str]:
    """Resource types that a provider's `default_tags` reach."""
    return frozenset(json.loads(_DATA.read_text(encoding="utf-8"))["types"])


def local(place: Place) -> str:
    """The value of `local.tags`."""
    return f"${{merge(var.tags, {_literal(place.tags, 'default_tags')})}}"


def tagged(kind: str, name: str, body: Block) -> dict[str, Any]:
    """The resource with `local.tags`; its own tags stay, and win as they do over `default_tags`.

    Raises:
        OperationError: its own tags are written in a way that cannot be merged.
    """
    if kind not in taggable():
        return dict(body)
    own = body.get("tags")
    return dict(body) | {
        "tags": f"${{merge(local.tags, {_literal(own, f'{kind}.{name}')})}}" if own else "${local.tags}"
    }


def _literal(tags: Any, where: str) -> str:
    """A map as an expression of Terraform's native syntax."""
    if isinstance(tags, str) and (whole := _EXPRESSION.fullmatch(tags)):
        return whole[1]
    if not isinstance(tags, Mapping):
        raise OperationError(f"{where}: tags are neither a map nor an expression")
    return "{" + ", ".join(f"{json.dumps(key)} = {_value(value, where)}" for key, value in sorted(tags.items())) + "}"


def _value(value: Any, where: str) -> str:
    text = str(value)
    if (whole := _EXPRESSION.fullmatch(text)) and "${" not in whole[1]:
        return whole[1]
    if "${" in text and set('"\\') & set(text):
        raise OperationError(f"{where}: the tag {text!r} mixes text with an expression that has quotes")
    return json.dumps(text, ensure_ascii=False)
