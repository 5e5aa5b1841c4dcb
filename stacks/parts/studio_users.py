"""User profiles of the Studio domain, with the domain's execution role or one of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.sagemaker_user_profile import SagemakerUserProfile, SagemakerUserProfileUserSettings
from constructs import Construct

from policies import roles, studio
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.identity_center import IdentityCenter, sso_user
from stacks.parts.policy import ScopedRole
from stacks.parts.studio_policies import StudioPolicies


@dataclass(frozen=True)
class Everyone:
    """What every profile has where the domain's own settings are not ours to make.

    Attributes:
        role: execution role of users without one of their own.
        settings: further arguments of `user_settings`.
        after: what a profile with that role must wait for.
    """

    role: ScopedRole
    settings: Mapping[str, Any]
    after: Sequence[ITerraformDependable]


def user_profiles(
    scope: Construct,
    *,
    settings: Settings,
    domain_id: str,
    surroundings: studio.Studio,
    shared: StudioPolicies,
    everyone: Everyone | None = None,
    center: IdentityCenter | None = None,
) -> list[SagemakerUserProfile]:
    """A profile for each user, named after them, directly below `scope`; `center` where people sign in with SSO."""
    profiles = []
    for user in settings.studio.users:
        own: dict[str, Any] = {}
        if settings.studio.role_per_user:
            own = _own_role(scope, settings, studio.Owner(domain_id, user), surroundings, shared)
        elif everyone:
            own = _with_role(everyone.role, everyone.after)
        if center:
            own |= {
                "single_sign_on_user_identifier": "UserName",  # the only kind that there is
                "single_sign_on_user_value": sso_user(settings, user),
                "depends_on": [*own.get("depends_on", []), center.users[user], *center.groups],
            }
        profile = SagemakerUserProfile(
            scope, f"user-{user.lower()}", domain_id=domain_id, user_profile_name=user, **own
        )
        if everyone:
            for name, value in everyone.settings.items():
                profile.add_override(f"user_settings.{name}", value)
        profiles.append(profile)
    return profiles


def _own_role(
    scope: Construct, settings: Settings, owner: studio.Owner, surroundings: studio.Studio, shared: StudioPolicies
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
    return _with_role(role, [*policy, *shared.hold(role)])


def _with_role(role: ScopedRole, after: Sequence[ITerraformDependable]) -> dict[str, Any]:
    return {"user_settings": SagemakerUserProfileUserSettings(execution_role=role.arn), "depends_on": list(after)}
