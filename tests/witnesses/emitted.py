"""Every statement that we emit: of the stacks' policies, and of those for the CI's roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.estate.ci.roles import ci_roles
from sagekeep.prove.documents import Documents
from sagekeep.prove.terraform import Terraform
from sagekeep.synthesis import Synthesis


@dataclass(frozen=True)
class Emitted:
    """One statement; `where` is its document's address, or the CI role it is for."""

    where: str
    sid: str
    body: Mapping[str, Any]

    def patterns(self) -> tuple[str, ...]:
        """Its actions, or those that it leaves out."""
        found = self.body.get("Action") or self.body.get("NotAction") or ()
        return (found,) if isinstance(found, str) else tuple(found)

    def resources(self) -> tuple[str, ...]:
        """Its resources; none: it leaves some out, or is a trust policy's."""
        found = self.body.get("Resource") or ()
        return (found,) if isinstance(found, str) else tuple(found)

    def keys(self) -> set[str]:
        """The condition keys that it tests."""
        return {key for block in self.body.get("Condition", {}).values() for key in block}

    def texts(self) -> Iterator[str]:
        """Resources and values, in which policy variables may stand."""
        for element in ("Resource", "NotResource"):
            found = self.body.get(element) or ()
            yield from (found,) if isinstance(found, str) else found
        for block in self.body.get("Condition", {}).values():
            for values in block.values():
                yield from (values,) if isinstance(values, str) else values


def of_stacks(terraform: Terraform) -> Iterator[Emitted]:
    """The statements of every policy document in the stacks, whatever it is attached to."""
    documents = Documents(terraform)
    for document in terraform.data("aws_iam_policy_document"):
        for body in documents.statements(document):
            yield Emitted(document.address, body.get("Sid", ""), body)


def of_ci(synthesis: Synthesis) -> Iterator[Emitted]:
    """The statements of the policies that `sagekeep estate policies` writes, where the settings name the CI's roles."""
    deploy = synthesis.settings["deploy"]
    if not (deploy["roles"] and deploy["plan_roles"]):
        return
    for role in ci_roles(synthesis):
        for statement in role.statements:
            yield Emitted(f"sagekeep estate policies, {role.kind} role", statement.sid, statement.document())
        for body in (role.trust or {}).get("Statement", ()):
            yield Emitted(f"sagekeep estate policies, {role.kind} role's trust", body.get("Sid", ""), body)
