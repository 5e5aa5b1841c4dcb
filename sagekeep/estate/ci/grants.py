"""The table data/grants/*.toml: what Terraform's provider asks AWS for, by type of resource.

A row's members:
  sid          the end of its statements' Sids, which begin with Read, Keep or Change; rows of one sid have the same
               conditions and make one statement
  of           types of resources that it is for, or of data sources (`data.aws_lambda_invocation`); `*` for every stack
  on           the ARNs: `{words}` are arguments of those resources, so each resource makes one
  named_by     types whose arguments the words are, where they are not those of `of`
  reads        actions of plan role and deploy role
  writes       actions of the deploy role
  having       arguments that a resource must have (true, or not empty) to be one of those that make ARNs
  needs        words that the environment must have, else the row is not for it
  only         conditions of conditions.toml, for reads and writes
  writes_only  more of them for writes
  source       where it is written that the actions are needed
  why          why the resource is `*`
  unseen       actions that no recorded deployment has sent, each with the reason why they are there
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.errors import UsageError

DATA = Path(__file__).parents[1] / "data"
EVERY_STACK = "*"
_NEEDED = {"sid", "of", "on", "source"}
_MEMBERS = _NEEDED | {"named_by", "having", "needs", "reads", "writes", "only", "writes_only", "why", "unseen"}


@dataclass(frozen=True)
class Grant:
    """One row; see the module's text. `file` is the name of its file, without ending."""

    file: str
    sid: str
    of: tuple[str, ...]
    on: tuple[str, ...]
    source: str
    named_by: tuple[str, ...] = ()
    having: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    writes_only: tuple[str, ...] = ()
    why: str = ""
    unseen: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Condition:
    """A condition by name; keys and values may hold `{words}`. One whose words are empty is left out."""

    operator: str
    keys: Mapping[str, tuple[str, ...]]


@cache
def grants() -> tuple[Grant, ...]:
    """All rows, in the order of files and rows. Raises UsageError for a faulty one."""
    found = tuple(_rows())
    first: dict[str, Grant] = {}
    for grant in found:
        other = first.setdefault(grant.sid, grant)
        if (other.only, other.writes_only) != (grant.only, grant.writes_only):
            raise UsageError(f"{DATA / 'grants'}: rows with the sid {grant.sid} have different conditions")
    return found


@cache
def conditions() -> Mapping[str, Condition]:
    """The conditions of conditions.toml by name."""
    found = tomllib.loads((DATA / "conditions.toml").read_text(encoding="utf-8"))
    return {
        name: Condition(operator, {key: _texts(value) for key, value in keys.items()})
        for name, block in found.items()
        for operator, keys in block.items()
    }


def known_types() -> frozenset[str]:
    """Every type that has a row."""
    return frozenset(kind for grant in grants() for kind in grant.of) - {EVERY_STACK}


def _rows() -> Iterator[Grant]:
    for file in sorted((DATA / "grants").glob("*.toml")):
        for body in tomllib.loads(file.read_text(encoding="utf-8"))["grant"]:
            _check(body, f"{file.name}: {body.get('sid', '(no sid)')}")
            texts = {name: _texts(value) for name, value in body.items() if isinstance(value, list)}
            yield Grant(**{**body, **texts, "file": file.stem})


def _check(body: Mapping[str, Any], where: str) -> None:
    if unknown := sorted(set(body) - _MEMBERS):
        raise UsageError(f"{where}: unknown: {', '.join(unknown)}")
    if missing := sorted(name for name in _NEEDED if not body.get(name)):
        raise UsageError(f"{where}: missing: {', '.join(missing)}")
    if strange := sorted({*body.get("only", ()), *body.get("writes_only", ())} - set(conditions())):
        raise UsageError(f"{where}: conditions.toml has no {', '.join(strange)}")
    if ("*" in body["on"]) != bool(body.get("why")):
        raise UsageError(f"{where}: `*` needs a why, and nothing else has one")
    actions = {*body.get("reads", ()), *body.get("writes", ())}
    if not actions or set(body.get("unseen", {})) - actions:
        raise UsageError(f"{where}: has no actions, or unseen ones that are not its own")


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
