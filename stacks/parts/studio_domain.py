"""The Studio domain with its user profiles, and what must happen before and after it goes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

from cdktf import Fn, ITerraformDependable, Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.sagemaker_domain import (
    SagemakerDomain,
    SagemakerDomainDefaultSpaceSettings,
    SagemakerDomainDefaultUserSettings,
    SagemakerDomainRetentionPolicy,
)
from cdktf_cdktf_provider_aws.sagemaker_studio_lifecycle_config import SagemakerStudioLifecycleConfig
from constructs import Construct

from policies.jobs import Placement
from policies.studio import Studio
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import Remote
from stacks.parts import sdk_defaults
from stacks.parts.identity_center import IdentityCenter
from stacks.parts.invocations import owned_by_terraform
from stacks.parts.policy import ScopedRole
from stacks.parts.studio_policies import StudioPolicies
from stacks.parts.studio_users import user_profiles
from stacks.parts.vpc_function import VpcFunction

# Types of apps that people may start, and where their settings stand: those for which there is an idle shutdown.
_APPS = {"JupyterLab": "jupyter_lab_app_settings", "CodeEditor": "code_editor_app_settings"}


class StudioDomain(Construct):
    """VpcOnly, under our key, with idle shutdown.

    Order of destruction: apps and spaces (invocation), profiles, domain, then the two NFS groups (invocation) that
    Studio made in the VPC and leaves there.
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
        sweeper: VpcFunction,
        after: Sequence[ITerraformDependable],
    ) -> None:
        super().__init__(scope, id)
        self.settings = settings
        network_sweep = owned_by_terraform(
            self,
            "network-sweep",
            function=sweeper,
            request={"action": "sweep_network", "vpc_id": vpc.text("vpc_id")},
        )
        apps = app_settings(self, settings, surroundings.place)
        self.domain = self._domain(vpc, surroundings.key_arn, role, apps, [network_sweep, *after])
        self.domain_id = domain_id = str(self.domain.id)  # each read is a round trip to the kernel
        self.arn, self.url = self.domain.arn, self.domain.url
        self.users = user_profiles(
            self,
            settings=settings,
            domain_id=domain_id,
            surroundings=surroundings,
            shared=shared,
            center=self._identity_center(),
        )
        owned_by_terraform(
            self,
            "domain-sweep",
            function=sweeper,
            request={"action": "sweep_domain", "domain_id": domain_id},
            triggers={"domain_id": domain_id},
            after=self.users,
            protected=settings.protected,
        )

    def _identity_center(self) -> IdentityCenter | None:
        if self.settings.studio.auth == "IAM":
            return None
        arn = self.domain.single_sign_on_application_arn
        return IdentityCenter(self, "sso", settings=self.settings, application_arn=arn)

    def _domain(
        self,
        vpc: Remote,
        key_arn: str,
        role: ScopedRole,
        apps: dict[str, Any],
        after: Sequence[ITerraformDependable],
    ) -> SagemakerDomain:
        s, groups = self.settings, [vpc.text("studio_security_group_id")]
        return SagemakerDomain(
            self,
            "domain",
            domain_name=names.name(s, "studio"),
            auth_mode=s.studio.auth,
            app_network_access_type="VpcOnly",
            vpc_id=vpc.text("vpc_id"),
            subnet_ids=vpc.texts("subnet_ids"),
            kms_key_id=key_arn,
            retention_policy=SagemakerDomainRetentionPolicy(home_efs_file_system="Retain" if s.protected else "Delete"),
            default_user_settings=SagemakerDomainDefaultUserSettings(
                execution_role=role.arn,
                security_groups=groups,
                # The Studio of spaces; Studio Classic has apps that never stop.
                studio_web_portal="ENABLED",
                default_landing_uri="studio::",
                **apps,
            ),
            default_space_settings=SagemakerDomainDefaultSpaceSettings(
                execution_role=role.arn,
                security_groups=groups,
                # Shared spaces have no Code Editor (SageMaker API reference, DefaultSpaceSettings).
                jupyter_lab_app_settings={"app_lifecycle_management": {"idle_settings": idle_settings(s)}},
            ),
            depends_on=list(after),
            lifecycle=TerraformResourceLifecycle(
                prevent_destroy=s.protected,
                # The provider would make the domain anew, without its home directories, where a zone is added.
                ignore_changes=["subnet_ids"],
                postcondition=[_in_our_subnets(vpc.expression("subnet_ids"))],
            ),
        )


def _in_our_subnets(ours: str) -> Postcondition:
    """What Terraform ignores it still looks at: the domain may have fewer subnets than we do, and no other."""
    return Postcondition(
        condition=f"${{length(setsubtract(self.subnet_ids, {ours})) == 0}}",
        error_message="The Studio domain is in subnets that the network stack does not have. Put it back: "
        "aws sagemaker update-domain --subnet-ids, with the network's output subnet_ids.",
    )


def idle_settings(s: Settings) -> dict[str, Any]:
    """When an idle app is shut down: `[studio] idle_minutes`, which users may change within limits."""
    minutes = s.studio.idle_minutes
    return {
        "lifecycle_management": "ENABLED",
        "idle_timeout_in_minutes": minutes,
        "min_idle_timeout_in_minutes": 60,
        "max_idle_timeout_in_minutes": max(minutes, 480),
    }


def app_settings(scope: Construct, s: Settings, place: Placement) -> dict[str, Any]:
    """What every app that people may start begins with, by argument: idle shutdown and the SDK's defaults."""
    return {argument: _settings_of(s, sdk_defaults_lifecycle(scope, s, place, app)) for app, argument in _APPS.items()}


def _settings_of(s: Settings, lifecycle: SagemakerStudioLifecycleConfig) -> dict[str, Any]:
    return {
        "lifecycle_config_arns": [lifecycle.arn],
        "app_lifecycle_management": {"idle_settings": idle_settings(s)},
        "default_resource_spec": {"instance_type": "ml.t3.medium", "lifecycle_config_arn": lifecycle.arn},
    }


def sdk_defaults_lifecycle(scope: Construct, s: Settings, place: Placement, app: str) -> SagemakerStudioLifecycleConfig:
    """The lifecycle configuration that writes the SDK's defaults into every app of a type.

    None can be changed, nor deleted while the domain names it. Another text, such as that of one more subnet, is a new
    one, made before the old one goes: its name ends in a part of the text's hash.
    """
    config = cast("str", Fn.jsonencode(sdk_defaults.defaults(s, place)))
    before, after = sdk_defaults.SCRIPT
    script = cast("str", Fn.join("", [Fn.raw_string(before), config, Fn.raw_string(after)]))
    purpose = names.SDK_DEFAULTS[app]
    return SagemakerStudioLifecycleConfig(
        scope,
        purpose,
        studio_lifecycle_config_name=f"{names.name(s, purpose)}-{_version(s, place)}",
        studio_lifecycle_config_app_type=app,
        studio_lifecycle_config_content=cast("str", Fn.base64encode(script)),
        lifecycle=TerraformResourceLifecycle(create_before_destroy=True),
    )


def _version(s: Settings, place: Placement) -> str:
    """First digits of a hash of all that the text is made of: what is written here, and what AWS chooses."""
    written = [sdk_defaults.defaults(s, Placement(("subnets",), ("groups",), "key")), sdk_defaults.SCRIPT]
    ours = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()
    chosen = [place.key_arn, *(Fn.join(" ", list(ids)) for ids in (place.subnet_ids, place.security_group_ids))]
    return cast("str", Fn.substr(Fn.sha256(Fn.join(" ", [ours, *chosen])), 0, names.VERSION_DIGITS))
