"""Both roles of an environment: their ARNs, trust and policies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sagekeep.errors import UsageError
from sagekeep.estate.ci.policies import Document, Role, Statement, packed, size, statements
from sagekeep.estate.ci.things import Things
from sagekeep.estate.ci.trust import trust
from sagekeep.synthesis import Synthesis

# Role -> the list of [deploy] that names it: buckets and keys let in only who is named there.
SETTINGS: Mapping[Role, str] = {"plan": "plan_roles", "deploy": "roles"}


@dataclass(frozen=True)
class CiRole:
    """A role for a CI.

    Attributes:
        trust: its trust policy; None where `[ci]` names no repository.
        policies: managed policies, each small enough for IAM.
    """

    kind: Role
    arn: str
    trust: Document | None
    statements: tuple[Statement, ...]
    policies: tuple[Document, ...]

    @property
    def path(self) -> str:
        """The role's path, such as `/ci/`."""
        return f"/{self.arn.partition(':role/')[2]}".rpartition("/")[0] + "/"

    @property
    def name(self) -> str:
        """The role's name."""
        return self.arn.rpartition("/")[2]

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        sizes = [size(policy) for policy in self.policies]
        return {"role": self.arn, "trust": self.trust, "policies": list(self.policies), "sizes": sizes}


def ci_roles(synthesis: Synthesis) -> tuple[CiRole, CiRole]:
    """The plan role and the deploy role.

    Raises:
        UsageError: `[deploy]` names no such role, or the table does not know a type of the stacks.
    """
    arns = _arns(synthesis)
    plan, deploy = (_role(synthesis, kind, arns[kind]) for kind in SETTINGS)
    return plan, deploy


def _arns(synthesis: Synthesis) -> dict[Role, str]:
    named = synthesis.settings.get("deploy", {})
    whole: dict[Role, list[str]] = {
        kind: [arn for arn in named.get(key, ()) if ":role/" in arn and "*" not in arn]
        for kind, key in SETTINGS.items()
    }
    if missing := [f"[deploy] {SETTINGS[kind]}" for kind, arns in whole.items() if not arns]:
        hint = "buckets and keys let in only who is named there, such as arn:aws:iam::<account>:role/<prefix>-plan"
        raise UsageError(f"{' and '.join(missing)} must begin with the ARN of the role that CI uses", hint=hint)
    return {kind: arns[0] for kind, arns in whole.items()}


def _role(synthesis: Synthesis, kind: Role, arn: str) -> CiRole:
    things = Things.of(synthesis, {"own_role": arn})
    made = statements(things, kind)
    ci = synthesis.settings.get("ci", {})
    trusted = (
        trust(kind, ci, partition=things.words["partition"], account=things.words["account"])
        if ci.get("github_repository")
        else None
    )
    return CiRole(kind, arn, trusted, tuple(made), tuple(packed(made, kind)))
