"""The rows of data/: calls that the workload makes, and attempts that must fail. Users may read and extend them.

A row's members: `id`, `does` (a sentence), `who` (a caller of callers.toml, a role's purpose, or a service principal),
`from` (jobs, studio, functions, aws: AWS's own network, internet), `service` (of an endpoint; only for places in the
VPC), `action`, `resource` (a text or a list each; every action is tried on every resource that AWS has it for, by
`sagekeep/iam/reference.py`, and must have one), `context` (condition keys),
`source` (where it is written that the call is made), `when` (settings that it depends on). An attempt also has
`stopped_by`, the barriers that it must meet; `{caller}` in them is the address of the caller's role, `{resource}` that
of the resource's own policy.

Where a row needs them: `like` (shared condition keys of contexts.toml), `granted` (the identity policies are taken to
allow everything besides), `resource_account` (whose the resource is, where its ARN does
not say so and it is not ours). With a list of callers a row
stands for one row each; `{who}` in its resources is the caller, in its
barriers as addresses have it. `user` and `principal` as callers, and `{persona}` in
a row, stand for several people (`people.py`).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sagekeep.errors import UsageError

DATA = Path(__file__).parent / "data"
PLACES = ("jobs", "studio", "functions", "aws", "internet")
_MEMBERS = {
    "id", "does", "who", "from", "service", "action", "resource", "resource_account", "context", "like", "granted",
    "source", "when",
}  # fmt: skip
_MEMBERS_OF_ATTEMPTS = _MEMBERS | {"stopped_by"}
_NEEDED = {"id", "does", "who", "from", "action", "resource", "source"}


@dataclass(frozen=True)
class Row:
    """A call or an attempt; texts may hold `{words}`.

    Attributes:
        stopped_by: barriers that an attempt must meet; empty for a call.
        absent: why nobody can make it here, "" where somebody can (`people.py`).
    """

    id: str
    does: str
    who: str
    place: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    source: str
    service: str = ""
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    when: tuple[str, ...] = ()
    granted: bool = False
    resource_account: str = ""
    stopped_by: tuple[str, ...] = ()
    absent: str = ""


@dataclass(frozen=True)
class CallerRow:
    """A caller who is no role of the estate, or one whose sessions have context keys of their own."""

    name: str
    arn: str = ""
    account: str = "{account}"
    kind: str = "role"
    granted: bool = False
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    when: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kept:
    """What stays although no row needs it.

    Attributes:
        of: `<address>#<Sid>` of a statement, or an endpoint's address.
        actions: only these actions of the statement; empty for the whole.
    """

    of: str
    reason: str
    actions: tuple[str, ...] = ()
    when: tuple[str, ...] = ()


@cache
def calls() -> tuple[Row, ...]:
    """The calls. Raises UsageError for a faulty row."""
    return tuple(_rows("calls", "call", _MEMBERS))


@cache
def attempts() -> tuple[Row, ...]:
    """The attempts. Raises UsageError for a faulty row."""
    return tuple(_rows("attempts", "attempt", _MEMBERS_OF_ATTEMPTS))


@cache
def callers() -> Mapping[str, CallerRow]:
    """Callers by name."""
    found = tomllib.loads((DATA / "callers.toml").read_text(encoding="utf-8"))["caller"]
    return {
        row["name"]: CallerRow(**{**row, "context": _context(row), "when": _texts(row.get("when", []))})
        for row in found
    }


@cache
def contexts() -> Mapping[str, Mapping[str, Any]]:
    """Shared condition keys by name."""
    return tomllib.loads((DATA / "contexts.toml").read_text(encoding="utf-8"))


@cache
def kept() -> tuple[Kept, ...]:
    """What stays without a row that needs it."""
    found = tomllib.loads((DATA / "kept.toml").read_text(encoding="utf-8"))["kept"]
    return tuple(
        Kept(row["of"], row["reason"], tuple(row.get("actions", ())), _texts(row.get("when", []))) for row in found
    )


def _rows(folder: str, kind: str, members: set[str]) -> Iterator[Row]:
    seen: set[str] = set()
    for file in sorted((DATA / folder).glob("*.toml")):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        for body in document.get(kind, []):
            for row in _each(body, f"{file.name}: {body.get('id', '(no id)')}", members):
                if row.id in seen:
                    raise UsageError(f"{file.name}: there is another row {row.id!r}")
                seen.add(row.id)
                yield row


def _each(body: Mapping[str, Any], where: str, members: set[str]) -> Iterator[Row]:
    if not isinstance(body.get("who"), list):
        yield _row(body, where, members)
        return
    for who in body["who"]:
        yield _row({**body, "who": who, "id": f"{body['id']}.{who.partition('.')[0]}"}, where, members)


def _row(body: Mapping[str, Any], where: str, members: set[str]) -> Row:
    if unknown := sorted(set(body) - members):
        raise UsageError(f"{where}: unknown: {', '.join(unknown)}")
    needed = _NEEDED | ({"stopped_by"} & members)
    if missing := sorted(name for name in needed if not body.get(name)):
        raise UsageError(f"{where}: missing: {', '.join(missing)}")
    if body["from"] not in PLACES:
        raise UsageError(f"{where}: from is one of {', '.join(PLACES)} (got {body['from']!r})")
    if body["from"] not in {"aws", "internet"} and not body.get("service"):
        raise UsageError(f"{where}: a call from the VPC needs the service of its endpoint")
    return Row(
        id=body["id"],
        does=body["does"],
        who=body["who"],
        place=body["from"],
        actions=_texts(body["action"]),
        resources=tuple(text.replace("{who}", body["who"]) for text in _texts(body["resource"])),
        source=body["source"],
        service=body.get("service", ""),
        context=_shared(body, where) | _context(body),
        when=(*_texts(body.get("when", [])), *(caller.when if (caller := callers().get(body["who"])) else ())),
        granted=body.get("granted", False),
        resource_account=body.get("resource_account", ""),
        stopped_by=tuple(t.replace("{who}", body["who"].replace("-", "_")) for t in _texts(body.get("stopped_by", []))),
    )


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _context(body: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {key: _texts(value) for key, value in body.get("context", {}).items()}


def _shared(body: Mapping[str, Any], where: str) -> dict[str, tuple[str, ...]]:
    """Condition keys of contexts.toml that the row takes over."""
    name = body.get("like")
    if name is None:
        return {}
    if name not in contexts():
        raise UsageError(f"{where}: like = {name!r} is not in contexts.toml")
    return _context({"context": contexts()[name]})


_WHEN = re.compile(r"(?P<no>not )?(?P<path>[\w.]+)(?: (?P<how>=|has) (?P<value>.+))?")


def applies(row: Row | Kept, settings: Mapping[str, Any]) -> str:
    """ "" where a row concerns an environment with these settings, else the condition that does not hold."""
    if isinstance(row, Row) and row.absent:
        return row.absent
    return next((condition for condition in row.when if not holds(condition, settings)), "")


def holds(condition: str, settings: Mapping[str, Any]) -> bool:
    """Whether settings are as a condition says.

    It is `key.of.settings` (it is there and not empty or zero), `key = value`, `list has value`, or `not ` and one of
    those. Raises UsageError for another text.
    """
    found = _WHEN.fullmatch(condition)
    if found is None:
        raise UsageError(f"when = {condition!r} is not a condition")
    value: Any = settings
    for word in found["path"].split("."):
        value = value.get(word) if isinstance(value, Mapping) else None
    return _holds(value, found["how"], found["value"]) != bool(found["no"])


def _holds(value: Any, how: str | None, wanted: str) -> bool:
    if how == "has":
        return wanted in (value or ())
    return str(value) == wanted if how else bool(value)
