"""Sensitive values are taken out where a plan is read, so that no output can show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

MASK = "(sensitive value)"
CHANGED = "(sensitive value, changed)"
UNKNOWN = "(known after apply)"
CUT = "…"  # stands where a long value ends
_SHORTEST_SECRET = 6  # characters; shorter ones stand in other words by chance


def mask(value: Any, sensitive: Any, secrets: set[str], *, other: Any = None, marked: Any = None) -> Any:
    """A value without what is sensitive.

    Args:
        value: an attribute's value, or a whole resource's.
        sensitive: Terraform's tree beside it: true where the value and all below it is sensitive.
        secrets: takes the texts that were masked.
        other: the value on the other side of the change: where it differs the mask says so.
        marked: the other side's tree: what is sensitive on one side is sensitive on both.
    """
    if sensitive is True or marked is True:
        if value is None:
            return None
        secrets.update(text for text in _texts(value) if len(text) >= _SHORTEST_SECRET)
        return MASK if other is None or other == value else CHANGED
    if isinstance(value, dict) and (sensitive or marked):
        return {
            key: mask(item, _at(sensitive, key), secrets, other=_at(other, key), marked=_at(marked, key))
            for key, item in value.items()
        }
    if isinstance(value, list) and (sensitive or marked):
        return [
            mask(item, _at(sensitive, n), secrets, other=_at(other, n), marked=_at(marked, n))
            for n, item in enumerate(value)
        ]
    return value


def _at(tree: Any, key: str | int) -> Any:
    if isinstance(tree, dict):
        return tree.get(key)
    return tree[key] if isinstance(tree, list) and isinstance(key, int) and key < len(tree) else None


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else [] if value is None or isinstance(value, bool) else [str(value)]


def spread(tree: Any, *sides: Any) -> Any:
    """The tree of a whole resource that is sensitive, attribute by attribute: it stays an object."""
    return {key: True for side in sides for key in side} if tree is True else tree


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Secrets as sentences may hold them, the longest first: white space collapsed, within JSON, as a first word."""
    found: set[str] = set()
    for secret in secrets:
        quoted = (json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
        found |= {form for text in (secret, *quoted) for form in (text, " ".join(text.split()))}
    found |= {form[:1].upper() + form[1:] for form in found}
    return tuple(sorted((form for form in found if len(form) >= _SHORTEST_SECRET), key=lambda f: (-len(f), f)))


def redact(text: str, secrets: Sequence[str]) -> str:
    """The text without any secret, also where Terraform let one stand in a value that it does not call sensitive.

    Args:
        secrets: as `spellings` gives them.
    """
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return _without_beginnings(text, secrets) if CUT in text else text


def _without_beginnings(text: str, secrets: Sequence[str]) -> str:
    """Where a long value was cut, the beginning of a secret may stand before the cut."""
    parts = text.split(CUT)
    for number, part in enumerate(parts[:-1]):
        for secret in secrets:
            start = part.rfind(secret[:_SHORTEST_SECRET])
            if start >= 0 and secret.startswith(part[start:]):
                parts[number] = part[:start] + MASK
                break
    return CUT.join(parts)
