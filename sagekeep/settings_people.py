"""Sections of the settings about people and their roles: `[iam]`, `[studio]`, `[personas]`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from sagekeep.settings_fields import Boundary, Cidrs, RolePath, SsoNames, TrustedArns, UserNames
from sagekeep.settings_section import Section


class Iam(Section):
    """What every role of the environment has."""

    permissions_boundary: Boundary = Field("", description="ARN of the policy that bounds every role; empty: none")
    role_path: RolePath = Field("/", description="path of every role, such as /ml/")


class Studio(Section):
    """The SageMaker Studio domain and its user profiles."""

    auth: Literal["IAM", "SSO"] = Field(
        "IAM",
        description='how people sign in: "IAM", or "SSO" through IAM Identity Center; another way is another domain',
    )
    sso_users: dict[str, str] = Field(
        default_factory=dict,
        description="name in Identity Center of a user profile's user, where it is not the profile's, by profile",
    )
    sso_groups: SsoNames = Field(
        (), description="groups of Identity Center, by display name or id, whose members may open Studio"
    )
    sign_in: Literal["iam", "cidrs", "endpoint"] = Field(
        "iam",
        description='from where Studio may be opened: "iam": anywhere, by whoever IAM lets presign a URL; "cidrs": '
        'from `sign_in_cidrs` and the VPC; "endpoint": from the VPC only, which needs a way into it of your own',
    )
    sign_in_cidrs: Cidrs = Field((), description='public ranges that Studio may be opened from, with sign_in = "cidrs"')
    users: UserNames = Field((), description="names of user profiles")
    role_per_user: bool = Field(
        default=False, description="an execution role and a place in the data bucket, users/<name>/, for each user"
    )
    idle_minutes: int = Field(120, ge=60, le=525_600, description="minutes after which an idle app is shut down")


class Persona(Section):
    """Who may assume a role for people."""

    principals: TrustedArns = Field((), description="ARNs that may assume the role; none: there is no such role")


class Personas(Section):
    """Roles that people work as outside Studio; each exists where it has principals."""

    require_mfa: bool = Field(
        default=True,
        description="IAM users need MFA to assume a role; a role's session carries none, its identity provider asks",
    )
    data_scientist: Persona = Field(default_factory=Persona)
    ml_engineer: Persona = Field(default_factory=Persona)
    administrator: Persona = Field(default_factory=Persona)
    auditor: Persona = Field(default_factory=Persona)

    def wanted(self) -> Iterator[tuple[str, Persona]]:
        """Purpose of each role that has principals, such as `data-scientist`, and its persona."""
        for key in ("data_scientist", "ml_engineer", "administrator", "auditor"):
            persona: Persona = getattr(self, key)
            if persona.principals:
                yield key.replace("_", "-"), persona
