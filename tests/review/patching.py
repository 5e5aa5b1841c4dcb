"""Changes to a stack's synthesized Terraform, as cases.toml writes them.

`at` is a dotted path in cdk.tf.json; `[sid=Name]` is the item of a list that has that value. One of: `value` sets it,
`append` adds to the list there, `drop = true` takes it away, `rename` gives it another last name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_STEP = re.compile(r"\[(\w+)=([^\]]+)\]|([^.\[]+)")


def patch(file: Path, patches: Sequence[dict[str, Any]]) -> None:
    """Apply them in order."""
    document = json.loads(file.read_text())
    for one in patches:
        _apply(document, one)
    file.write_text(json.dumps(document, indent=2))


def _apply(document: Any, one: dict[str, Any]) -> None:
    steps = [(m[1], m[2]) if m[1] else m[3] for m in _STEP.finditer(one["at"])]
    place = document
    for step in steps[:-1]:
        place = place[_key(place, step)]
    last = _key(place, steps[-1])
    if "value" in one:
        place[last] = one["value"]
    elif "append" in one:
        place.setdefault(last, []).append(one["append"]) if isinstance(place, dict) else place[last].append(
            one["append"]
        )
    elif "rename" in one:
        place[one["rename"]] = place.pop(last)
    else:
        del place[last]
        if not place:  # Terraform takes no type without a name
            _apply(document, {"at": one["at"].rpartition(".")[0], "drop": True})


def _key(place: Any, step: Any) -> Any:
    if isinstance(step, tuple):
        return next(n for n, item in enumerate(place) if item.get(step[0]) == step[1])
    return int(step) if isinstance(place, list) else step
