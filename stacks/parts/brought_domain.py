"""A Studio domain that is brought: its settings stay its owner's, and our users get profiles in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cdktf import ITerraformDependable
from constructs import Construct

from policies.studio import Studio
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import Remote
from stacks.parts.policy import ScopedRole
from stacks.parts.studio_domain import app_settings
from stacks.parts.studio_policies import StudioPolicies
from stacks.parts.studio_users import Everyone, user_profiles


class BroughtDomain(Construct):
    """Profiles with our execution role, our group and our defaults; nothing without `[studio] users`.

    Nothing sweeps a brought domain: a profile whose user still has apps or spaces does not go until they are deleted.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        surroundings: Studio,
        shared: StudioPolicies,
        vpc: Remote,
        role: ScopedRole,
        after: Sequence[ITerraformDependable],
    ) -> None:
        super().__init__(scope, id)
        self.domain_id = names.domain_id(settings)
        self.arn = names.arn(settings, "sagemaker", f"domain/{self.domain_id}")
        self.url = f"https://{self.domain_id}.studio.{settings.region}.sagemaker.aws"
        defaults: dict[str, Any] = {}
        if settings.studio.users:
            defaults = {
                "security_groups": [vpc.text("studio_security_group_id")],
                **app_settings(self, settings, surroundings.place),
            }
        self.users = user_profiles(
            self,
            settings=settings,
            domain_id=self.domain_id,
            surroundings=surroundings,
            shared=shared,
            everyone=Everyone(role, defaults, after),
        )
