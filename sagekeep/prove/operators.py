"""The calls of data/operators.toml: what people and programs do to look after an environment."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from sagekeep.errors import UsageError
from sagekeep.prove.rows import DATA, Row, contexts

Place = Literal["internet", "vpc"]
PLACES: tuple[Place, ...] = ("internet", "vpc")
DEPLOYER = "deployer"
# Who needs a call -> the list of [deploy] that names them. Readers are named nowhere: they work in the VPC.
SETTINGS = {DEPLOYER: "roles", "planner": "plan_roles", "data-writer": "data_writers"}
_NEEDED = {"id", "does", "for", "action", "resource", "source"}
_MEMBERS = _NEEDED | {"service", "from", "context", "like", "when"}


@dataclass(frozen=True)
class Call:
    """One call of operators.toml; texts may hold `{words}`.

    Attributes:
        needed_by: of `SETTINGS`, and `reader`.
        service: of the VPC endpoint that carries it; "" where an AWS service makes the call for the identity.
        repairs: whether it changes a policy back.
    """

    id: str
    group: str
    does: str
    needed_by: frozenset[str]
    service: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    source: str
    context: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    when: tuple[str, ...] = ()
    repairs: bool = False

    def row(self, arn: str, place: Place, *, granted: bool) -> Row:
        """The call as an identity makes it from a place; `granted`: its own policies allow everything."""
        where = "aws" if not self.service else {"internet": "internet", "vpc": "studio"}[place]
        return Row(
            self.id,
            self.does,
            arn,
            where,
            self.actions,
            self.resources,
            self.source,
            service=self.service,
            context=self.context,
            when=self.when,
            granted=granted,
        )


@cache
def calls() -> tuple[Call, ...]:
    """The calls. Raises UsageError for a faulty one."""
    groups = tomllib.loads((DATA / "operators.toml").read_text(encoding="utf-8"))["group"]
    found = tuple(_calls(groups))
    if twice := {call.id for call in found if sum(call.id == other.id for other in found) > 1}:
        raise UsageError(f"operators.toml: there are two calls {', '.join(sorted(twice))}")
    return found


def _calls(groups: list[dict[str, Any]]) -> Iterator[Call]:
    for group in groups:
        for body in group["call"]:
            where = f"operators.toml: {body.get('id', '(no id)')}"
            _check(body, where)
            shared = contexts()[body["like"]] if body.get("like") else {}
            yield Call(
                id=body["id"],
                group=group["name"],
                does=body["does"],
                needed_by=frozenset(body["for"]),
                service=body.get("service", ""),
                actions=_texts(body["action"]),
                resources=_texts(body["resource"]),
                source=body["source"],
                context={key: _texts(value) for key, value in {**shared, **body.get("context", {})}.items()},
                when=_texts(body.get("when", [])),
                repairs=group.get("repairs", False),
            )


def _check(body: Mapping[str, Any], where: str) -> None:
    if unknown := sorted(set(body) - _MEMBERS):
        raise UsageError(f"{where}: unknown: {', '.join(unknown)}")
    if missing := sorted(name for name in _NEEDED if not body.get(name)):
        raise UsageError(f"{where}: missing: {', '.join(missing)}")
    if strangers := sorted(set(body["for"]) - {*SETTINGS, "reader"}):
        raise UsageError(f"{where}: for is of {', '.join([*SETTINGS, 'reader'])} (got {', '.join(strangers)})")
    if (body.get("from", "") == "aws") == bool(body.get("service")) or body.get("from", "aws") != "aws":
        raise UsageError(f'{where}: either the service of an endpoint, or from = "aws"')
    if body.get("like") and body["like"] not in contexts():
        raise UsageError(f"{where}: like = {body['like']!r} is not in contexts.toml")


def _texts(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)
