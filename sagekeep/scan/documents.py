"""The policies in synthesized stacks, as IAM reads them: each with its address and what it is attached to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sagekeep.scan.symbols import Symbols

Kind = Literal["identity", "trust", "endpoint", "resource"]

_DOCUMENT = re.compile(r"\$\{data\.aws_iam_policy_document\.(\w+)\.json\}")
_IDENTITY_TYPES = (
    "aws_iam_role",
    "aws_iam_role_policy",
    "aws_iam_policy",
    "aws_iam_user_policy",
    "aws_iam_group_policy",
)
_ENDPOINT_TYPES = ("aws_vpc_endpoint", "aws_vpc_endpoint_policy")


@dataclass(frozen=True)
class Policy:
    """A policy.

    Attributes:
        address: of the `aws_iam_policy_document`, or of the resource that holds the policy as text.
        kind: what it is attached to. One that nothing refers to counts as an identity's: the strictest reading.
        document: `{"Version": ..., "Statement": [...]}`.
    """

    stack: str
    address: str
    kind: Kind
    document: Mapping[str, Any]

    @property
    def statements(self) -> list[Mapping[str, Any]]:
        """Its statements."""
        return _listed(self.document.get("Statement"))


def policies(documents: Mapping[str, Mapping[str, Any]], symbols: Symbols) -> list[Policy]:
    """All policies of the stacks, by stack and in the order of their files.

    `documents`: each stack's Terraform JSON.
    """
    return [policy for stack, document in documents.items() for policy in _of_stack(stack, document, symbols)]


def _of_stack(stack: str, document: Mapping[str, Any], symbols: Symbols) -> Iterator[Policy]:
    uses: dict[str, Kind] = {}
    for kind, name, body in _blocks(document.get("resource", {})):
        for attribute, text in _texts(body):
            use = _kind(kind, attribute)
            for found in _DOCUMENT.findall(text):
                uses[found] = use if uses.setdefault(found, use) == use else "identity"
            if inline := _inline(text):
                yield Policy(stack, f"{kind}.{name}", use, _rendered(inline, symbols))
    for name, body in document.get("data", {}).get("aws_iam_policy_document", {}).items():
        statements = [_statement(block) for block in _listed(body.get("statement"))]
        iam = {"Version": "2012-10-17", "Statement": statements}
        yield Policy(stack, f"data.aws_iam_policy_document.{name}", uses.get(name, "identity"), _rendered(iam, symbols))


def _kind(resource_type: str, attribute: str) -> Kind:
    if attribute == "assume_role_policy":
        return "trust"
    if resource_type in _IDENTITY_TYPES:
        return "identity"
    return "endpoint" if resource_type in _ENDPOINT_TYPES else "resource"


def _blocks(groups: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    return ((kind, name, body) for kind, group in groups.items() for name, body in group.items())


def _texts(value: Any, attribute: str = "") -> Iterator[tuple[str, str]]:
    """All strings below a value, each with the name of its attribute."""
    if isinstance(value, str):
        yield attribute, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _texts(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner, attribute)


def _inline(text: str) -> dict[str, Any] | None:
    """A policy that was written as JSON text."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "Statement" in found else None


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    """A block of `aws_iam_policy_document` as a statement of IAM."""
    made: dict[str, Any] = {"Sid": block.get("sid", ""), "Effect": block.get("effect", "Allow")}
    names = {
        "Action": "actions", "NotAction": "not_actions", "Resource": "resources", "NotResource": "not_resources",
    }  # fmt: skip
    made |= {iam: _listed(block[ours]) for iam, ours in names.items() if block.get(ours)}
    for iam, ours in (("Principal", "principals"), ("NotPrincipal", "not_principals")):
        if block.get(ours):
            made[iam] = _principal(_listed(block[ours]))
    conditions: dict[str, dict[str, Any]] = {}
    for condition in _listed(block.get("condition")):
        values = conditions.setdefault(condition["test"], {}).setdefault(condition["variable"], [])
        values.extend(_listed(condition["values"]))
    for keys in conditions.values():  # one value stands bare, as Terraform writes it; parliament insists for `Null`
        keys.update({key: values[0] if len(values) == 1 else values for key, values in keys.items()})
    return made | ({"Condition": conditions} if conditions else {})


def _principal(blocks: list[Mapping[str, Any]]) -> str | dict[str, list[str]]:
    if any(block["type"] == "*" for block in blocks):
        return "*"
    return {block["type"]: list(block["identifiers"]) for block in blocks}


def _rendered(value: Any, symbols: Symbols) -> Any:
    if isinstance(value, str):
        return symbols.render(value)
    if isinstance(value, Mapping):
        return {symbols.render(name): _rendered(inner, symbols) for name, inner in value.items()}
    return [_rendered(inner, symbols) for inner in value] if isinstance(value, list) else value


def _listed(value: Any) -> list[Any]:
    """Terraform and IAM both let a list of one stand without its brackets."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]
