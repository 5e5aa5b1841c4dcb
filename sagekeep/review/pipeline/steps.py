"""Two definitions step by step, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.review.differences import Difference
from sagekeep.review.differences import compare as compare_values

Json = Mapping[str, Any]


@dataclass(frozen=True)
class StepChange:
    """What changes in a step, or in the parameters; `text` says it."""

    step: str
    text: str


def compare(before: Json, after: Json) -> list[StepChange]:
    """Steps and parameters added, removed and changed, in the order of the definition."""
    found = list(_named("parameter", before.get("Parameters", []), after.get("Parameters", [])))
    found += _named("step", before.get("Steps", []), after.get("Steps", []))
    order_before = [s["Name"] for s in before.get("Steps", [])]
    order_after = [s["Name"] for s in after.get("Steps", [])]
    if sorted(order_before) == sorted(order_after) and order_before != order_after:
        found.append(StepChange("order of steps", f"order of steps: {', '.join(order_after)}"))
    return found


def fields(before: Json, after: Json) -> list[StepChange]:
    """Where no definition can be built: what differs in the configuration."""
    return [StepChange("configuration", d.text) for d in compare_values(before, after)]


def _named(kind: str, before: list[Json], after: list[Json]) -> Iterator[StepChange]:
    old, new = {item["Name"]: item for item in before}, {item["Name"]: item for item in after}
    for name in [*new, *(n for n in old if n not in new)]:
        title = f"{kind} {name}"
        if name not in old:
            yield StepChange(title, f"{title} is new")
        elif name not in new:
            yield StepChange(title, f"{title} goes")
        else:
            for difference in compare_values(_keyed(old[name]), _keyed(new[name])):
                yield StepChange(title, f"{title}: {_short(difference).text}")


def _keyed(value: Any) -> Any:
    """Lists of named things as objects, so that one more does not change the others' places."""
    if isinstance(value, Mapping):
        return {key: _keyed(item) for key, item in value.items()}
    if isinstance(value, list):
        for key in ("Name", "InputName", "OutputName", "ChannelName", "Key", "VariantName"):
            if value and all(isinstance(item, Mapping) and isinstance(item.get(key), str) for item in value):
                return {item[key]: _keyed({k: v for k, v in item.items() if k != key}) for item in value}
        return [_keyed(item) for item in value]
    return value


def _short(difference: Difference) -> Difference:
    """The path without what says nothing."""
    return Difference(difference.path.removeprefix("Arguments."), difference.before, difference.after)
