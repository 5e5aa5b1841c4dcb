"""The policy of guardrails that every role of people has beside its own."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.iam_policy import IamPolicy
from cdktf_cdktf_provider_aws.iam_role_policy_attachment import IamRolePolicyAttachment
from constructs import Construct

from policies.guardrails import guardrails
from policies.sign_in import only_from_known_places
from policies.studio import Studio
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.policy import ScopedRole, policy_json


class Guardrails(Construct):
    """One policy of denies for all of them: together with what a role allows it would not fit into an inline policy."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, surroundings: Studio) -> None:
        super().__init__(scope, id)
        denies = guardrails(settings, surroundings.place)
        statements = [*denies, *only_from_known_places(settings, surroundings.vpc_id)]
        self.policy = IamPolicy(
            self,
            "policy",
            name=names.role(settings, "guardrails"),
            path=None if settings.iam.role_path == "/" else settings.iam.role_path,
            description="What nobody may do in Studio or outside it, whatever else a role allows",
            policy=policy_json(self, "statements", statements),
        )

    def hold(self, role: ScopedRole) -> list[ITerraformDependable]:
        """Attach the policy to a role, unless it is brought; returns what must wait for it."""
        if role.role is None:
            return []
        return [IamRolePolicyAttachment(role, "guardrails", role=role.role.name, policy_arn=self.policy.arn)]
