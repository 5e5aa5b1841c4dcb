"""What AWS takes at most, and how it is counted: `sagekeep/data/limits.toml`, which has every such number."""

from __future__ import annotations

import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("data") / "limits.toml"
_TAG_MARKS = frozenset("_.:/=+-@")


@dataclass(frozen=True)
class Limit:
    """One row.

    Attributes:
        most: in the unit that `counts` names (`COUNTS`).
        terraform: arguments that hold it, such as `aws_iam_policy.policy`.
        calls: parameters of AWS's API that hold it, such as `iam:CreatePolicy.PolicyDocument`.
        error: code with which AWS refuses more.
        adjustable: what AWS raises it to on request; 0 for what stays.
        advice: what to do where a list of the settings is too long, beside making it shorter.
    """

    id: str
    what: str
    most: int
    counts: str
    source: str
    terraform: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    error: str = ""
    adjustable: int = 0
    advice: str = ""

    def size(self, value: str) -> int:
        """Size of a text as AWS counts it here."""
        return COUNTS[self.counts](value)


@cache
def limits() -> Mapping[str, Limit]:
    """Every row by its id."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8"))["limit"]
    return {row["id"]: _limit(row) for row in rows}


def _limit(row: dict[str, Any]) -> Limit:
    lists = {key: tuple(row.get(key, ())) for key in ("terraform", "calls")}
    return Limit(**(row | lists))


def most(id: str) -> int:
    """The number of a row. Raises KeyError for an id that the table has not."""
    return limits()[id].most


@cache
def by_argument() -> Mapping[str, tuple[Limit, ...]]:
    """Rows by Terraform's argument, such as `aws_iam_role.name`."""
    return _by(lambda limit: limit.terraform)


@cache
def by_parameter() -> Mapping[str, tuple[Limit, ...]]:
    """Rows by the parameter of an API call."""
    return _by(lambda limit: limit.calls)


def _by(named: Callable[[Limit], tuple[str, ...]]) -> dict[str, tuple[Limit, ...]]:
    found: dict[str, tuple[Limit, ...]] = {}
    for limit in limits().values():
        for name in named(limit):
            found[name] = (*found.get(name, ()), limit)
    return found


def dense(text: str) -> int:
    """Characters without white space, as IAM counts the policies of identities and roles."""
    return len(re.sub(r"\s", "", text))


def _statements(text: str) -> list[Mapping[str, Any]]:
    found = json.loads(text)["Statement"]
    return found if isinstance(found, list) else [found]


def _conditions(text: str) -> int:
    return sum(len(keys) for s in _statements(text) for keys in s.get("Condition", {}).values())


COUNTS: Mapping[str, Callable[[str], int]] = {
    "characters": len,
    "dense": dense,
    "bytes": lambda text: len(text.encode()),
    "wildcards": lambda text: text.count("*"),
    "conditions": _conditions,
    "statements": lambda text: len(_statements(text)),
    "number": len,
}


def is_tag_text(text: str) -> bool:
    """Whether a tag's key or value has only characters that every service takes: letters, numbers, spaces, _.:/=+-@."""
    return all(unicodedata.category(c)[0] in "LNZ" or c in _TAG_MARKS for c in text)
