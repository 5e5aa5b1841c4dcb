"""What differs between the two sides of a change, field by field."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.review.masking import CUT, UNKNOWN
from sagekeep.review.model import Change

_LONGEST = 90  # characters of a value in a sentence
_ABSENT: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True)
class Difference:
    """One field; `path` is dotted, `before` or `after` is None where it is not there."""

    path: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """`path: before → after`."""
        if self.before in _ABSENT:
            return f"{self.path}: {shown(self.after)} is new"
        if self.after in _ABSENT:
            return f"{self.path}: {shown(self.before)} goes"
        return f"{self.path}: {shown(self.before)} → {shown(self.after)}"


def shown(value: Any) -> str:
    """A value in a sentence, short."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}{CUT}"


def differences(change: Change, *, but: Collection[str] = ()) -> list[Difference]:
    """All fields that differ, in the order of their paths; what is not known yet reads so. `but`: without these."""
    before, after = change.before, with_unknown(change.after, change.unknown)
    if but:
        before, after = ({k: v for k, v in side.items() if k not in but} for side in (before, after))
    return sorted(compare(before, after), key=lambda d: d.path)


def with_unknown(value: Any, unknown: Any) -> Any:
    """A value in which what is known after the apply says so."""
    if unknown is True:
        return UNKNOWN
    if isinstance(unknown, Mapping):
        known = value if isinstance(value, Mapping) else {}
        return {**known, **{k: with_unknown(known.get(k), u) for k, u in unknown.items() if _any(u)}}
    if isinstance(unknown, list) and isinstance(value, list | None):
        known_items = list(value or ())
        known_items += [None] * (len(unknown) - len(known_items))
        marks = unknown + [False] * (len(known_items) - len(unknown))
        return [with_unknown(item, mark) for item, mark in zip(known_items, marks, strict=True)]
    return value


def _any(tree: Any) -> bool:
    if isinstance(tree, Mapping):
        return any(_any(item) for item in tree.values())
    if isinstance(tree, list):
        return any(_any(item) for item in tree)
    return bool(tree)


def compare(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """Fields of two JSON values that differ; lists of plain values are one field, JSON in texts is read."""
    if before == after or (before in _ABSENT and after in _ABSENT):
        return
    before, after = _read(before, after)
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from compare(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    elif _of_objects(before) and _of_objects(after) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from compare(old, new, f"{path}.{number}")
    elif before != after:
        yield Difference(path, before, after)


def _read(before: Any, after: Any) -> tuple[Any, Any]:
    """Both sides as objects where both are texts of JSON objects."""
    pair = (before, after)
    if all(isinstance(side, str) and side.startswith("{") for side in pair):
        try:
            return json.loads(before), json.loads(after)
        except ValueError:
            return pair
    return pair


def _of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)


def at(value: Any, path: str) -> Any:
    """The field at a dotted path, None where there is none."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
