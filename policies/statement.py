"""Statements of IAM policies: frozen, checked when written, and dicts only at the edge (`Statement.as_block`)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sagekeep.errors import ToolkitError

# The actions of trust policies, whose resource is the role itself.
TRUST = frozenset({"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"})


class PolicyError(ToolkitError):
    """A statement is not what it should be; raised at synth, with the Sid."""


@dataclass(frozen=True)
class Condition:
    """One operator, key and values of a condition; a statement's conditions must all hold."""

    test: str
    variable: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Principal:
    """Whom a resource policy speaks of."""

    type: Literal["AWS", "Service", "*"]
    identifiers: tuple[str, ...]


ANYONE = Principal("*", ("*",))


def service(*names: str) -> Principal:
    """AWS services, such as `logs.us-east-1.amazonaws.com`."""
    return Principal("Service", names)


def when(test: str, variable: str, values: str | Sequence[str]) -> Condition:
    """A condition; one value may be given bare."""
    return Condition(test, variable, (values,) if isinstance(values, str) else tuple(values))


@dataclass(frozen=True)
class Statement:
    """One statement. `why` is the written reason for a `*`, and for `not_actions`; reviews print it."""

    sid: str
    effect: Literal["Allow", "Deny"]
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[Principal, ...] = ()
    conditions: tuple[Condition, ...] = ()
    why: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Z][A-Za-z0-9]+", self.sid) is None:
            raise PolicyError(f"{self.sid!r}: a Sid is a sentence in letters and digits, beginning with a capital")
        trusts = bool(self.actions) and TRUST.issuperset(self.actions) and bool(self.principals)  # without resources
        if bool(self.actions) == bool(self.not_actions):
            raise PolicyError(f"{self.sid}: needs either actions or not_actions")
        if bool(self.resources) == bool(self.not_resources) and not trusts:
            raise PolicyError(f"{self.sid}: needs either resources or not_resources")
        if self.not_actions and (self.effect == "Allow" or not self.why):
            raise PolicyError(f"{self.sid}: not_actions stand in a Deny only, with a written reason (why=...)")
        if self.effect == "Allow" and not self.why and (star := self._star()):
            raise PolicyError(f"{self.sid}: {star} needs a written reason (why=...)")

    def _star(self) -> str:
        if "*" in self.resources:
            return "the resource `*`"
        if open_actions := [action for action in self.actions if action == "*" or action.endswith(":*")]:
            return f"the action `{open_actions[0]}`"
        if self.not_resources:
            return "`not_resources`"
        if ANYONE in self.principals and not self.conditions:
            return "a principal `*` without a condition"
        return ""

    def as_block(self) -> dict[str, Any]:
        """The statement as a block of `aws_iam_policy_document`."""
        block: dict[str, Any] = {"sid": self.sid, "effect": self.effect}
        for element in ("actions", "not_actions", "resources", "not_resources"):
            if texts := getattr(self, element):
                block[element] = list(texts)
        if self.principals:
            block["principals"] = [{"type": p.type, "identifiers": list(p.identifiers)} for p in self.principals]
        if self.conditions:
            block["condition"] = [
                {"test": c.test, "variable": c.variable, "values": list(c.values)} for c in self.conditions
            ]
        return block

    def as_json(self) -> dict[str, Any]:
        """The statement as IAM's JSON has it, ready to paste into a policy."""
        found: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals:
            anyone = any(p.type == "*" for p in self.principals)
            found["Principal"] = "*" if anyone else {p.type: _one(p.identifiers) for p in self.principals}
        found |= {"Action": _one(self.actions)} if self.actions else {"NotAction": _one(self.not_actions)}
        for element, texts in (("Resource", self.resources), ("NotResource", self.not_resources)):
            if texts:
                found[element] = _one([_variables(text) for text in texts])
        conditions: dict[str, dict[str, Any]] = {}
        for c in self.conditions:
            conditions.setdefault(c.test, {})[c.variable] = _one([_variables(value) for value in c.values])
        return found | ({"Condition": conditions} if conditions else {})


def _one(texts: Sequence[str]) -> str | list[str]:
    """IAM takes a list of one without its brackets, which reads better."""
    return texts[0] if len(texts) == 1 else list(texts)


def _variables(text: str) -> str:
    """`&{...}` is how Terraform's data source writes IAM's `${...}`."""
    return text.replace("&{", "${")


def allow(
    sid: str,
    actions: Sequence[str],
    *,
    on: Sequence[str],
    to: Principal | None = None,
    only: Iterable[Condition] = (),
    why: str = "",
) -> Statement:
    """An Allow. `on`: resources; `to`: the principal, in resource policies; `only`: conditions; `why`: a `*`'s reason.

    Raises PolicyError for a `*` without a reason.
    """
    return Statement(
        sid,
        "Allow",
        tuple(actions),
        resources=tuple(on),
        principals=(to,) if to else (),
        conditions=tuple(only),
        why=why,
    )


def deny(
    sid: str,
    actions: Sequence[str],
    *,
    on: Sequence[str] = (),
    off: Sequence[str] = (),
    to: Principal | None = None,
    given: Iterable[Condition] = (),
) -> Statement:
    """A Deny. `on`: resources, or `off`: all but these; `given`: conditions that must hold for it to deny."""
    return Statement(
        sid,
        "Deny",
        tuple(actions),
        resources=tuple(on),
        not_resources=tuple(off),
        principals=(to,) if to else (),
        conditions=tuple(given),
    )


def deny_all_but(sid: str, actions: Sequence[str], *, on: Sequence[str], why: str) -> Statement:
    """A Deny of every action that is not listed, whatever its service: what AWS adds is denied until it is listed.

    `why`: the reason, as for a `*`.
    """
    return Statement(sid, "Deny", not_actions=tuple(actions), resources=tuple(on), why=why)
