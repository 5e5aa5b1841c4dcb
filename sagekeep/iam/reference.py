"""What AWS's Service Authorization Reference says of actions: their resources, and SageMaker's condition keys.

`sagekeep/data/iam.json` has its source and date; `make data` writes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.errors import UsageError

_FILE = Path(__file__).parents[1] / "data" / "iam.json"


@cache
def _document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def replaced_by() -> Mapping[str, str]:
    """Condition keys that AWS has replaced -> their present names, of all services."""
    found: dict[str, str] = _document()["replaced_by"]
    return found


@cache
def sagemaker_keys(action: str) -> tuple[str, ...]:
    """The condition keys of one of SageMaker's actions, given without its service; `aws:RequestTag/*` for any tag.

    Raises:
        UsageError: the reference does not know the action.
    """
    found = _document()["keys"]["of"].get(action)
    if found is None:
        raise UsageError(f"sagemaker:{action}: no such action in {_FILE.name} (source: {_document()['source']})")
    return tuple(found.split())


@cache
def several() -> frozenset[str]:
    """SageMaker's condition keys that have a list of values, also where it is a list of one."""
    return frozenset(_document()["keys"]["several"])


@cache
def _actions(service: str) -> Mapping[str, str]:
    """Resource types of a service's actions, by the action's name in lower case."""
    known = _document()["services"].get(service)
    if known is None:
        raise UsageError(f"{service}: no such service in {_FILE.name} (source: {_document()['source']})")
    return {name.lower(): types for name, types in known["actions"].items()}


@cache
def resources(action: str) -> tuple[str, ...]:
    """ARNs of what an action may be asked of, with `*` for what varies; none: it has no resource form.

    Raises:
        UsageError: the reference does not know the service or the action.
    """
    service, _, name = action.partition(":")
    types = _actions(service.lower()).get(name.lower())
    if types is None:
        raise UsageError(f"{action}: no such action in {_FILE.name} (source: {_document()['source']})")
    arns = _document()["services"][service.lower()]["types"]
    return tuple(arns[kind] for kind in filter(None, types.split(", ")))


def fits(action: str, resource: str) -> bool:
    """Whether AWS has the action for a resource, an ARN or `*`. Raises UsageError as `resources`."""
    patterns = resources(action)
    if resource == "*":
        return True
    return any(_pattern(pattern).fullmatch(resource) for pattern in patterns)


@cache
def _pattern(arn: str) -> re.Pattern[str]:
    """What a `*` stands for: in account and region no colon, at the beginning of a name no slash (a bucket is no object
    of it), and later anything."""
    *place, name = arn.split(":", 5)
    places = (part.replace("*", "[^:]*") for part in place)
    first, *rest = name.split("*")
    varying = ("[^/]*" if not first else ".*", *(".*" for _ in rest[1:]))
    pairs = zip(varying, rest, strict=False)
    return re.compile(
        ":".join(places) + ":" + re.escape(first) + "".join(any_ + re.escape(part) for any_, part in pairs)
    )
