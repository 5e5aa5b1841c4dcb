"""Policies as Terraform has them, as policies of IAM: `aws_iam_policy_document` and literal JSON.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/data-sources/iam_policy_document
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.iam.document import Policy, parse
from sagekeep.prove.terraform import Resource, Terraform, texts

VERSION = "2012-10-17"
_LISTS = {
    "actions": "Action",
    "not_actions": "NotAction",
    "resources": "Resource",
    "not_resources": "NotResource",
}
_JSON = re.compile(r"<(?P<stack>[^:>]+): data\.aws_iam_policy_document\.(?P<name>\w+)\.(?:json|minified_json)>")


class Documents:
    """The policies of all stacks by the text that their `json` attribute resolves to."""

    def __init__(self, terraform: Terraform) -> None:
        self._blocks = {(d.stack, d.name): d for d in terraform.data("aws_iam_policy_document")}

    def policy(self, value: str, owner: Resource, argument: str = "policy") -> Policy:
        """The policy that an argument of a resource holds; its origin is the address of the document.

        Raises:
            OperationError: the argument is neither a reference to a document nor literal JSON.
        """
        found = _JSON.fullmatch(value)
        document = self._blocks.get((found["stack"], found["name"])) if found else None
        if document is not None:
            return parse({"Version": VERSION, "Statement": self.statements(document)}, document.address)
        try:
            return parse(json.loads(value), f"{owner.address}.{argument}")
        except json.JSONDecodeError:
            hint = "write it as a data source aws_iam_policy_document"
            raise OperationError(f"{owner.address}: the {argument} cannot be read: {value[:80]}", hint=hint) from None

    def statements(self, document: Resource) -> list[dict[str, Any]]:
        """Sources first; an overriding statement takes the place of the one that has its Sid."""
        found = [s for text in document.texts("source_policy_documents") for s in self._of(text, document)]
        found += [_statement(block) for block in document.body.get("statement") or ()]
        for text in document.texts("override_policy_documents"):
            for statement in self._of(text, document):
                sids = [s.get("Sid") for s in found]
                if statement.get("Sid") in sids:
                    found[sids.index(statement.get("Sid"))] = statement
                else:
                    found.append(statement)
        return found

    def _of(self, text: str, owner: Resource) -> list[dict[str, Any]]:
        found = _JSON.fullmatch(text)
        document = self._blocks.get((found["stack"], found["name"])) if found else None
        if document is None:
            raise OperationError(f"{owner.address}: a source document cannot be read: {text[:80]}")
        return self.statements(document)


def _statement(block: Mapping[str, Any]) -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": block.get("sid", ""), "Effect": block.get("effect", "Allow")}
    for argument, element in _LISTS.items():
        if block.get(argument):
            statement[element] = [_variables(text) for text in texts(block[argument])]
    for argument, element in (("principals", "Principal"), ("not_principals", "NotPrincipal")):
        if block.get(argument):
            statement[element] = _principals(block[argument])
    conditions: dict[str, dict[str, list[str]]] = {}
    for condition in block.get("condition") or ():
        values = [_variables(text) for text in texts(condition["values"])]
        conditions.setdefault(condition["test"], {}).setdefault(condition["variable"], []).extend(values)
    if conditions:
        statement["Condition"] = conditions
    return statement


def _principals(blocks: Any) -> str | dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for block in blocks if isinstance(blocks, list) else [blocks]:
        identifiers = texts(block["identifiers"])
        if block["type"] == "*":
            return "*"
        found.setdefault(block["type"], []).extend(identifiers)
    return found


def _variables(text: str) -> str:
    """`&{aws:username}` is how the data source writes `${aws:username}`."""
    return text.replace("&{", "${")
