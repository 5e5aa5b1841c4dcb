"""The policies of guardrails that every role of people has beside its own."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from policies.guardrails import guardrails
from policies.reviewed import only_what_is_reviewed
from policies.sign_in import only_from_known_places
from policies.statement import Statement
from policies.studio import Studio
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.policy import ScopedRole, policy_json


class Guardrails(Construct):
    """Two policies of denies for all of them: neither fits into an inline policy beside what a role allows."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, surroundings: Studio) -> None:
        super().__init__(scope, id)
        denies = guardrails(settings, surroundings.place)
        self._policies = {
            "guardrails": self._policy(
                settings,
                "",
                [*denies, *only_from_known_places(settings, surroundings.vpc_id)],
                "What nobody may do in Studio or outside it, whatever else a role allows",
            ),
            "reviewed": self._policy(
                settings,
                "reviewed",
                only_what_is_reviewed(),
                "What anybody may ask for, in Studio or outside it: nothing else, whatever else a role allows",
            ),
        }

    def _policy(self, settings: Settings, kind: str, statements: list[Statement], description: str) -> IamPolicy:
        hyphened, underscored = (f"{kind}{mark}" if kind else "" for mark in "-_")
        return IamPolicy(
            self,
            f"{underscored}policy",
            name=names.role(settings, f"guardrails-{hyphened}".removesuffix("-")),
            path=None if settings.iam.role_path == "/" else settings.iam.role_path,
            description=description,
            policy=policy_json(self, f"{underscored}statements", statements),
        )

    def hold(self, role: ScopedRole) -> list[ITerraformDependable]:
        """Attach the policies to a role, unless it is brought; returns what must wait for it."""
        if role.role is None:
            return []
        return [
            IamRolePolicyAttachment(role, name, role=role.role.name, policy_arn=policy.arn)
            for name, policy in self._policies.items()
        ]
