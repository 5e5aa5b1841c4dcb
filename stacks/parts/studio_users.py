"""User profiles of the Studio domain, with the domain's execution role or one of their own."""

from __future__ import annotations

from typing import Any

from cdktf_cdktf_provider_aws.sagemaker_user_profile import SagemakerUserProfile, SagemakerUserProfileUserSettings
from constructs import Construct

from policies import roles, studio
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.guardrails import Guardrails
from stacks.parts.policy import ScopedRole


def user_profiles(
    scope: Construct, *, settings: Settings, domain_id: str, surroundings: studio.Studio, guardrails: Guardrails
) -> list[SagemakerUserProfile]:
    """A profile for each user, named after them, directly below `scope`."""
    profiles = []
    for user in settings.studio.users:
        own: dict[str, Any] = {}
        if settings.studio.role_per_user:
            own = _own_role(scope, settings, studio.Owner(domain_id, user), surroundings, guardrails)
        profile = SagemakerUserProfile(
            scope, f"user-{user.lower()}", domain_id=domain_id, user_profile_name=user, **own
        )
        profiles.append(profile)
    return profiles


def _own_role(
    scope: Construct, settings: Settings, owner: studio.Owner, surroundings: studio.Studio, guardrails: Guardrails
) -> dict[str, Any]:
    """The user's execution role, as arguments of their profile."""
    role = ScopedRole(
        scope,
        f"access-{owner.user.lower()}",
        settings=settings,
        purpose=names.user_role(owner.user),
        trust=roles.trust(settings, "sagemaker.amazonaws.com"),
        description=f"{owner.user} in Studio",
    )
    policy = role.attach(studio.studio_role(settings, surroundings, owner))
    return {
        "user_settings": SagemakerUserProfileUserSettings(execution_role=role.role.arn),
        "depends_on": [policy, guardrails.hold(role)],
    }
