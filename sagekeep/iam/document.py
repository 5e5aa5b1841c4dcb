"""A policy as JSON, as typed statements. What IAM would refuse is refused here, with the place and the reason.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sagekeep.errors import OperationError
from sagekeep.iam import operators, patterns

Effect = Literal["Allow", "Deny"]
Principal = tuple[str, str]

_VERSIONS = ("2008-10-17", "2012-10-17")
_ELEMENTS = {
    "Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Principal", "NotPrincipal", "Condition",
}  # fmt: skip
_PRINCIPAL_TYPES = ("AWS", "Service", "Federated", "CanonicalUser")


class PolicyError(OperationError):
    """A policy that IAM would refuse, or that says what IAM does not define."""

    def __init__(self, origin: str, what: str) -> None:
        super().__init__(f"{origin}: {what}")
        self.origin = origin
        self.what = what


@dataclass(frozen=True)
class Condition:
    """One key under one operator, as written: `ForAnyValue:StringLikeIfExists`, `aws:TagKeys`, the values."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One statement. `principals` are (type, identifier), such as ("AWS", an ARN); everybody is ("*", "*")."""

    sid: str
    effect: Effect
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    principals: tuple[Principal, ...] = ()
    not_principals: tuple[Principal, ...] = ()
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Policy:
    """A document's statements; `origin` says where it stands, such as its Terraform address."""

    origin: str
    statements: tuple[Statement, ...]


def parse(document: str | Mapping[str, Any], origin: str) -> Policy:
    """The policy that a document states; raises PolicyError naming the statement."""
    content = _content(document, origin)
    version = content.get("Version", "2008-10-17")
    if version not in _VERSIONS:
        raise PolicyError(origin, f"Version is {version!r}, and IAM knows {' and '.join(_VERSIONS)}")
    stated = content.get("Statement")
    listed = stated if isinstance(stated, list) else [stated]
    read = [_Reader(origin, number, item, version) for number, item in enumerate(listed, 1)]
    return Policy(origin, tuple(reader.statement() for reader in read))


def _content(document: str | Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as fault:
            raise PolicyError(origin, f"is not JSON: {fault}") from fault
    if not isinstance(document, Mapping):
        raise PolicyError(origin, "is not a JSON object")
    return document


class _Reader:
    """Reads one statement, and knows its name for errors."""

    def __init__(self, origin: str, number: int, item: Any, version: str) -> None:
        self._origin = origin
        self._version = version
        self._place = f"statement {number}"
        if not isinstance(item, Mapping):
            raise self._fault("is not an object")
        self._item = item
        self._sid = str(item.get("Sid", ""))
        self._place = f"statement {self._sid or number}"

    def _fault(self, what: str) -> PolicyError:
        return PolicyError(self._origin, f"{self._place}: {what}")

    def statement(self) -> Statement:
        unknown = sorted(set(self._item) - _ELEMENTS)
        if unknown:
            raise self._fault(f"has no element {unknown[0]!r}")
        effect = self._item.get("Effect")
        if effect not in ("Allow", "Deny"):
            raise self._fault(f"Effect is {effect!r}; it takes Allow or Deny")
        self._one_of("Action", "NotAction", needed=True)
        self._one_of("Resource", "NotResource", needed=False)
        self._one_of("Principal", "NotPrincipal", needed=False)
        if effect == "Allow" and "NotPrincipal" in self._item:
            raise self._fault("NotPrincipal goes with Deny only")
        return Statement(
            sid=self._sid,
            effect=effect,
            actions=self._strings("Action"),
            not_actions=self._strings("NotAction"),
            resources=self._resources("Resource"),
            not_resources=self._resources("NotResource"),
            principals=tuple(self._principals("Principal")),
            not_principals=tuple(self._principals("NotPrincipal")),
            conditions=tuple(self._conditions()),
        )

    def _one_of(self, element: str, opposite: str, *, needed: bool) -> None:
        found = [name for name in (element, opposite) if name in self._item]
        if len(found) == 2:
            raise self._fault(f"has both {element} and {opposite}")
        if needed and not found:
            raise self._fault(f"has neither {element} nor {opposite}")

    def _strings(self, element: str) -> tuple[str, ...]:
        value = self._item.get(element, ())
        listed = (value,) if isinstance(value, str) else value
        if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
            raise self._fault(f"{element} takes a string or a list of strings")
        if element in self._item and not listed:
            raise self._fault(f"{element} is empty")
        return tuple(listed)

    def _resources(self, element: str) -> tuple[str, ...]:
        found = self._strings(element)
        for text in found:
            if self._version == "2012-10-17" and "${" in ":".join(text.split(":")[:5]):
                raise self._fault(f"{element} {text!r}: a variable may stand after the fifth colon only")
        return tuple(self._plain(text) for text in found)

    def _principals(self, element: str) -> Iterator[Principal]:
        named = self._item.get(element, {})
        if named == "*":
            yield ("*", "*")
            return
        if not isinstance(named, Mapping):
            raise self._fault(f'{element} takes "*" or an object of types and identifiers')
        for kind, identifiers in named.items():
            if kind not in _PRINCIPAL_TYPES:
                raise self._fault(f"{element} has no type {kind!r}; it takes {', '.join(_PRINCIPAL_TYPES)}")
            for identifier in (identifiers,) if isinstance(identifiers, str) else identifiers:
                if "*" in identifier and (kind, identifier) != ("AWS", "*"):
                    raise self._fault(f"{element} {identifier!r}: a wildcard cannot be part of a principal")
                yield ("*", "*") if identifier == "*" else (kind, identifier)

    def _conditions(self) -> Iterator[Condition]:
        blocks = self._item.get("Condition", {})
        if not isinstance(blocks, Mapping) or not all(isinstance(block, Mapping) for block in blocks.values()):
            raise self._fault("Condition takes an object of operators, each with an object of keys")
        for written, block in blocks.items():
            for key, stated in block.items():
                yield self._condition(str(written), str(key), stated)

    def _condition(self, written: str, key: str, stated: Any) -> Condition:
        values = tuple(_text(value) for value in (stated if isinstance(stated, list) else [stated]))
        try:
            kind = operators.find(written).operator.type
        except ValueError as fault:
            raise self._fault(str(fault)) from None
        wrong = next((value for value in values if not kind.fits(value)), None)
        if wrong is not None:
            raise self._fault(f"{written} of {key}: {wrong!r} is not {kind.name}")
        return Condition(written, key, tuple(self._plain(value) for value in values))

    def _plain(self, text: str) -> str:
        """In a document of 2008 `${x}` is text, not a variable."""
        return text if self._version == "2012-10-17" else patterns.without_variables(text)


def _text(value: Any) -> str:
    """JSON's true and numbers, as IAM writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
